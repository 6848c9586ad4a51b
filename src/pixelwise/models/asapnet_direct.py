"""ASAP-Net in the direct formulation, as the published description reads: the yardstick of this package's own form.

One-hot labels and the position code of the whole image are joined, cut into tiles with unfold, and multiplied by
every tile's matrices, which are transposed views of the predicted [N, P, h, w] tensor; biases are added separately.
Written from docs/reference/models.md, "Position code" and "Pixelwise stream"; no attention is paid to memory traffic.
"""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.architectures.asapnet import AsapNet
from pixelwise.models.lowres_stream import ConvNormReLU
from pixelwise.models.pixelwise_stream import Form, parameter_ranges, position_code

SLOPE = 0.01


def direct_stream(parameters: Tensor, semantics: Tensor, form: Form) -> Tensor:
    """Apply to every pixel the network of its tile.

    Args:
        parameters: [N, P, h, w] as a convolution gives them.
        semantics: [N, C, H, W], the channels that the per-pixel networks see.
        form: Shape of the networks; `num_labels` is not used.

    Returns:
        [N, form.widths[-1], H, W].
    """
    count, _, rows, columns = parameters.shape
    tile, tiles = form.tile, rows * columns
    x = semantics
    if form.position_code:
        code = position_code(tile, x.device, x.dtype).T.reshape(1, -1, tile, tile)
        x = torch.cat([x, code.repeat(count, 1, rows, columns)], 1)
    channels = x.shape[1]
    x = x.unfold(2, tile, tile).unfold(3, tile, tile)
    x = x.permute(0, 2, 3, 4, 5, 1).reshape(count, tiles, tile * tile, channels)
    last = len(form.widths) - 2
    for layer, (bias, weight) in enumerate(parameter_ranges(form.widths)):
        shape = (count, form.widths[layer], form.widths[layer + 1], tiles)
        matrices = parameters[:, weight].reshape(shape).permute(0, 3, 1, 2)
        shifts = parameters[:, bias].reshape(count, 1, -1, tiles).permute(0, 3, 1, 2)
        x = torch.matmul(x, matrices) + shifts
        if layer < last:
            x = F.leaky_relu(x, SLOPE)
    x = x.tanh() if form.output == "tanh" else x
    x = x.view(count, rows, columns, tile, tile, -1).permute(0, 5, 1, 3, 2, 4)
    return x.reshape(count, -1, rows * tile, columns * tile)


class DirectAsapNet(nn.Module):
    """An AsapNet with the same weights, with plain convolutions and the direct pixelwise stream."""

    def __init__(self, net: AsapNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, semantics: Tensor) -> Tensor:
        """The image that `AsapNet.forward` makes of a dense input, up to rounding."""
        self.net.legal.check(semantics.shape)
        image = self.net.lowres_input(semantics)
        for layer in cast("list[ConvNormReLU]", self.net.lowres.layers):
            image = F.relu_(layer.norm(layer.conv(image)))
        seen = semantics[:, : self.net.channels - self.net.drop_last]
        made = direct_stream(self.net.lowres.head(image), seen, self.net.form)
        return made + semantics[:, : self.net.output_channels] if self.net.residual else made
