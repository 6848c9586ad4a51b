"""Settings of the step that takes published weights in place of training."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from pixelwise.settings import architectures
from pixelwise.settings.base import Inside, Level, Ordered, Settings, Word


class ConvertSettings(Settings):
    """Turn an official checkpoint into this project's format.

    Attributes:
        architecture: Name of the network, as in `pixelwise.models.build`.
        options: Options of the network; DnCNN's may be left out, its file shows them.
        file: Name of the file among the weights; None takes the one that is there.
        sigma: Denoisers: noise level, or range of levels, that they were trained for, on the 0-255 scale.
    """

    architecture: Word
    options: dict[str, Any] = Field(default_factory=dict)
    file: Inside | None = None
    sigma: Level | Annotated[tuple[Level, Level], Ordered] | None = None

    @model_validator(mode="after")
    def _options(self) -> Self:
        architectures.check(self.architecture, self.options)
        return self
