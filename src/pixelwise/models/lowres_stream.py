"""ASAP-Net's low-res stream: from the semantics to one vector of parameters for every tile.

Source: docs/reference/models.md, "Low-res stream" and "Tent filter" (tamarott/ASAPNet models/networks/generator.py
and architecture.py).
"""

from __future__ import annotations

import math
from typing import Any, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.fast.instance_norm import instance_norm_relu, large, worthwhile
from pixelwise.models.fast.products import linear

Padding = Literal["zero", "reflection"]
Norm = Literal["instance", "none"]


class ConvNormReLU(nn.Module):
    """3x3 convolution, instance norm with scale and shift or in its place a bias, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int, padding: Padding, norm: Norm = "instance") -> None:
        super().__init__()
        mode: Literal["zeros", "reflect"] = "zeros" if padding == "zero" else "reflect"
        normed = norm == "instance"
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=not normed, padding_mode=mode)
        self.norm = nn.InstanceNorm2d(outputs, affine=True) if normed else nn.Identity()

    def forward(self, image: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, outputs, ceil(H / stride), ceil(W / stride)]."""
        image = self.conv(image)
        if isinstance(self.norm, nn.InstanceNorm2d) and worthwhile(image):
            return instance_norm_relu(image, self.norm.weight, self.norm.bias, self.norm.eps)
        return F.relu_(self.norm(image))


class _Linear(torch.autograd.Function):
    """`products.linear` with gradients."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """[n, in], [out, in], [out] -> [n, out]."""
        ctx.save_for_backward(rows, weight)
        return linear(rows, weight, bias)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients of the rows, the weight and the bias."""
        rows, weight = ctx.saved_tensors
        return linear(grad, weight.mT), linear(grad.mT, rows.mT), grad.sum(0)


class LowResStream(nn.Module):
    """Convolutions that shrink the input to one position per tile, and the prediction of each tile's weights.

    One layer at full size, log2(learned_factor) layers of stride 2 of which the last widens to `max_width`, `depth`
    layers on the grid (plain, without shortcuts), and a 1x1 convolution with bias.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        learned_factor: int,
        width: int,
        max_width: int,
        depth: int,
        padding: Padding,
        norm: Norm = "instance",
    ) -> None:
        super().__init__()
        strided = int(math.log2(learned_factor))
        widths = [inputs] + [width] * strided + [max_width] * (depth + 1)
        strides = [1] + [2] * strided + [1] * depth
        self.layers = nn.ModuleList(
            ConvNormReLU(widths[i], widths[i + 1], stride, padding, norm) for i, stride in enumerate(strides)
        )
        self.head = nn.Conv2d(max_width, outputs, 1)

    def forward(self, image: Tensor) -> Tensor:
        """[N, inputs, H, W] -> tile-major grid [N, H / learned_factor, W / learned_factor, outputs]."""
        if large(image):
            image = image.contiguous(memory_format=torch.channels_last)
        for layer in self.layers:
            image = layer(image)
        pixels, weight = image.permute(0, 2, 3, 1), self.head.weight.flatten(1)
        if image.device.type != "cpu" or torch.is_autocast_enabled("cpu") or torch.compiler.is_compiling():
            return F.linear(pixels, weight, self.head.bias)
        rows = pixels.reshape(-1, pixels.shape[-1])
        grid = cast(Tensor, _Linear.apply(rows, weight, self.head.bias))  # type: ignore[no-untyped-call]
        return grid.view(*pixels.shape[:3], -1)
