"""Settings of the steps that obtain data: fetch, prepare, weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pixelwise.settings.base import Flag, Seed, Settings, Side
from pixelwise.settings.names import Name

Kind = Literal[
    "streets",
    "photos",
    "camvid",
    "cityscapes",
    "facades",
    "custom",
    "bsds500",
    "bsd68",
    "set12",
    "train400",
    "cbsd68",
    "gopro",
]


DRAWN = 16
"""Least rows and columns of a drawn scene; a smaller one has no room for its objects."""


class Dataset(Settings):
    """A data set and how it is to be prepared.

    Attributes:
        kind: Which data set. `streets` is drawn from `seed`, `photos` ships inside scikit-image; `camvid`, `facades`,
            `bsds500` (432/68 split), `bsd68`, `set12`, `train400`, `cbsd68` are downloaded; `cityscapes`, `custom` and
            `gopro` are the user's own folders.
        height: Rows after resizing, in pixels; None keeps every image as it is.
        width: Columns after resizing, in pixels; None keeps every image as it is.
        train: Number of training items, the first in natural order; None takes all.
        val: Number of validation items, the first in natural order; None takes all.
        at_most: Whether `train` and `val` are upper bounds, as in smoke runs; otherwise so many must be there.
        seed: Seed of drawn data; unused by all other kinds.
        root: Folder of `cityscapes` (instead of the variable CITYSCAPES_ROOT), `custom` or `gopro`; unused by others.
        channels: 1 converts images to gray (ITU-R 601 luma), 3 to colour; None keeps what the files hold.
        resize: Filter for images. `bicubic` is PIL's, as in ASAP-Net and SPADE; `bilinear` is the student report's:
            four neighbours, no low-pass when shrinking, as OpenCV does. Label and instance maps take the nearest pixel.
        num_labels: Number of label ids of a `custom` set, ids 0 to num_labels - 1; required there, unused by others.
        dontcare: `custom` only: id 255 is legal and becomes one more label, num_labels, which no evaluation counts.
    """

    kind: Kind
    height: Side | None = None
    width: Side | None = None
    train: Annotated[int, Field(ge=0, le=10_000_000, strict=True)] | None = None
    val: Annotated[int, Field(ge=0, le=10_000_000, strict=True)] | None = None
    at_most: Flag = False
    seed: Seed = 0
    root: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    channels: Literal[1, 3] | None = None
    resize: Literal["bicubic", "bilinear"] = "bicubic"
    num_labels: int | None = Field(default=None, ge=1, le=255, strict=True)
    dontcare: Flag = False

    @model_validator(mode="after")
    def _complete(self) -> Dataset:
        if (self.height is None) != (self.width is None):
            raise ValueError("height and width must be given together")
        if self.kind == "streets" and (self.height is None or self.train is None or self.val is None):
            raise ValueError("streets needs height, width, train and val")
        if self.kind == "streets" and min(self.height or 0, self.width or 0) < DRAWN:
            raise ValueError(
                f"streets: {self.height}x{self.width}; drawn scenes have at least {DRAWN} rows and columns"
            )
        if self.kind in ("custom", "gopro") and self.root is None:
            raise ValueError(f"{self.kind} needs root, the folder that holds it")
        if self.kind == "custom" and self.num_labels is None:
            raise ValueError("custom needs num_labels, the number of label ids")
        return self


class FetchSettings(Settings):
    """Step `fetch`: obtain the files of one data set, unchanged."""

    name: Name
    dataset: Dataset


class PrepareSettings(Settings):
    """Step `prepare`: check, resize and pack one data set."""

    name: Name
    dataset: Dataset


class WeightsSettings(Settings):
    """Step `weights`: obtain one file of published weights.

    Attributes:
        name: One of the names in the table of sources (`inception`, `vgg19`, `drn_d_105`, `dncnn_25`), or any name
            together with `file`.
        file: A user's own checkpoint, used instead of a download; None downloads.
    """

    name: Name
    file: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
