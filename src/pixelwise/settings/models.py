"""Settings of the step that takes published weights in place of training."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pixelwise.settings import architectures
from pixelwise.settings.base import Inside, Level, Options, Ordered, Settings, Side, Word

Byte = Annotated[int, Field(ge=0, le=255)]


class ConvertSettings(Settings):
    """Turn an official checkpoint into this project's format.

    Attributes:
        architecture: Name of the network, as in `pixelwise.models.build`.
        options: Options of the network; DnCNN's may be left out, its file shows them.
        file: Name of the file among the weights; None takes the one that is there.
        sigma: Denoisers: noise level, or range of levels, that they were trained for, on the 0-255 scale.
    """

    architecture: Word
    options: Options = Field(default_factory=dict)
    file: Inside | None = None
    sigma: Level | Annotated[tuple[Level, Level], Ordered] | None = None

    @model_validator(mode="after")
    def _options(self) -> Self:
        architectures.check(self.architecture, self.options)
        return self


class CheckpointFacts(BaseModel):
    """What those who use a checkpoint need beside its architecture; further facts are kept, and decide nothing.

    Attributes:
        dontcare: Generators: whether the last label id stands for 255 in the files of the training data.
        height: Generators: rows of the training pictures, in pixels; None if they differ or are not known.
        width: Generators: their columns, in pixels.
        colours: Generators: colour of each label id, where colours stood for ids in the training data.
        nearest: Generators: whether other colours became the nearest of them.
        direction: Generators: where pictures of the training data held label map and photograph side by side, `AtoB` if
            the left half is the label map, `BtoA` if the right half is.
        aspect: Generators of such data: width of a training picture, which is one half, divided by its height.
        patch: Restoration: side of the training patches in pixels.
        sigma: Restoration: noise level, or range of levels, on the 0-255 scale.
        degradation: Restoration: what the network undoes, such as `noise`.
        classes: Segmenters: names of the classes.
    """

    model_config = ConfigDict(extra="allow", strict=True)

    dontcare: bool = False
    height: Side | None = None
    width: Side | None = None
    colours: list[Annotated[list[Byte], Field(min_length=3, max_length=3)]] = Field(default=[], max_length=256)
    nearest: bool = False
    direction: Literal["AtoB", "BtoA"] | None = None
    aspect: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    patch: int | None = Field(default=None, ge=1)
    sigma: Level | Annotated[list[Level], Field(min_length=2, max_length=2)] | None = None
    degradation: str | None = None
    classes: list[str] | None = None


class CheckpointInfo(Settings):
    """The metadata of a checkpoint: which architecture, with which options, and further facts."""

    format: int
    name: str
    options: dict[str, Any]
    extra: CheckpointFacts = CheckpointFacts()
