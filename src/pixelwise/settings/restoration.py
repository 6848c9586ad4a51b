"""Settings of the step that scores denoisers and deblurrers."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from pixelwise.settings.base import Compute
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

Level = Annotated[float, Field(ge=0, le=255)]


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
    seed: int = 0
    sigmas: tuple[Level, ...] | None = Field(None, min_length=1)
    baselines: tuple[Denoiser | Deblurrer, ...] | None = Field(None, min_length=1)
    tile: int = Field(16, ge=2)
    more_tiles: tuple[Annotated[int, Field(ge=2)], ...] = ()
    limit: int | None = Field(None, ge=1)
    bm3d_limit: int | None = Field(None, ge=0)
    samples: int = Field(3, ge=0)
    sample_side: int = Field(128, ge=16)
    resamples: int = Field(2000, ge=2)
