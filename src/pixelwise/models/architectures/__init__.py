"""Networks, one file for each. A file added here is a model: nothing else names it.

From top to bottom a file holds its source; light imports (pydantic, `pixelwise.errors`, `pixelwise.settings.base`,
`pixelwise.models.declaration`); the class of the options with their ranges; `MODEL = Model(...)`, or `MODELS = (...)`
for several variants; then, from the first other import on, the network. Planning and reports execute the part above
alone (`models.declarations`); the part below is the code of the jobs that build it. A constructor's defaults are the
published ones. Long parts may stand elsewhere, where the declaration names them as `module:function`.
"""
