"""ASAP-Net's low-res stream: from the semantics to one vector of parameters for every tile.

Source: models.md 2.2 and 2.3 (tamarott/ASAPNet models/networks/generator.py and architecture.py).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Padding = Literal["zero", "reflection"]


class ConvNormReLU(nn.Module):
    """3x3 convolution without bias, instance norm with scale and shift, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int, padding: Padding) -> None:
        super().__init__()
        mode: Literal["zeros", "reflect"] = "zeros" if padding == "zero" else "reflect"
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False, padding_mode=mode)
        self.norm = nn.InstanceNorm2d(outputs, affine=True)

    def forward(self, image: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, outputs, ceil(H / stride), ceil(W / stride)]."""
        return F.relu_(self.norm(self.conv(image)))


class LowResStream(nn.Module):
    """Convolutions that shrink the input to one position per tile, and the prediction of each tile's weights.

    One layer at full size, log2(learned_factor) layers of stride 2 of which the last widens to `max_width`, `depth`
    layers on the grid (plain, without shortcuts), and a 1x1 convolution with bias.
    """

    def __init__(
        self, inputs: int, outputs: int, learned_factor: int, width: int, max_width: int, depth: int, padding: Padding
    ) -> None:
        super().__init__()
        strided = int(math.log2(learned_factor))
        widths = [inputs] + [width] * strided + [max_width] * (depth + 1)
        strides = [1] + [2] * strided + [1] * depth
        self.layers = nn.ModuleList(
            ConvNormReLU(widths[i], widths[i + 1], stride, padding) for i, stride in enumerate(strides)
        )
        self.head = nn.Conv2d(max_width, outputs, 1)

    def forward(self, image: Tensor) -> Tensor:
        """[N, inputs, H, W] -> tile-major grid [N, H / learned_factor, W / learned_factor, outputs], contiguous."""
        for layer in self.layers:
            image = layer(image)
        return F.linear(image.permute(0, 2, 3, 1), self.head.weight.flatten(1), self.head.bias)


@lru_cache(maxsize=16)
def _tent(factor: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Taps 1, 3, ..., 2 factor - 1, 2 factor - 1, ..., 3, 1 with sum 1."""
    rising = torch.arange(1, 2 * factor, 2, dtype=torch.float64, device="cpu")
    taps = torch.cat([rising, rising.flip(0)])
    return (taps / taps.sum()).to(dtype).to(device)


def tent_downsample(image: Tensor, factor: int) -> Tensor:
    """Shrink by a separable tent filter of length 2 factor, with reflection padding of factor / 2 (models.md 2.3).

    Args:
        image: [N, C, H, W].
        factor: An even number that divides H and W.

    Returns:
        [N, C, H / factor, W / factor].
    """
    channels = image.shape[1]
    with torch.inference_mode(False):
        taps = _tent(factor, image.device, image.dtype)
    padded = F.pad(image, [factor // 2] * 4, mode="reflect")
    across = F.conv2d(padded, taps.view(1, 1, 1, -1).expand(channels, -1, -1, -1), stride=(1, factor), groups=channels)
    return F.conv2d(across, taps.view(1, 1, -1, 1).expand(channels, -1, -1, -1), stride=(factor, 1), groups=channels)
