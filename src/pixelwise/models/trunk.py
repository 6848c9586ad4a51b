"""The trunk of pix2pixHD's generators: a wide convolution, halvings, residual blocks, doublings.

Source: docs/reference/models.md, "pix2pixHD" (NVIDIA/pix2pixHD models/networks.py, NVlabs/SPADE
models/networks/generator.py).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.layers import SpectralConv2d, SpectralConvTranspose2d


class Convolutions:
    """How the normalised convolutions are made: with a bias (NVIDIA), without (SPADE), with a spectral norm."""

    def __init__(self, bias: bool, spectral: bool = False) -> None:
        self.bias, self.spectral = bias, spectral

    def same(self, inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
        """Convolution that keeps the size, with reflection padding."""
        make = SpectralConv2d if self.spectral else nn.Conv2d
        return make(inputs, outputs, kernel, padding=kernel // 2, padding_mode="reflect", bias=self.bias)

    def down(self, inputs: int, outputs: int) -> nn.Conv2d:
        """3x3 convolution of stride 2."""
        return (SpectralConv2d if self.spectral else nn.Conv2d)(inputs, outputs, 3, 2, 1, bias=self.bias)

    def up(self, inputs: int, outputs: int) -> nn.ConvTranspose2d:
        """3x3 transposed convolution of stride 2 that doubles the size."""
        make = SpectralConvTranspose2d if self.spectral else nn.ConvTranspose2d
        return make(inputs, outputs, 3, 2, 1, output_padding=1, bias=self.bias)


def norm_relu(image: Tensor) -> Tensor:
    """Instance norm without parameters, then ReLU."""
    return F.relu_(F.instance_norm(image))


class ResidualBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))); no activation after the sum."""

    def __init__(self, width: int, kernel: int, convolutions: Convolutions) -> None:
        super().__init__()
        self.first = convolutions.same(width, width, kernel)
        self.second = convolutions.same(width, width, kernel)

    def forward(self, image: Tensor) -> Tensor:
        """[N, width, H, W] -> the same shape."""
        return image + F.instance_norm(self.second(norm_relu(self.first(image))))


class Trunk(nn.Module):
    """Everything before the last convolution: a wide convolution, halvings, residual blocks, doublings."""

    def __init__(
        self,
        inputs: int,
        width: int,
        downsamplings: int,
        blocks: int,
        convolutions: Convolutions,
        kernel: int = 3,
        first_kernel: int = 7,
    ) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(downsamplings + 1)]
        self.first = convolutions.same(inputs, width, first_kernel)
        self.down = nn.ModuleList(convolutions.down(w, 2 * w) for w in widths[:-1])
        self.blocks = nn.ModuleList(ResidualBlock(widths[-1], kernel, convolutions) for _ in range(blocks))
        self.up = nn.ModuleList(convolutions.up(2 * w, w) for w in reversed(widths[:-1]))

    def forward(self, image: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, width, H, W]."""
        image = norm_relu(self.first(image))
        for layer in self.down:
            image = norm_relu(layer(image))
        for block in self.blocks:
            image = block(image)
        for layer in self.up:
            image = norm_relu(layer(image))
        return image


class Enhancer(nn.Module):
    """One step of the local generator: half-size features of its input plus the coarser result, at full size."""

    def __init__(self, inputs: int, width: int, blocks: int) -> None:
        super().__init__()
        convolutions = Convolutions(bias=True)
        self.first = convolutions.same(inputs, width, 7)
        self.down = convolutions.down(width, 2 * width)
        self.blocks = nn.ModuleList(ResidualBlock(2 * width, 3, convolutions) for _ in range(blocks))
        self.up = convolutions.up(2 * width, width)

    def forward(self, semantics: Tensor, coarse: Tensor) -> Tensor:
        """[N, inputs, H, W], [N, 2 width, H/2, W/2] -> [N, width, H, W]."""
        image = norm_relu(self.down(norm_relu(self.first(semantics)))) + coarse
        for block in self.blocks:
            image = block(image)
        return norm_relu(self.up(image))
