"""pix2pixHD's generators: NVIDIA's global and local ones, and the variant in the SPADE repository.

Source: docs/reference/models.md, "pix2pixHD" (NVIDIA/pix2pixHD models/networks.py, NVlabs/SPADE
models/networks/generator.py).
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from pixelwise.errors import PixelwiseError
from pixelwise.models.declaration import GENERATING, Depth, Generator, Kernel, Look, Model, Recipe
from pixelwise.settings.base import Flag

Halvings = Annotated[int, Field(ge=1, le=8, strict=True)]
"""Each one doubles the channels and halves the image: 256 pixels become one."""


class Options(Generator):
    """Options of the global generator, NVIDIA's or the SPADE repository's.

    Attributes:
        width: Channels after the first convolution (official ngf).
        downsamplings: Number of halvings (official n_downsample_global, resnet_n_downsample).
        blocks: Residual blocks (official n_blocks_global, resnet_n_blocks).
    """

    downsamplings: Halvings | None = None
    blocks: Depth | None = None

    def least(self) -> tuple[int, int]:
        """What height and width must be multiples of, and the least of them."""
        multiple = int(2 ** (self.downsamplings or 4))
        return multiple, max(4, 2 * multiple)


class SpadeOptions(Options):
    """Options of the SPADE repository's netG=pix2pixhd.

    Attributes:
        kernel: Side of the residual blocks' kernels, odd (official resnet_kernel_size).
        first_kernel: Side of the first kernel, odd (official resnet_initial_kernel_size).
        spectral: Spectral normalisation of all convolutions but the last (official norm_G=spectralinstance; the shipped
            code fails with norm_G=instance, which is meant as False here).
    """

    kernel: Kernel | None = None
    first_kernel: Kernel | None = None
    spectral: Flag | None = None

    @model_validator(mode="after")
    def _odd(self) -> Self:
        for name in ("kernel", "first_kernel"):
            if (getattr(self, name) or 1) % 2 == 0:
                raise ValueError(f"{name} {getattr(self, name)}; it must be odd")
        return self


class LocalOptions(Options):
    """Options of NVIDIA's local generator, whose `width` is that of the finest enhancer (32 in the 1024p recipe).

    Attributes:
        enhancers: Number of enhancers (official n_local_enhancers).
        local_blocks: Residual blocks of each enhancer (official n_blocks_local).
    """

    enhancers: Annotated[int, Field(ge=1, le=4, strict=True)] | None = None
    local_blocks: Depth | None = None

    def least(self) -> tuple[int, int]:
        """See `Options.least`."""
        multiple = int(2 ** ((self.downsamplings or 4) + (self.enhancers or 1)))
        return multiple, max(8, 2 * multiple)


_NVIDIA: dict[str, Any] = {
    **{"discriminator": "pix2pixhd_discriminator", "gan_loss": "least_squares", "procedure": "pix2pixhd"},
    **{"ttur": False, "betas": (0.5, 0.999), "epochs_constant": 100, "epochs_decay": 100, "batch": 1},
    **{"initialisation": "normal"},
}
_NVIDIA_1024 = {"epochs_constant": 50, "epochs_decay": 50, "epochs_enhancer_only": 10} | {
    "discriminator_options": {"scales": 3}
}
_SPADE = {"batch": 16, "epochs_constant": 50, "epochs_decay": 0}


def _model(
    name: str, options: type[Options], recipes: dict[str, Recipe], million: float, network: str = "", facts: str = ""
) -> Model:
    return Model(
        name=name,
        tasks=GENERATING,
        options=options,
        network=network or name,
        input="labels",
        look=Look("pix2pixHD", "#D55E00", "s", family="pix2pixhd"),
        recipes={"translation": recipes},
        image_options="pixelwise.models.network_options:dense_image",
        optimised="pixelwise.models.fast.pix2pixhd_form:prepared",
        official="pixelwise.models.official.pix2pixhd_names",
        facts=facts,
        memory=(million, 3.30),
        small={"width": 8, "blocks": 2},
    )


_FULL = Recipe("NVIDIA/pix2pixHD @14b3b3c: options/, models/pix2pixHD_model.py", _NVIDIA, 200)
_LARGE = Recipe(
    "NVIDIA/pix2pixHD @14b3b3c: scripts/train_1024p_24G.sh",
    _NVIDIA | _NVIDIA_1024,
    100,
    (("initial weights", "global generator trained at half the size", "random"),),
)
_CODE = "NVlabs/SPADE @fecacc9, netG=pix2pixhd: options/train_options.py, data/cityscapes_dataset.py"
_REPORT = "MelakuNe/Machine-Learning-Project-2023 @93f60fd: Pix2Pix/ (SPADE's defaults: 50 epochs, no decay)"
_REPOSITORY = {"spade_pix2pixhd": Recipe(_CODE, _SPADE, 50), "report_pix2pixhd": Recipe(_REPORT, _SPADE, 50)}
_ALL_SIZES = "pixelwise.models.facts:parameters_only"
MODELS = (
    _model("pix2pixhd_global", Options, {"pix2pixhd": _FULL}, 182.5),
    _model("pix2pixhd_local", LocalOptions, {"pix2pixhd_1024": _LARGE}, 182.9, "Pix2PixHDLocal", _ALL_SIZES),
    _model("spade_pix2pixhd", SpadeOptions, _REPOSITORY, 182.5),
)

import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.layers import InputShape, input_channels
from pixelwise.models.trunk import Convolutions, Enhancer, Trunk


def _last(width: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(width, outputs, 7, padding=3, padding_mode="reflect")


class Pix2PixHD(nn.Module):
    """One trunk and the last convolution, with tanh; see `pix2pixhd_global` and `spade_pix2pixhd`."""

    def __init__(self, trunk: Trunk, channels: int, width: int, output_channels: int, downsamplings: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.last = _last(width, output_channels)
        multiple = 2**downsamplings
        self.legal = InputShape("pix2pixHD", channels, multiple, max(4, 2 * multiple))

    def forward(self, semantics: Tensor) -> Tensor:
        """[N, C, H, W] with H and W multiples of 2^downsamplings -> image [N, output_channels, H, W] in [-1, 1].

        Raises:
            PixelwiseError: If the shape is not legal.
        """
        self.legal.check(semantics.shape)
        image: Tensor = self.last(self.trunk(semantics))
        return image.tanh()


def pix2pixhd_global(
    num_labels: int = 35,
    instance_edge: bool = True,
    dense_channels: int | None = None,
    output_channels: int = 3,
    width: int = 64,
    downsamplings: int = 4,
    blocks: int = 9,
) -> Pix2PixHD:
    """NVIDIA's GlobalGenerator; `Options` says what its arguments are."""
    channels = input_channels(num_labels, instance_edge, dense_channels)
    trunk = Trunk(channels, width, downsamplings, blocks, Convolutions(bias=True))
    return Pix2PixHD(trunk, channels, width, output_channels, downsamplings)


