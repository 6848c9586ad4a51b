"""CPU: the first convolution as a sum of weight rows, wide ones by Winograd's algorithm, norms in the cache."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models import winograd
from pixelwise.models.asapnet import tent_downsample
from pixelwise.models.engine import Convolution, First, Function, Inputs, Layer, Stream, border, effective_weight
from pixelwise.models.label_conv import LabelConvolution
from pixelwise.models.pixelwise_stream import Form, pixelwise_mlp
from pixelwise.models.products import linear

CACHE_VALUES = 2**18  # of a float32 tensor that stays in a core's level-2 cache
EPS = 1e-5


def instance_norm_(image: Tensor, affine: tuple[Tensor, Tensor] | None, relu: bool) -> Tensor:
    """Instance norm, scale and shift and ReLU in place, as many channels at a time as fit the cache.

    Args:
        image: [N, C, H, W], float32; it is overwritten.
        affine: Scale and shift, each [C], or None for 1 and 0.
        relu: Whether negative values become 0.
    """
    channels = image.shape[1]
    chunk = max(1, CACHE_VALUES // max(1, image[0, 0].numel()))
    for sample in image:
        for start in range(0, channels, chunk):
            part = sample[start : start + chunk].flatten(1)  # var_mean is far slower than these three
            part.sub_(part.mean(1, keepdim=True))
            spread = torch.linalg.vector_norm(part, dim=1, keepdim=True).square_()
            factor = torch.rsqrt(spread / part.shape[1] + EPS)
            if affine is None:
                part.mul_(factor)
            else:
                scale, shift = (value[start : start + chunk, None] for value in affine)
                part.mul_(factor * scale).add_(shift)
            if relu:
                part.relu_()
    return image


def _finish(image: Tensor, shortcut: Tensor | None, pad: int) -> Tensor:
    if shortcut is not None:
        image += shortcut
    return F.pad(image, [pad] * 4, mode="reflect") if pad else image


class CpuEngine:
    """Implements `engine.Engine` in float32; see there."""

    def layer(self, conv: Convolution, norm: nn.InstanceNorm2d | None) -> Layer:
        """See `Engine`."""
        affine = None if norm is None else (norm.weight.detach(), norm.bias.detach())
        convolve = _convolution(conv)

        def run(image: Tensor, relu: bool = True, shortcut: Tensor | None = None, pad: int = 0) -> Tensor:
            return _finish(instance_norm_(convolve(image).contiguous(), affine, relu), shortcut, pad)

        return run

    def first(self, conv: nn.Conv2d, norm: nn.InstanceNorm2d | None, factor: int) -> First:
        """See `Engine`."""
        affine = None if norm is None else (norm.weight.detach(), norm.bias.detach())
        by_label = LabelConvolution(effective_weight(conv), conv.padding_mode == "reflect", affine)
        convolve, reflected = _convolution(conv), border(conv)[1]

        def run(inputs: Inputs, pad: int = 0) -> Tensor:
            if inputs.labels is not None and factor == 1:
                return _finish(by_label(inputs.labels, inputs.edge), None, pad)
            image = inputs.dense if inputs.labels is None else _one_hot(inputs, conv.in_channels)
            assert image is not None
            image = tent_downsample(image, factor) if factor > 1 else image
            image = convolve(_finish(image, None, reflected)).contiguous()
            return _finish(instance_norm_(image, affine, True), None, pad)

        return run

    def last(self, conv: nn.Conv2d, relu: bool = False) -> Function:
        """See `Engine`."""
        weight, bias = effective_weight(conv), None if conv.bias is None else conv.bias.detach()
        zeros = border(conv)[0]

        def run(image: Tensor) -> Tensor:
            image = F.conv2d(image, weight, bias, 1, zeros)
            return image.relu_() if relu else image

        return run

    def stream(self, head: nn.Conv2d) -> Stream:
        """See `Engine`."""
        assert head.bias is not None
        weight, bias = effective_weight(head).flatten(1), head.bias.detach()

        def run(image: Tensor, labels: Tensor | None, dense: Tensor | None, form: Form) -> Tensor:
            pixels = image.permute(0, 2, 3, 1)
            grid = linear(pixels.flatten(0, 2), weight, bias).view(*pixels.shape[:3], -1)
            return pixelwise_mlp(grid, labels, dense, form)

        return run


def _convolution(conv: Convolution) -> Function:
    """The convolution without bias, on an input that is padded already if it reflects."""
    weight, zeros = effective_weight(conv), border(conv)[0]
    if isinstance(conv, nn.ConvTranspose2d):
        stride, extra = conv.stride, conv.output_padding
        return lambda image: F.conv_transpose2d(image, weight, None, stride, zeros, extra)
    if winograd.worthwhile(conv):
        return winograd.Convolution(weight, zeros)
    stride = conv.stride
    return lambda image: F.conv2d(image, weight, None, stride, zeros)


def _one_hot(inputs: Inputs, channels: int) -> Tensor:
    """[N, channels, H, W] float32 from label ids and edge."""
    assert inputs.labels is not None
    count = channels - (inputs.edge is not None)
    planes = F.one_hot(inputs.labels.long(), count).permute(0, 3, 1, 2).float()
    return planes if inputs.edge is None else torch.cat([planes, inputs.edge.float()], 1)
