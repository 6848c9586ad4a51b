"""Ranges of the networks' options, and the image sizes that they take: known without torch, so that planning can tell.

Every option may be left out; the network's own default then holds, and those that follow from the data are filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from pixelwise.files.reading import line
from pixelwise.settings.base import Flag, Settings

Channels = Annotated[int, Field(ge=1, le=1024, strict=True)]
"""Channels of an image or a label map; 1024 label ids would fill a gigabyte at 512x512."""
Width = Annotated[int, Field(ge=1, le=4096, strict=True)]
"""Channels of a layer; a 3x3 layer of this width holds 600 MB of weights."""
Depth = Annotated[int, Field(ge=1, le=200, strict=True)]
"""Layers or blocks; no published network of this kind has more than 105."""
Halvings = Annotated[int, Field(ge=1, le=8, strict=True)]
"""Each one doubles the channels and halves the image: 256 pixels become one."""


def _power(value: int | None, name: str) -> None:
    if value is not None and (value < 2 or value & (value - 1)):
        raise ValueError(f"{name} {value}; allowed are powers of two from 2 on")


class Generator(Settings):
    """What all generators take."""

    num_labels: Channels | None = None
    instance_edge: Flag | None = None
    dense_channels: Channels | None = None
    output_channels: Channels | None = None
    width: Width | None = None


class AsapNet(Generator):
    """Options of `pixelwise.models.architectures.asapnet.AsapNet`."""

    tile: Annotated[int, Field(ge=2, le=1024, strict=True)] | None = None
    learned_factor: Annotated[int, Field(ge=2, le=1024, strict=True)] | None = None
    max_width: Width | None = None
    depth: Annotated[int, Field(ge=0, le=200, strict=True)] | None = None
    mlp_width: Width | None = None
    mlp_depth: Annotated[int, Field(ge=2, le=50, strict=True)] | None = None
    padding: Literal["zero", "reflection"] | None = None
    position_code: Flag | None = None
    drop_last: Flag | None = None
    residual: Flag | None = None
    output: Literal["tanh", "linear"] | None = None

    @model_validator(mode="after")
    def _powers(self) -> Self:
        _power(self.tile, "tile")
        _power(self.learned_factor, "learned_factor")
        if (self.learned_factor or 16) > (self.tile or 16):
            raise ValueError(
                f"learned_factor {self.learned_factor or 16} with tile {self.tile or 16}; at most the tile"
            )
        return self

    def least(self) -> tuple[int, int]:
        """What height and width must be multiples of, and the least of them."""
        tile = self.tile or 16
        return tile, 2 * tile if self.padding == "reflection" else tile


class Pix2PixHD(Generator):
    """Options of pix2pixHD's global generator, NVIDIA's or the SPADE repository's."""

    downsamplings: Halvings | None = None
    blocks: Depth | None = None

    def least(self) -> tuple[int, int]:
        """See `AsapNet.least`."""
        multiple = int(2 ** (self.downsamplings or 4))
        return multiple, max(4, 2 * multiple)


class SpadePix2PixHD(Pix2PixHD):
    """Options of `pixelwise.models.architectures.pix2pixhd.spade_pix2pixhd`."""

    kernel: Annotated[int, Field(ge=1, le=31, strict=True)] | None = None
    first_kernel: Annotated[int, Field(ge=1, le=31, strict=True)] | None = None
    spectral: Flag | None = None

    @model_validator(mode="after")
    def _odd(self) -> Self:
        for name in ("kernel", "first_kernel"):
            if (getattr(self, name) or 1) % 2 == 0:
                raise ValueError(f"{name} {getattr(self, name)}; it must be odd")
        return self


class Spade(Generator):
    """Options of `pixelwise.models.architectures.spade.Spade`."""

    num_upsampling_layers: Literal["normal", "more", "most"] | None = None
    spectral: Flag | None = None
    norm: Literal["batch", "instance"] | None = None
    norm_kernel: Annotated[int, Field(ge=1, le=31, strict=True)] | None = None
    norm_hidden: Width | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.norm_kernel or 1) % 2 == 0:
            raise ValueError(f"norm_kernel {self.norm_kernel}; it must be odd")
        if self.width == 1 and self.num_upsampling_layers == "most":
            raise ValueError("width 1 with num_upsampling_layers most; at least 2, since it is halved")
        return self

    def least(self) -> tuple[int, int]:
        """See `AsapNet.least`."""
        multiple = {"normal": 32, "more": 64, "most": 128}[self.num_upsampling_layers or "more"]
        return multiple, multiple


