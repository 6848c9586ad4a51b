"""Networks in operations that other runtimes know: label ids in, one-hot inside, ASAP-Net's stream as matrix products.

Nothing here is faster than `fast/`, which other runtimes cannot run; it is the form that `pixelwise export` writes and
that the benchmark gives to its peers.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.architectures.asapnet import AsapNet
from pixelwise.models.layers import SPECTRAL, InputShape, SpectralConv2d, SpectralConvTranspose2d
from pixelwise.models.lowres_stream import ConvNormReLU
from pixelwise.models.pixelwise_form import SLOPE, parameter_ranges, position_code


class OnnxForm(nn.Module):
    """A generator of label maps that takes ids, or a network of images as it is.

    Attributes:
        num_labels: How many labels; 0 where the network takes an image.
        edge: Whether the instance edge is a second input.
        legal: The inputs that the network takes.
    """

    def __init__(self, module: nn.Module, options: Mapping[str, Any]) -> None:
        """Copy a network of this package in evaluation mode.

        Args:
            module: The network.
            options: All its options, as `registry.full_options` gives them.
        """
        super().__init__()
        module = unnormalised(copy.deepcopy(module).eval())
        self.legal: InputShape = cast(Any, module).legal
        by_label = "num_labels" in options and options["dense_channels"] is None
        self.num_labels: int = options["num_labels"] if by_label else 0
        self.edge = bool(by_label and options["instance_edge"])
        cast(Any, module).legal = AnyShape()
        self.network: nn.Module = TiledAsapNet(module) if isinstance(module, AsapNet) else module
        self.eval()
        self.register_buffer("ids", torch.arange(self.num_labels, dtype=torch.int32).view(-1, 1, 1), False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs, in order."""
        return ("labels", "edge")[: 1 + self.edge] if self.num_labels else ("image",)

    def forward(self, first: Tensor, edge: Tensor | None = None) -> Tensor:
        """Make an image.

        Args:
            first: Label ids [N, H, W], uint8 (int32 above 256 labels), in [0, num_labels); or an image [N, C, H, W].
            edge: Instance edge [N, 1, H, W] uint8, 0 or 1, where the network uses it.

        Returns:
            [N, output channels, H, W] in the type of the weights.
        """
        if not self.num_labels:
            return cast(Tensor, self.network(first))
        kind = next(self.network.parameters()).dtype
        planes = (first.to(torch.int32).unsqueeze(1) == cast(Tensor, self.ids)).to(kind)
        return cast(Tensor, self.network(planes if edge is None else torch.cat([planes, edge.to(kind)], 1)))


class AnyShape:
    """In the place of a network's own check of shapes, which a graph of free size can't hold."""

    def check(self, shape: object) -> None:
        """Refuse nothing."""


class TiledAsapNet(nn.Module):
    """ASAP-Net whose per-pixel networks are products of each tile's pixels with the tile's matrices."""

    def __init__(self, net: AsapNet) -> None:
        super().__init__()
        self.net = net
        form = net.form
        code = position_code(form.tile, torch.device("cpu"), torch.float64)
        self.register_buffer("code", (code if form.position_code else code[:, :0]).float(), False)
        self.factor = net.tile // net.learned_factor
        rising = torch.arange(1.0, 2 * self.factor, 2)
        taps = torch.cat([rising, rising.flip(0)])
        self.register_buffer("taps", (taps / taps.sum()).expand(net.channels, 1, 1, -1).contiguous(), False)

    def forward(self, semantics: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, output_channels, H, W]; the image that `AsapNet` makes, up to rounding."""
        net = self.net
        image = semantics if self.factor == 1 else self._shrunken(semantics)
        for layer in cast("list[ConvNormReLU]", net.lowres.layers):
            image = F.relu(layer.norm(layer.conv(image)))
        grid = F.linear(image.permute(0, 2, 3, 1), net.lowres.head.weight.flatten(1), net.lowres.head.bias)
        made = self._stream(grid, semantics[:, : net.channels - net.drop_last])
        return made + semantics[:, : net.output_channels] if net.residual else made

    def _shrunken(self, image: Tensor) -> Tensor:
        """`tent.tent_downsample` with taps that are a part of the network."""
        across, channels = cast(Tensor, self.taps), image.shape[1]
        image = F.pad(image, [self.factor // 2] * 4, mode="reflect")
        image = F.conv2d(image, across, stride=(1, self.factor), groups=channels)
        return F.conv2d(image, across.mT, stride=(self.factor, 1), groups=channels)

    def _stream(self, grid: Tensor, seen: Tensor) -> Tensor:
        """Parameters [N, h, w, P], channels that the per-pixel networks see [N, C, H, W] -> [N, outputs, H, W]."""
        form, (count, channels, height, width) = self.net.form, seen.shape
        side, rows, columns = form.tile, height // form.tile, width // form.tile
        tiles = seen.reshape(count, channels, rows, side, columns, side).permute(0, 2, 4, 3, 5, 1)
        x = tiles.reshape(-1, side * side, channels)
        x = torch.cat([x, cast(Tensor, self.code).to(x.dtype).expand(x.shape[0], -1, -1)], 2)
        flat = grid.reshape(-1, grid.shape[3])
        for layer, (bias, weight) in enumerate(parameter_ranges(form.widths)):
            matrices = flat[:, weight].reshape(-1, form.widths[layer], form.widths[layer + 1])
            x = torch.matmul(x, matrices) + flat[:, bias].unsqueeze(1)
            if layer < len(form.widths) - 2:
                x = F.leaky_relu(x, SLOPE)
        x = x.tanh() if form.output == "tanh" else x
        image = x.reshape(count, rows, columns, side, side, form.widths[-1]).permute(0, 5, 1, 3, 2, 4)
        return image.reshape(count, form.widths[-1], height, width)


def unnormalised(module: nn.Module) -> nn.Module:
    """The module with plain convolutions in the place of spectrally normalised ones, changed in place."""
    for name, part in list(module.named_children()):
        if isinstance(part, SPECTRAL):
            setattr(module, name, _plain(part))
        else:
            unnormalised(part)
    return module


@torch.no_grad()
def _plain(conv: SpectralConv2d | SpectralConvTranspose2d) -> nn.Module:
    """The convolution with the weight that it uses."""
    transposed = isinstance(conv, SpectralConvTranspose2d)
    make: Any = nn.ConvTranspose2d if transposed else nn.Conv2d
    more = {"output_padding": conv.output_padding} if transposed else {"padding_mode": conv.padding_mode}
    sizes = conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding
    plain: nn.Conv2d | nn.ConvTranspose2d = make(*sizes, bias=conv.bias is not None, **more).to(conv.weight_orig)
    plain.weight.copy_(conv.normalised_weight())
    if plain.bias is not None and conv.bias is not None:
        plain.bias.copy_(conv.bias)
    return plain
