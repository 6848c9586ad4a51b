"""SPADE's generator: a small grid of features, doubled again and again, whose norms are told the label map each time.

Source: T. Park, M.-Y. Liu, T.-C. Wang, J.-Y. Zhu, "Semantic Image Synthesis with Spatially-Adaptive Normalization",
arXiv 1903.07291, section 3 and appendix A, in the form whose weights NVlabs/SPADE published (without the encoder).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self, cast, get_args

from pydantic import model_validator

from pixelwise.errors import PixelwiseError
from pixelwise.models.declaration import GENERATING, Generator, Kernel, Look, Model, Recipe, Width
from pixelwise.settings.base import Flag


class Options(Generator):
    """Options of SPADE.

    Attributes:
        width: Channels before the last convolution, twice as many with "most" (official ngf).
        num_upsampling_layers: Doublings of the first grid: "normal" 5, "more" 6, "most" 7.
        spectral: Spectral normalisation of the blocks' convolutions (official norm_G=spectral...).
        norm: "batch" or "instance", what the predicted scales and shifts are applied to (official norm_G=...batch...).
        norm_kernel: Side of the norms' kernels, odd (the last digit of the official norm_G).
        norm_hidden: Channels between the semantics and scale and shift, 128 in all published networks.
    """

    num_upsampling_layers: Literal["normal", "more", "most"] | None = None
    spectral: Flag | None = None
    norm: Literal["batch", "instance"] | None = None
    norm_kernel: Kernel | None = None
    norm_hidden: Width | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.norm_kernel or 1) % 2 == 0:
            raise ValueError(f"norm_kernel {self.norm_kernel}; it must be odd")
        if self.width == 1 and self.num_upsampling_layers == "most":
            raise ValueError("width 1 with num_upsampling_layers most; at least 2, since it is halved")
        return self

    def least(self) -> tuple[int, int]:
        """What height and width must be multiples of, and the least of them."""
        multiple = {"normal": 32, "more": 64, "most": 128}[self.num_upsampling_layers or "more"]
        return multiple, multiple


_CODE = "NVlabs/SPADE @fecacc9"
MODEL = Model(
    name="spade",
    tasks=GENERATING,
    options=Options,
    network="Spade",
    input="labels",
    look=Look("SPADE", "#B07D00", "^"),
    recipes={
        "translation": {
            "spade": Recipe(
                "arXiv 1903.07291 section 4 (Cityscapes: 200 epochs, the rate falling to 0 from epoch 100 to 200); "
                f"{_CODE} for all else: options/train_options.py, data/cityscapes_dataset.py, whose own default is 50 "
                "epochs without decay (recipe spade_code)",
                {"batch": 16, "initialisation": "official", "epochs_constant": 100, "epochs_decay": 100},
                200,
            ),
            "spade_code": Recipe(
                f"{_CODE}, netG=spade: options/train_options.py (niter 50, niter_decay 0), data/cityscapes_dataset.py",
                {"batch": 16, "initialisation": "official", "epochs_constant": 50, "epochs_decay": 0},
                50,
            ),
        }
    },
    image_options="pixelwise.models.network_options:dense_image",
    optimised="pixelwise.models.fast.spade_form:prepared",
    official="pixelwise.models.official.spade_names",
    memory=(93.0, 15.09),
    small={"width": 8},
)

import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.layers import InputShape, SpectralConv2d, input_channels, one_of

SLOPE = 0.2  # of the leaky ReLUs below zero
Layers = Literal["normal", "more", "most"]
Norm = Literal["batch", "instance"]
DOUBLINGS: dict[str, int] = {"normal": 5, "more": 6, "most": 7}


def leaky(image: Tensor) -> Tensor:
    """The activation between the norms and the convolutions."""
    return F.leaky_relu(image, SLOPE)


def resized(semantics: Tensor, size: Sequence[int]) -> Tensor:
    """The semantics [N, C, H, W] at another size, each pixel that of the nearest one above and left of it."""
    return semantics if tuple(semantics.shape[2:]) == tuple(size) else F.interpolate(semantics, tuple(size))


class SpatialNorm(nn.Module):
    """Normalisation whose scale and shift are predicted from the semantics at every pixel.

    y = n(x) (1 + scale(h)) + shift(h) with h = ReLU(hidden(s)): n is a batch or instance norm without parameters, s the
    semantics at the size of x, and hidden, scale and shift are convolutions.
    """

    def __init__(self, channels: int, semantics: int, norm: str, kernel: int, hidden: int) -> None:
        super().__init__()
        batch = norm == "batch"
        self.plain = nn.BatchNorm2d(channels, affine=False) if batch else nn.InstanceNorm2d(channels)
        self.hidden = nn.Conv2d(semantics, hidden, kernel, padding=kernel // 2)
        self.scale = nn.Conv2d(hidden, channels, kernel, padding=kernel // 2)
        self.shift = nn.Conv2d(hidden, channels, kernel, padding=kernel // 2)

    def forward(self, image: Tensor, semantics: Tensor) -> Tensor:
        """Image [N, channels, H, W], semantics [N, C, H, W] -> [N, channels, H, W]."""
        hidden = F.relu(self.hidden(semantics))
        result: Tensor = self.plain(image) * (1 + self.scale(hidden)) + self.shift(hidden)
        return result


class SpadeBlock(nn.Module):
    """Residual block: twice norm, leaky ReLU, convolution; where the width changes, the shortcut is convolved too."""

    def __init__(
        self, inputs: int, outputs: int, semantics: int, spectral: bool, norm: str, kernel: int, hidden: int
    ) -> None:
        super().__init__()
        make = SpectralConv2d if spectral else nn.Conv2d
        middle = min(inputs, outputs)
        self.norm_first = SpatialNorm(inputs, semantics, norm, kernel, hidden)
        self.first = make(inputs, middle, 3, padding=1)
        self.norm_second = SpatialNorm(middle, semantics, norm, kernel, hidden)
        self.second = make(middle, outputs, 3, padding=1)
        self.norm_skip: SpatialNorm | None = None
        self.skip: nn.Conv2d | None = None
        if inputs != outputs:
            self.norm_skip = SpatialNorm(inputs, semantics, norm, kernel, hidden)
            self.skip = make(inputs, outputs, 1, bias=False)

    def forward(self, image: Tensor, semantics: Tensor) -> Tensor:
        """Image [N, inputs, H, W], semantics [N, C, H, W] -> [N, outputs, H, W]."""
        inside = self.first(leaky(self.norm_first(image, semantics)))
        inside = self.second(leaky(self.norm_second(inside, semantics)))
        if self.skip is not None and self.norm_skip is not None:
            image = self.skip(self.norm_skip(image, semantics))
        return image + cast(Tensor, inside)


class Spade(nn.Module):
    """SPADE's generator; defaults are those for Cityscapes. `Options` says what its arguments are."""

    def __init__(
        self,
        num_labels: int = 35,
        instance_edge: bool = True,
        dense_channels: int | None = None,
        output_channels: int = 3,
        width: int = 64,
        num_upsampling_layers: Layers = "more",
        spectral: bool = True,
        norm: Norm = "batch",
        norm_kernel: int = 3,
        norm_hidden: int = 128,
    ) -> None:
        super().__init__()
        one_of("spade", "num_upsampling_layers", num_upsampling_layers, get_args(Layers))
        one_of("spade", "norm", norm, get_args(Norm))
        if norm_kernel % 2 == 0:
            raise PixelwiseError(f"spade: norm_kernel {norm_kernel}; it must be odd")
        if width < 2 and num_upsampling_layers == "most":
            raise PixelwiseError(
                f"spade: width {width} with num_upsampling_layers most; at least 2, since it is halved"
            )
        channels = input_channels(num_labels, instance_edge, dense_channels)
        # Widths before and after each block, and whether the image is doubled before it.
        plan = [(16, 16, False), (16, 16, True), (16, 16, num_upsampling_layers != "normal")]
        plan += [(16 >> level, 8 >> level, True) for level in range(4)]
        widths = [(inputs * width, outputs * width) for inputs, outputs, _ in plan]
        self.doubled = [doubled for _, _, doubled in plan]
        if num_upsampling_layers == "most":
            widths.append((width, width // 2))
            self.doubled.append(True)
        self.multiple = 2 ** DOUBLINGS[num_upsampling_layers]
        self.legal = InputShape("spade", channels, self.multiple, self.multiple, single=norm == "batch")
        self.first = nn.Conv2d(channels, widths[0][0], 3, padding=1)
        self.blocks = nn.ModuleList(
            SpadeBlock(inputs, outputs, channels, spectral, norm, norm_kernel, norm_hidden)
            for inputs, outputs in widths
        )
        self.last = nn.Conv2d(widths[-1][1], output_channels, 3, padding=1)

    def forward(self, semantics: Tensor) -> Tensor:
        """[N, C, H, W] with H and W multiples of 2^doublings -> image [N, output_channels, H, W] in [-1, 1].

        Raises:
            PixelwiseError: If the shape is not legal.
        """
        self.legal.check(semantics.shape)
        rows, columns = (side // self.multiple for side in semantics.shape[2:])
        if self.training and len(semantics) * rows * columns == 1:
            raise PixelwiseError(
                f"spade: training on a batch of one image of {self.multiple}x{self.multiple}; batch norm needs two "
                "images, or a larger one"
            )
        image = self.first(resized(semantics, (rows, columns)))
        for block, doubled in zip(self.blocks, self.doubled, strict=True):
            image = F.interpolate(image, scale_factor=2) if doubled else image
            image = block(image, resized(semantics, image.shape[2:]))
        result: Tensor = self.last(leaky(image))
        return result.tanh()
