"""Patch discriminators on several scales, of SPADE and ASAP-Net and of pix2pixHD.

Source: docs/reference/models.md, "Discriminators" (NVlabs/SPADE models/networks/discriminator.py, NVIDIA/pix2pixHD
models/networks.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from pixelwise.errors import PixelwiseError
from pixelwise.models.declaration import Channels, Model, Width
from pixelwise.settings.base import Flag, Settings


class Options(Settings):
    """Options of both discriminators."""

    in_channels: Channels | None = None
    scales: Annotated[int, Field(ge=1, le=6, strict=True)] | None = None
    layers: Annotated[int, Field(ge=1, le=8, strict=True)] | None = None
    width: Width | None = None
    max_width: Width | None = None


class MultiscaleOptions(Options):
    """Options of SPADE's and ASAP-Net's discriminator."""

    layers: Annotated[int, Field(ge=2, le=8, strict=True)] | None = None
    spectral: Flag | None = None


class Pix2PixHDOptions(Options):
    """Options of pix2pixHD's discriminator."""

    sigmoid: Flag | None = None


def _model(name: str, options: type[Options]) -> Model:
    return Model(
        name=name,
        tasks=("discriminator",),
        options=options,
        network=name,
        official="pixelwise.models.official.discriminator_names",
        facts="facts",
        memory=(5.6, 1.52),
        small={"width": 8},
    )


MODELS = (
    _model("multiscale_discriminator", MultiscaleOptions),
    _model("pix2pixhd_discriminator", Pix2PixHDOptions),
)

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.layers import SpectralConv2d

KERNEL, PADDING, SLOPE = 4, 2, 0.2


class PatchDiscriminator(nn.Module):
    """One scale: 4x4 convolutions, of which all but the first and the last are followed by an instance norm."""

    def __init__(
        self, in_channels: int, strided: int, width: int, max_width: int, spectral: bool, bias: bool, sigmoid: bool
    ) -> None:
        super().__init__()
        widths = [in_channels, *(min(width * 2**level, max_width) for level in range(strided + 1)), 1]
        strides = [2] * strided + [1, 1]
        self.layers = nn.ModuleList()
        for index, ((inputs, outputs), stride) in enumerate(zip(pairwise(widths), strides, strict=True)):
            outer = index in (0, strided + 1)
            make = SpectralConv2d if spectral and not outer else nn.Conv2d
            self.layers.append(make(inputs, outputs, KERNEL, stride, PADDING, bias=bias or outer))
        self.sigmoid = sigmoid

    def forward(self, image: Tensor) -> list[Tensor]:
        """[N, in_channels, H, W] -> every layer's output after its activation, logits last."""
        features: list[Tensor] = []
        last = len(self.layers) - 1
        for index, layer in enumerate(self.layers):
            image = layer(image)
            if 0 < index < last:
                image = F.instance_norm(image)
            if index < last:
                image = F.leaky_relu(image, SLOPE)
            elif self.sigmoid:
                image = image.sigmoid()
            features.append(image)
        return features


class MultiscaleDiscriminator(nn.Module):
    """Independent patch discriminators on the image and its repeatedly halved copies.

    Args:
        in_channels: Channels of the semantics and the image together.
        scales: Number of scales.
        strided: Layers of stride 2 per scale; two more of stride 1 follow.
        width: Channels after the first layer, doubled by each further one.
        max_width: Limit of the doubling.
        spectral: Whether the middle layers have spectral normalisation.
        bias: Whether the middle layers have biases, which their instance norm makes ineffective.
        sigmoid: Whether the last feature is a probability instead of a logit.
    """

    def __init__(
        self,
        in_channels: int,
        scales: int,
        strided: int,
        width: int,
        max_width: int,
        spectral: bool,
        bias: bool,
        sigmoid: bool = False,
    ) -> None:
        super().__init__()
        if min(in_channels, scales, strided, width) < 1:
            raise PixelwiseError(
                f"discriminator: in_channels {in_channels}, scales {scales}, strided layers {strided}, width {width}; "
                "all must be positive"
            )
        self.in_channels, self.nvidia = in_channels, bias
        self.scales = nn.ModuleList(
            PatchDiscriminator(in_channels, strided, width, max_width, spectral, bias, sigmoid) for _ in range(scales)
        )

    def forward(self, image: Tensor) -> list[list[Tensor]]:
        """Judge images.

        Args:
            image: [N, in_channels, H, W], semantics then image.

        Returns:
            For each scale, full resolution first, the features of every layer, logits (or probabilities) last.

        Raises:
            PixelwiseError: If the number of channels is wrong.
        """
        if image.dim() != 4 or image.shape[1] != self.in_channels:
            raise PixelwiseError(
                f"discriminator: input of shape {tuple(image.shape)}; [N, {self.in_channels}, H, W] needed"
            )
        results = []
        for index, scale in enumerate(self.scales):
            if index > 0:
                image = F.avg_pool2d(image, 3, 2, 1, count_include_pad=False)
            results.append(scale(image))
        return results


def multiscale_discriminator(
    in_channels: int = 39,
    scales: int = 2,
    layers: int = 4,
    width: int = 64,
    max_width: int = 512,
    spectral: bool = True,
) -> MultiscaleDiscriminator:
    """SPADE's and ASAP-Net's discriminator: spectral normalisation and no bias in the middle layers.

    Args:
        in_channels: Channels of the semantics and the image together.
        scales: Number of scales (official num_D).
        layers: Layers before the logits (official n_layers_D), of which the last has stride 1.
        width: Channels after the first layer (official ndf).
        max_width: Limit of the doubling.
        spectral: Whether the middle layers have spectral normalisation (official norm_D spectralinstance).
    """
    return MultiscaleDiscriminator(in_channels, scales, layers - 1, width, max_width, spectral, bias=False)


def pix2pixhd_discriminator(
    in_channels: int = 39,
    scales: int = 2,
    layers: int = 3,
    width: int = 64,
    max_width: int = 512,
    sigmoid: bool = False,
) -> MultiscaleDiscriminator:
    """NVIDIA's discriminator: biases everywhere, no spectral normalisation.

    Args:
        in_channels: Channels of the semantics and the image together.
        scales: Number of scales (official num_D; 3 in the 1024p recipe).
        layers: Layers of stride 2 (official n_layers_D).
        width: Channels after the first layer (official ndf).
        max_width: Limit of the doubling.
        sigmoid: Whether to return probabilities (official use_sigmoid, of the original GAN loss).
    """
    return MultiscaleDiscriminator(in_channels, scales, layers, width, max_width, False, bias=True, sigmoid=sigmoid)


def facts(name: str, sizes: object) -> Iterator[tuple[dict[str, int], dict[str, tuple[float, str]]]]:
    """What is counted: parameters and scales, whatever the image's size."""
    with torch.device("meta"):
        module = multiscale_discriminator() if name == "multiscale_discriminator" else pix2pixhd_discriminator()
    count = sum(parameter.numel() for parameter in module.parameters())
    yield {}, {"parameters": (count, "parameters"), "scales": (len(module.scales), "scales")}
