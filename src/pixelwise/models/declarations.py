"""The models of this package, found by scanning `architectures/`; of each file only the declaration is executed.

A file's declaration ends before its first import of anything but the standard library, pydantic and the few modules
in `planning.syntax.LIGHT`, so that reading all of them imports no torch and takes milliseconds.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

from pixelwise.errors import PixelwiseError
from pixelwise.models.declaration import Group, Model, Recipe
from pixelwise.planning.syntax import split

FOLDER = Path(__file__).with_name("architectures")
PACKAGE = "pixelwise.models.architectures"
ALWAYS = ("network", "initialise", "image_options")
FUNCTIONS = (*ALWAYS, "optimised", "official", "facts")
"""Attributes of `Model` that name code: of every job that builds the model, and of some."""


@functools.cache
def files() -> Mapping[str, tuple[Model, ...]]:
    """Module of each file -> the models that it declares.

    Raises:
        PixelwiseError: If a file cannot be executed, declares no model, or one that another file declares.
    """
    found: dict[str, tuple[Model, ...]] = {}
    names: dict[str, Path] = {}
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem.startswith("_"):
            continue
        found[f"{PACKAGE}.{path.stem}"] = declared = _declared(path)
        for model in declared:
            if model.name in names:
                raise PixelwiseError(f"{path}: model {model.name!r} is declared in {names[model.name].name} already")
            names[model.name] = path
    return found


def _declared(path: Path) -> tuple[Model, ...]:
    module = ModuleType(f"declared.{path.stem}")
    sys.modules[module.__name__] = module  # where pydantic looks for the names in annotations
    try:
        statements, _ = split(ast.parse(path.read_text(encoding="utf-8"), str(path)))
        exec(compile(ast.Module(statements, []), str(path), "exec"), module.__dict__)
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise PixelwiseError(f"{path}: its declaration cannot be read ({text[:200]})") from None
    given: Any = getattr(module, "MODELS", None) or (getattr(module, "MODEL", None),)
    if not isinstance(given, tuple) or not all(isinstance(model, Model) for model in given):
        raise PixelwiseError(f"{path}: declares no MODEL = Model(...), and no MODELS = (Model(...), ...)")
    return given


@functools.cache
def models() -> Mapping[str, Model]:
    """Name -> model."""
    return {model.name: model for declared in files().values() for model in declared}


def model(name: str) -> Model:
    """The model of a name.

    Raises:
        PixelwiseError: If there is no such model.
    """
    if name not in models():
        raise PixelwiseError(f"model {name!r:.60}; allowed are {', '.join(models())}")
    return models()[name]


def module_of(name: str) -> str:
    """Module of the file that declares a model.

    Raises:
        PixelwiseError: If there is no such model.
    """
    model(name)
    return next(module for module, declared in files().items() if name in [found.name for found in declared])


def modules(name: str, *parts: str) -> list[str]:
    """What a step uses that builds a model, in the words of `planning.code.sources_of`.

    Args:
        name: The model.
        parts: Attributes of `Model` that name functions or modules which the step uses too.

    Returns:
        Its file, the functions that it declares, and the other modules that hold its `parts`.

    Raises:
        PixelwiseError: If there is no such model.
    """
    own = module_of(name)
    named = [str(getattr(model(name), part)).partition(":")[0] for part in (*ALWAYS, *parts)]
    return list(dict.fromkeys([own, f"{own}#functions/{name}", *(module for module in named if "." in module)]))


def recipe_part(group: Group, recipe: str) -> str:
    """A recipe in the words of `planning.code.sources_of`."""
    owner = next(found.name for found in models().values() if recipe in found.recipes.get(group, {}))
    return f"{module_of(owner)}#{group}/{recipe}"


def part(module: str, kind: str, name: str) -> Any:
    """What a file declares beside what it shows people, as plain data.

    Args:
        module: Module of the file.
        kind: A kind of training, `functions`, or `published`.
        name: Of a recipe, or of a model.

    Raises:
        PixelwiseError: If it declares no such thing.
    """
    for found in files().get(module, ()):
        if kind == "functions" and name == found.name:
            return {function: getattr(found, function) for function in FUNCTIONS}
        if kind == "published" and name == found.name:
            return found.published
        known = {str(group): recipes for group, recipes in found.recipes.items()}.get(kind, {})
        if name in known:
            return asdict(known[name])
    raise PixelwiseError(f"{module[:100]}#{kind[:50]}/{name[:50]}: no model declares it")


def recipes(group: Group) -> dict[str, Recipe]:
    """All published recipes of one kind of training, by name."""
    return {name: recipe for found in models().values() for name, recipe in found.recipes.get(group, {}).items()}


def usual(group: Group) -> dict[str, str]:
    """Model -> the recipe that its training of one kind follows if it names none."""
    found = {name: declared.usual_recipe(group) for name, declared in models().items()}
    return {name: recipe for name, recipe in found.items() if recipe is not None}
