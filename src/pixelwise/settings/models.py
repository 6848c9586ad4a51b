"""Settings of the step that takes published weights in place of training."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from pixelwise.settings.base import Settings
from pixelwise.settings.names import Name


class ConvertSettings(Settings):
    """Turn an official checkpoint into this project's format.

    Attributes:
        architecture: Name of the network, as in `pixelwise.models.build`.
        options: Options of the network; DnCNN's may be left out, its file shows them.
        file: Name of the file among the weights; None takes the one that is there.
        sigma: Denoisers: noise level, or range of levels, that they were trained for, on the 0-255 scale.
    """

    architecture: str
    options: dict[str, Any] = Field(default_factory=dict)
    file: Name | None = None
    sigma: float | tuple[float, float] | None = None
