"""Schemas of the documents that steps hand to one another, each read by `pixelwise.files.reading.read`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pixelwise.quantities import Number
from pixelwise.settings.base import Count, Flag, Hash, Inside, Settings
from pixelwise.settings.base import Text as Word


class Open(BaseModel):
    """Base of documents whose further facts are for people only."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)


class Noted(Settings):
    """One line of a step's notes on finished images: what was scored, and its scores."""

    key: Word
    scores: dict[Word, Number]


class Deviation(Settings):
    """One setting that differs from the published recipe."""

    name: Word
    published: Any
    here: Any


class Acceptance(Settings):
    """A change that does not concern what a job made, by the user's word (`planning.acceptance`).

    Attributes:
        why: The reason.
        code: Source file -> its hash when the job ran, and the accepted one; empty where there was or is none.
        packages: Package -> its version when the job ran, and the accepted one.
        modules: Modules of the accepted code.
    """

    why: Word
    code: dict[Word, tuple[Word, Word]]
    packages: dict[Word, tuple[Word, Word]]
    modules: list[Word]


class TrainedOn(Open):
    """The data that a network was trained on."""

    kind: Word | None = None
    synthetic: Flag = False


class ReleasedFile(Open):
    """The file of released weights that was converted."""

    file: Word
    sha256: Hash
    name: Word | None = None


class Training(Open):
    """`training.json`: how a network was made."""

    short: Flag
    architecture: Word | None = None
    options: dict[str, Any] = {}
    recipe: Word | None = None
    official: ReleasedFile | None = None
    dataset: TrainedOn = TrainedOn()
    steps: Count | None = None
    presentations: Count | None = None
    deviations: list[Deviation] = []


class Generation(Open):
    """`generation.json`: which label maps became pictures, and by which weights."""

    names: list[Inside]
    weights_sha256: Hash | None
    short: Flag
    run: dict[str, Any] | None = None


class Sample(Settings):
    """One crop for the report."""

    file: Inside
    image: Word
    sigma: float = Field(ge=0, le=255)
    method: Word


class Samples(Settings):
    """`samples.json`."""

    samples: list[Sample]


class Origin(Open):
    """`source.json`: where a file of weights came from."""

    file: Inside
    name: Word | None = None
    url: Word | None = None
    licence: Word | None = None
    source: Word | None = None
    variant: Word | None = None
    sha256: Hash | None = None


class Drawing(Settings):
    """One figure; `narrow` names the drawing for a telephone, which earlier versions did not make."""

    name: Inside
    title: Word
    caption: str = Field(max_length=100_000)
    alt: str = Field(max_length=1_000_000)
    synthetic: Flag
    short: Flag
    narrow: Inside | None = None


class Undrawn(Settings):
    """One figure that was not drawn, and why."""

    name: Word
    why: str = Field(max_length=10_000)


class Figures(Settings):
    """`figures.json`."""

    run: Word
    figures: list[Drawing]
    missing: list[Undrawn]


class LeftOut(Settings):
    """`left_out.json`: one line for each file that a step left out, because it is broken or was changed."""

    left_out: list[str]