def spade_pix2pixhd(
    num_labels: int = 35,
    instance_edge: bool = True,
    dense_channels: int | None = None,
    output_channels: int = 3,
    width: int = 64,
    downsamplings: int = 4,
    blocks: int = 9,
    kernel: int = 3,
    first_kernel: int = 7,
    spectral: bool = False,
) -> Pix2PixHD:
    """The SPADE repository's netG=pix2pixhd: no biases before the instance norms; see `SpadeOptions`."""
    if kernel % 2 == 0 or first_kernel % 2 == 0:
        raise PixelwiseError(f"spade_pix2pixhd: kernel {kernel}, first_kernel {first_kernel}; both must be odd")
    channels = input_channels(num_labels, instance_edge, dense_channels)
    convolutions = Convolutions(bias=False, spectral=spectral)
    trunk = Trunk(channels, width, downsamplings, blocks, convolutions, kernel, first_kernel)
    return Pix2PixHD(trunk, channels, width, output_channels, downsamplings)


class Pix2PixHDLocal(nn.Module):
    """NVIDIA's LocalEnhancer: a global trunk on the shrunken input, refined by enhancers up to full size."""

    def __init__(
        self,
        num_labels: int = 35,
        instance_edge: bool = True,
        dense_channels: int | None = None,
        output_channels: int = 3,
        width: int = 32,
        downsamplings: int = 4,
        blocks: int = 9,
        enhancers: int = 1,
        local_blocks: int = 3,
    ) -> None:
        super().__init__()
        channels = input_channels(num_labels, instance_edge, dense_channels)
        multiple = 2 ** (downsamplings + enhancers)
        self.legal = InputShape("pix2pixHD local", channels, multiple, max(8, 2 * multiple))
        self.trunk = Trunk(channels, width * 2**enhancers, downsamplings, blocks, Convolutions(bias=True))
        self.enhancers = nn.ModuleList(
            Enhancer(channels, width * 2 ** (enhancers - step), local_blocks) for step in range(1, enhancers + 1)
        )
        self.last = _last(width, output_channels)

    def forward(self, semantics: Tensor) -> Tensor:
        """[N, C, H, W], H and W multiples of 2^(downsamplings + enhancers) -> image of the same size in [-1, 1].

        Raises:
            PixelwiseError: If the shape is not legal.
        """
        self.legal.check(semantics.shape)
        pyramid = [semantics]
        for _ in self.enhancers:
            pyramid.append(F.avg_pool2d(pyramid[-1], 3, 2, 1, count_include_pad=False))
        image = self.trunk(pyramid.pop())
        for enhancer in self.enhancers:
            image = enhancer(pyramid.pop(), image)
        result: Tensor = self.last(image)
        return result.tanh()
