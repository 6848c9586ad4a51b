"""Settings of the step that converts a published checkpoint."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from pixelwise.settings.base import Settings


class ConvertSettings(Settings):
    """Turn published weights into this project's format, in place of training.

    Attributes:
        architecture: Name of the network, as in `pixelwise.models.build`.
        options: Its options.
    """

    architecture: str
    options: dict[str, Any] = Field(default_factory=dict)
