"""What all training settings share: recipes fill what is left out, and deviations from them can be listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from pixelwise.models import declarations
from pixelwise.models.declaration import GENERAL, GROUPS, Group, Recipe
from pixelwise.settings import architectures
from pixelwise.settings.base import Batch, Compute, Count, Flag, Images, Options, Positive, Processes, Seed, Text, Word

# How a run computes and reports; equal training is described by all other settings.
MACHINERY = frozenset(
    {
        "device",
        "threads",
        "seed",
        "channels_last",
        "compile",
        "accumulate",
        "processes",
        "checkpoint_every",
        "log_every",
        "samples_every",
        "recipe",
        "snapshots",
    }
)


class TrainingSettings(Compute):
    """What every kind of training has.

    Attributes:
        architecture: Name of the network, as in `pixelwise.models.build`.
        options: Options of the network; those that follow from the data (number of labels) may be left out.
        recipe: Published recipe that fills the settings left out and that deviations are listed against.
        seed: Seed of initialisation, data order, flips, patches and noise.
        images: Use only so many training images, the first ones; None uses all.
        batch: Images or patches per optimiser step, over all processes and accumulated parts.
        precision: float32, float32 with TF32 matrix products, or bfloat16 autocast.
        channels_last: Memory layout; changes speed and last bits only.
        compile: Use torch.compile.
        accumulate: Parts into which each process divides its share of the batch, to save memory. Gradients are the same
            but for batch norm, whose moments are those of a part.
        processes: Processes on this machine that share each batch, one graphics card each; on a processor each has
            `threads` threads. Gradients are those of one process up to rounding, batch norms see all processes' parts.
        ema: Decay of the moving average of the weights that is saved instead of the last weights; None saves the last.
        checkpoint_every: Steps between checkpoints in `work/`.
        log_every: Steps that one row of the loss curve averages.
        samples_every: Steps between two sample pictures in `logs/`; None makes ten in all, 0 none.
    """

    GROUP: ClassVar[Group]
    RECIPES: ClassVar[Mapping[str, Recipe]]
    """All recipes of its kind of training, whatever model declares them."""
    INITIALISATIONS: ClassVar[tuple[str, ...]] = GENERAL

    architecture: Word
    options: Options = Field(default_factory=dict)
    recipe: Text = ""
    seed: Seed = 0
    images: Images | None = None
    batch: Batch
    precision: Literal["fp32", "tf32", "bf16"] = "fp32"
    channels_last: Flag = False
    compile: Flag = False
    accumulate: Batch = 1
    processes: Processes = 1
    ema: float | None = Field(None, gt=0, lt=1)
    checkpoint_every: Positive = 1000
    log_every: Positive = 50
    samples_every: Count | None = None

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, given: Any) -> Any:
        names = ("architecture", "recipe")
        if not isinstance(given, dict) or not all(isinstance(given.get(name, ""), str | None) for name in names):
            return given  # the fields' own checks say what is wrong
        architecture = given.get("architecture", cls.model_fields["architecture"].default)
        recipe = given.get("recipe") or declarations.usual(cls.GROUP).get(architecture)
        if recipe is None:
            raise ValueError(
                f"architecture {architecture} has no recipe of its own; name one of {', '.join(cls.RECIPES)}"
            )
        if recipe not in cls.RECIPES:
            raise ValueError(f"recipe {recipe}; known are {', '.join(cls.RECIPES)}")
        return {**cls.RECIPES[recipe].values, **given, "recipe": recipe}

    @property
    def schedule_epochs(self) -> int:
        """Epochs of the whole schedule, whatever number of steps it is stretched or compressed to."""
        return 1

    @model_validator(mode="after")
    def _declared(self) -> TrainingSettings:
        architectures.check(self.architecture, self.options)
        model = declarations.models().get(self.architecture)
        if model is None:
            return self  # whoever builds it says which there are
        if self.GROUP not in {GROUPS.get(task) for task in model.tasks}:
            raise ValueError(f"architecture {model.name}; it is for {', '.join(model.tasks)}")
        allowed = (*self.INITIALISATIONS, *model.initialisations)
        if (scheme := getattr(self, "initialisation", allowed[0])) not in allowed:
            raise ValueError(f"initialisation {scheme!r:.60}; allowed for {model.name} are {', '.join(allowed)}")
        return self

    @model_validator(mode="after")
    def _divisible(self) -> TrainingSettings:
        if self.batch % (self.accumulate * self.processes):
            named = {"accumulate": self.accumulate, "processes": self.processes}
            parts = " times ".join(f"{name} {number}" for name, number in named.items() if number > 1)
            raise ValueError(f"{parts} does not divide batch {self.batch}")
        return self


def published(settings: TrainingSettings) -> TrainingSettings:
    """The settings of the recipe that `settings` name, without any deviation."""
    return type(settings)(architecture=settings.architecture, recipe=settings.recipe)  # type: ignore[call-arg]


def deviations(settings: TrainingSettings) -> list[tuple[str, Any, Any]]:
    """Every setting that differs from the named recipe.

    Returns:
        (name, published value, value here), in the order of the settings; an option of the network that is set counts
        as a deviation from "the published network". What no setting reproduces comes last.
    """
    original = published(settings)
    usual, here = original.model_dump(), settings.model_dump()
    epochs = f"{original.schedule_epochs} epochs"
    words = {"presentations": epochs, "steps": epochs, "images": "all", "crop": "whole images"}
    found: list[tuple[str, Any, Any]] = []
    for name, value in here.items():
        if name in MACHINERY or name == "architecture" or value == usual[name]:
            continue
        if isinstance(value, dict):
            changed = {key: item for key, item in value.items() if usual[name].get(key) != item}
            found += [
                (f"{name}.{key}", usual[name].get(key, "published network"), item) for key, item in changed.items()
            ]
        else:
            pair = [words.get(name, "none") if side is None else side for side in (usual[name], value)]
            found.append((name, pair[0], pair[1]))
    return found + list(settings.RECIPES[settings.recipe].gaps)
