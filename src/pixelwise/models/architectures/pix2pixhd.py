"""pix2pixHD's generators: NVIDIA's global and local ones, and the variant in the SPADE repository.

Source: docs/reference/models.md, "pix2pixHD" (NVIDIA/pix2pixHD models/networks.py, NVlabs/SPADE
models/networks/generator.py).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.models.layers import InputShape, SpectralConv2d, SpectralConvTranspose2d, input_channels


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


def _norm_relu(image: Tensor) -> Tensor:
    return F.relu_(F.instance_norm(image))


class ResidualBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))); no activation after the sum."""

    def __init__(self, width: int, kernel: int, convolutions: Convolutions) -> None:
        super().__init__()
        self.first = convolutions.same(width, width, kernel)
        self.second = convolutions.same(width, width, kernel)

    def forward(self, image: Tensor) -> Tensor:
        """[N, width, H, W] -> the same shape."""
        return image + F.instance_norm(self.second(_norm_relu(self.first(image))))


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
        image = _norm_relu(self.first(image))
        for layer in self.down:
            image = _norm_relu(layer(image))
        for block in self.blocks:
            image = block(image)
        for layer in self.up:
            image = _norm_relu(layer(image))
        return image


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
    """NVIDIA's GlobalGenerator.

    Args:
        num_labels: Number of one-hot label channels; unused if `dense_channels` is given.
        instance_edge: Whether the last input channel is the instance edge.
        dense_channels: Channels of a dense input that takes the place of the labels.
        output_channels: Channels of the image made.
        width: Channels after the first convolution (official ngf).
        downsamplings: Number of halvings (official n_downsample_global).
        blocks: Residual blocks (official n_blocks_global).
    """
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
    """The SPADE repository's netG=pix2pixhd: no biases before the instance norms, Xavier initialisation.

    Args:
        num_labels: Number of one-hot label channels; unused if `dense_channels` is given.
        instance_edge: Whether the last input channel is the instance edge.
        dense_channels: Channels of a dense input that takes the place of the labels.
        output_channels: Channels of the image made.
        width: Channels after the first convolution (official ngf).
        downsamplings: Number of halvings (official resnet_n_downsample).
        blocks: Residual blocks (official resnet_n_blocks).
        kernel: Side of the residual blocks' kernels, odd (official resnet_kernel_size).
        first_kernel: Side of the first kernel, odd (official resnet_initial_kernel_size).
        spectral: Spectral normalisation of all convolutions but the last (official norm_G=spectralinstance; the shipped
            code fails with norm_G=instance, which is meant as False here).
    """
    if kernel % 2 == 0 or first_kernel % 2 == 0:
        raise PixelwiseError(f"spade_pix2pixhd: kernel {kernel}, first_kernel {first_kernel}; both must be odd")
    channels = input_channels(num_labels, instance_edge, dense_channels)
    convolutions = Convolutions(bias=False, spectral=spectral)
    trunk = Trunk(channels, width, downsamplings, blocks, convolutions, kernel, first_kernel)
    return Pix2PixHD(trunk, channels, width, output_channels, downsamplings)


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
        image = _norm_relu(self.down(_norm_relu(self.first(semantics)))) + coarse
        for block in self.blocks:
            image = block(image)
        return _norm_relu(self.up(image))


class Pix2PixHDLocal(nn.Module):
    """NVIDIA's LocalEnhancer: a global trunk on the shrunken input, refined by enhancers up to full size.

    Args:
        num_labels: Number of one-hot label channels; unused if `dense_channels` is given.
        instance_edge: Whether the last input channel is the instance edge.
        dense_channels: Channels of a dense input that takes the place of the labels.
        output_channels: Channels of the image made.
        width: Channels of the finest enhancer (official ngf, 32 in the 1024p recipe).
        downsamplings: Halvings of the global trunk (official n_downsample_global).
        blocks: Residual blocks of the global trunk (official n_blocks_global).
        enhancers: Number of enhancers (official n_local_enhancers).
        local_blocks: Residual blocks of each enhancer (official n_blocks_local).
    """

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
