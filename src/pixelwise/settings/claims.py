"""Settings of the steps that inspect the networks and judge the claims."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from pixelwise.settings.base import Listed, Settings, Side, Word
from pixelwise.settings.names import Name


class ArchitectureSettings(Settings):
    """Count what a published network and its recipes hold.

    Attributes:
        architecture: The network.
        sizes: Heights and widths at which generators are counted; both sides multiples of 16, the width once or twice
            the height.
        against: Networks by whose arithmetic its own is divided.
    """

    architecture: Word
    sizes: Listed[tuple[Side, Side]] = ((256, 256), (256, 512), (512, 512), (512, 1024), (1024, 1024))
    against: tuple[Word, ...] = ()

    @model_validator(mode="after")
    def _legal(self) -> Self:
        for height, width in self.sizes:
            tile = width // 16 if width == height else width // 32 if width == 2 * height else 0
            if tile < 16 or tile & (tile - 1):
                raise ValueError(
                    f"sizes: {height}x{width}; allowed are 256, 512, 1024, ... rows, as many columns or twice"
                )
        return self


class JudgeSettings(Settings):
    """Give every claim of the register a verdict.

    Attributes:
        run: Name of the run, written into the findings.
    """

    run: Name