class Pix2PixHDLocal(Pix2PixHD):
    """Options of `pixelwise.models.architectures.pix2pixhd.Pix2PixHDLocal`."""

    enhancers: Annotated[int, Field(ge=1, le=4, strict=True)] | None = None
    local_blocks: Depth | None = None

    def least(self) -> tuple[int, int]:
        """See `AsapNet.least`."""
        multiple = int(2 ** ((self.downsamplings or 4) + (self.enhancers or 1)))
        return multiple, max(8, 2 * multiple)


class DnCNN(Settings):
    """Options of `pixelwise.models.architectures.dncnn.DnCNN`."""

    channels: Literal[1, 3] | None = None
    depth: Annotated[int, Field(ge=3, le=200, strict=True)] | None = None
    width: Width | None = None
    variant: Literal["saoyan", "kair", "merged"] | None = None


class Discriminator(Settings):
    """What both discriminators take."""

    in_channels: Channels | None = None
    scales: Annotated[int, Field(ge=1, le=6, strict=True)] | None = None
    layers: Annotated[int, Field(ge=1, le=8, strict=True)] | None = None
    width: Width | None = None
    max_width: Width | None = None


class Multiscale(Discriminator):
    """Options of `pixelwise.models.architectures.discriminator.multiscale_discriminator`."""

    layers: Annotated[int, Field(ge=2, le=8, strict=True)] | None = None
    spectral: Flag | None = None


class Nvidia(Discriminator):
    """Options of `pixelwise.models.architectures.discriminator.pix2pixhd_discriminator`."""

    sigmoid: Flag | None = None


class Drn(Settings):
    """Options of the dilated residual networks."""

    num_classes: Annotated[int, Field(ge=1, le=255, strict=True)] | None = None
    widths: Annotated[tuple[Width, ...], Field(min_length=8, max_length=8)] | None = None


class Segmenter(Settings):
    """Options of `pixelwise.models.architectures.segmenter.Segmenter`."""

    num_classes: Annotated[int, Field(ge=1, le=255, strict=True)] | None = None
    stages: Annotated[int, Field(ge=1, le=4, strict=True)] | None = None
    width: Width | None = None
    fine: Flag | None = None

    def least(self) -> tuple[int, int]:
        """See `AsapNet.least`."""
        return 1, 32


OPTIONS: dict[str, type[Settings]] = {
    **{"asapnet": AsapNet, "pix2pixhd_global": Pix2PixHD, "pix2pixhd_local": Pix2PixHDLocal},
    **{"spade_pix2pixhd": SpadePix2PixHD, "multiscale_discriminator": Multiscale, "pix2pixhd_discriminator": Nvidia},
    **{"spade": Spade, "dncnn": DnCNN, "segmenter": Segmenter},
    **dict.fromkeys(("drn_d_22", "drn_d_38", "drn_d_54", "drn_d_105"), Drn),
}


def check(name: str, options: Mapping[str, Any], place: str = "options") -> None:
    """Check the options that are given for a network; those of a network that is not known are not checked.

    Raises:
        ValueError: With one line, for a validator of settings.
    """
    _checked(name, options, place)


def taken(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options `given` that a network takes."""
    model = OPTIONS.get(name)
    return {} if model is None else {key: value for key, value in given.items() if key in model.model_fields}


def check_size(name: str, options: Mapping[str, Any], height: int, width: int) -> None:
    """Check that a network takes images of a size.

    Raises:
        ValueError: With one line, for a validator of settings.
    """
    multiple, smallest = getattr(_checked(name, options, "options"), "least", lambda: (1, 1))()
    if any(side % multiple or side < smallest for side in (height, width)):
        raise ValueError(
            f"{height}x{width} with {name}; height and width must be multiples of {multiple}, at least {smallest}"
        )


def _checked(name: str, options: Mapping[str, Any], place: str) -> Settings | None:
    model = OPTIONS.get(name)
    if model is None:
        return None
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        raise ValueError(line(error, model, [place])) from None
