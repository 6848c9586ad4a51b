"""Settings of the step that scores denoisers and deblurrers."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from pixelwise.settings.base import MOST, Compute, Distinct, Images, Level, Listed, Resamples, Seed
from pixelwise.settings.names import Name

ProtocolName = Literal[
    "bsd68", "bsd68-independent", "set12", "cbsd68", "report-256", "photos", "motion-blur", "photos-blur", "gopro"
]
Denoiser = Literal[
    "identity",
    "identity_8bit",
    "identity_minmax",
    "pointwise_oracle",
    "tile_mean",
    "tile_wiener",
    "tile_wiener_oracle",
    "bm3d",
]
Deblurrer = Literal["identity", "wiener_known_blur"]
BASELINES: dict[str, tuple[Denoiser | Deblurrer, ...]] = {
    "denoising": get_args(Denoiser),
    "deblurring": get_args(Deblurrer),
}
"""Methods without training, by task."""

Tile = Annotated[int, Field(ge=2, le=4096, strict=True)]
"""Side of a tile; within one pixel there is nothing to average, and no image of the protocols is wider."""
DENOISING: Literal["denoising"] = "denoising"
DEBLURRING: Literal["deblurring"] = "deblurring"
DEBLURRED = frozenset({"motion-blur", "photos-blur", "gopro"})
"""Protocols of deblurring; all others are of denoising."""


class RestorationSettings(Compute):
    """Score one trained model, or the baselines, image by image.

    Attributes:
        name: Name of the trained model in paths and tables, or "baselines".
        dataset: Name of the data set.
        task: What is restored; must be the protocol's.
        protocol: One of `pixelwise.evaluation.protocols.PROTOCOLS`; it fixes images, noise and metrics.
        seed: Seed of the training run; noise does not depend on it.
        sigmas: Noise levels on the 0-255 scale; None takes the protocol's.
        baselines: Which baselines, if `name` is "baselines"; None takes all of the task.
        tile: Side in pixels of the tiles of the baselines, and period of the blockiness of models without tiles.
        more_tiles: Further tile sides for the tile baselines, named with the suffix `_s<side>`.
        limit: Use only the first so many images; None for all.
        bm3d_limit: Images for BM3D, which takes seconds for each; None for all.
        samples: Number of images of which crops are written as PNG files for the report.
        sample_side: Side of these crops in pixels.
        resamples: Bootstrap resamples over images.
    """

    name: Name
    dataset: Name
    task: Literal["denoising", "deblurring"] = "denoising"
    protocol: ProtocolName
    seed: Seed = 0
    sigmas: Listed[Level] | None = None
    baselines: Listed[Denoiser | Deblurrer] | None = None
    tile: Tile = 16
    more_tiles: Annotated[tuple[Tile, ...], Field(max_length=MOST), Distinct] = ()
    limit: Images | None = None
    bm3d_limit: Annotated[int, Field(ge=0, le=10_000_000, strict=True)] | None = None
    samples: int = Field(3, ge=0, le=100, strict=True)
    sample_side: int = Field(128, ge=16, le=4096, strict=True)
    resamples: Resamples = 2000

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        task = DEBLURRING if self.protocol in DEBLURRED else DENOISING
        if self.task != task:
            raise ValueError(f"task: {self.task}; protocol {self.protocol} is for {task}")
        if task == DENOISING and 0.0 in (self.sigmas or ()):
            raise ValueError(f"sigmas: 0; protocol {self.protocol} needs noise levels above 0")
        if unknown := [name for name in self.baselines or () if name not in BASELINES[task]]:
            raise ValueError(f"baselines: {unknown[0]}; for {task} allowed are {', '.join(BASELINES[task])}")
        if self.tile in self.more_tiles:
            raise ValueError(f"more_tiles: {self.tile} is tile already; every side makes a result of its own")
        return self
