"""Settings of the steps that inspect the architectures and judge the claims."""

from __future__ import annotations

from pydantic import Field

from pixelwise.settings.base import Settings
from pixelwise.settings.names import Name


class ArchitectureSettings(Settings):
    """Count what the published architectures and recipes hold.

    Attributes:
        sizes: Heights and widths at which ASAP-Net and pix2pixHD are counted; both sides multiples of 16, the width
            once or twice the height.
    """

    sizes: tuple[tuple[int, int], ...] = Field(
        ((256, 256), (256, 512), (512, 512), (512, 1024), (1024, 1024)), min_length=1
    )


class JudgeSettings(Settings):
    """Give every claim of the register a verdict.

    Attributes:
        run: Name of the run, written into the findings.
    """

    run: Name
