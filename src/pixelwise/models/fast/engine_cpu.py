"""CPU: the first convolution as a sum of weight rows, wide ones by Winograd's algorithm, norms in the cache.

Images are kept with the channels last, which oneDNN convolves up to three times as fast when they are large, except
around Winograd's algorithm, which takes them in planes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.fast import winograd
from pixelwise.models.fast.engine import Convolution, First, Function, Inputs, Layer, Stream, border, effective_weight
from pixelwise.models.fast.instance_norm import moments, normalise
from pixelwise.models.fast.label_conv import LabelConvolution
from pixelwise.models.fast.products import AVAILABLE, linear
from pixelwise.models.pixelwise_stream import Form, pixelwise_mlp
from pixelwise.models.tent import tent_downsample, tent_of_labels

CACHE_VALUES = 2**18  # of a float32 tensor that stays in a core's level-2 cache
EPS = 1e-5
FEW_OUTPUTS = 32  # of a convolution, times the rows of its kernel


def instance_norm_(image: Tensor, affine: tuple[Tensor, Tensor] | None, relu: bool) -> Tensor:
    """Instance norm, scale and shift and ReLU in place, as much of the image at a time as fits the cache.

    Args:
        image: [N, C, H, W], float32, contiguous in planes or with the channels last; it is overwritten.
        affine: Scale and shift, each [C], or None for 1 and 0.
        relu: Whether negative values become 0.
    """
    if not image.is_contiguous():
        return _norm_last_(image, affine, relu)
    channels = image.shape[1]
    chunk = max(1, CACHE_VALUES // max(1, image[0, 0].numel()))
    for sample in image:
        for start in range(0, channels, chunk):
            part = sample[start : start + chunk].view(-1, sample[0].numel())  # var_mean is far slower than these three
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


def _norm_last_(image: Tensor, affine: tuple[Tensor, Tensor] | None, relu: bool) -> Tensor:
    """See `instance_norm_`."""
    scale, shift = affine or (None, None)
    count, channels, height, width = image.shape
    for sample in image.permute(0, 2, 3, 1).view(count, height * width, channels):
        parts = sample.split(max(1, CACHE_VALUES // channels))
        mean, root = moments(parts, EPS)
        normalise(parts, parts, mean, root if scale is None else root * scale, shift, relu)
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
            return _finish(instance_norm_(convolve(image), affine, relu), shortcut, pad)

        return run

    def first(self, conv: nn.Conv2d, norm: nn.InstanceNorm2d | None, factor: int) -> First:
        """See `Engine`."""
        affine = None if norm is None else (norm.weight.detach(), norm.bias.detach())
        by_label = LabelConvolution(effective_weight(conv), conv.padding_mode == "reflect", affine)
        convolve, reflected, channels = _convolution(conv), border(conv)[1], conv.in_channels

        def run(inputs: Inputs, pad: int = 0) -> Tensor:
            if inputs.labels is not None and factor == 1:
                return _finish(by_label(inputs.labels, inputs.edge), None, pad)
            if inputs.labels is not None:
                edge = None if inputs.edge is None else inputs.edge.float()
                image = tent_of_labels(inputs.labels, edge, channels - (edge is not None), factor)
            else:
                assert inputs.dense is not None
                image = tent_downsample(inputs.dense, factor) if factor > 1 else inputs.dense
            image = convolve(_finish(image, None, reflected))
            return _finish(instance_norm_(image, affine, True), None, pad)

        return run

    def last(self, conv: nn.Conv2d, relu: bool = False) -> Function:
        """See `Engine`."""
        weight, bias = effective_weight(conv), None if conv.bias is None else conv.bias.detach()
        convolve: Function
        if winograd.worthwhile(conv) and bias is not None:
            convolve = _WithBias(weight, bias, border(conv)[0])
        elif Rows.worthwhile(conv):
            convolve = Rows(weight, bias, border(conv)[0])
        else:
            return _direct(conv, bias, relu)

        def run(image: Tensor) -> Tensor:
            image = convolve(image)
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


class _WithBias:
    """Winograd's convolution, then the bias; the result has its channels last."""

    def __init__(self, weight: Tensor, bias: Tensor, zeros: int) -> None:
        self.convolve, self.bias = winograd.Convolution(weight, zeros), bias.view(-1, 1, 1)

    def __call__(self, image: Tensor) -> Tensor:
        """[N, in, H, W] -> [N, out, H', W']."""
        return self.convolve(image).add_(self.bias).contiguous(memory_format=torch.channels_last)


class Rows:
    """A convolution with few outputs, of stride 1: one with a kernel of one row gives what each row of the kernel adds.

    oneDNN computes 16 channels at a time, so that 7 rows for 3 outputs take a third of the time of the whole kernel.

    Args:
        weight: [out, in, k, k] float32.
        bias: [out] or None.
        zeros: Zero padding.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, zeros: int) -> None:
        self.outputs, _, self.kernel, _ = weight.shape
        rows = weight.permute(2, 0, 1, 3).flatten(0, 1).unsqueeze(2)  # [k * out, in, 1, k]
        self.weight = rows.contiguous(memory_format=torch.channels_last)
        self.bias, self.zeros = bias, zeros

    @staticmethod
    def worthwhile(conv: nn.Conv2d) -> bool:
        """Whether a convolution has a form for which this pays."""
        plain = conv.stride == (1, 1) and conv.dilation == (1, 1) and conv.groups == 1
        return plain and conv.out_channels * conv.kernel_size[0] <= FEW_OUTPUTS

    def __call__(self, image: Tensor) -> Tensor:
        """[N, in, H, W] -> [N, out, H - k + 1 + 2 zeros, W - k + 1 + 2 zeros], in planes."""
        rows = F.conv2d(image, self.weight, None, 1, self.zeros)
        height = rows.shape[2] - self.kernel + 1
        parts = [part[:, :, i : i + height] for i, part in enumerate(torch.split(rows, self.outputs, 1))]
        result = parts[0].clone(memory_format=torch.contiguous_format)
        for part in parts[1:]:
            result += part
        return result if self.bias is None else result.add_(self.bias.view(-1, 1, 1))


def _convolution(conv: Convolution) -> Function:
    """The convolution without bias, on an input that is padded already if it reflects."""
    if isinstance(conv, nn.Conv2d) and winograd.worthwhile(conv):
        return winograd.Convolution(effective_weight(conv), border(conv)[0])
    return _direct(conv, None)


def _channels_last(weight: Tensor) -> Tensor:
    """[out, in, k, l] with the channels last, in strides too: with one channel PyTorch would take it for planes."""
    weight = weight.contiguous(memory_format=torch.channels_last)
    _, channels, height, width = weight.shape
    return weight.as_strided(weight.shape, (height * width * channels, 1, width * channels, channels))


def _direct(conv: Convolution, bias: Tensor | None, relu: bool = False) -> Function:
    """A convolution as PyTorch computes it, channels last; a ReLU by oneDNN inside it, or else after it."""
    weight = _channels_last(effective_weight(conv))
    stride, zeros, extra = conv.stride, border(conv)[0], conv.output_padding
    transposed = isinstance(conv, nn.ConvTranspose2d)

    def run(image: Tensor) -> Tensor:
        if relu and not transposed and AVAILABLE and torch.backends.mkldnn.enabled:
            fused = torch.ops.mkldnn._convolution_pointwise
            image = fused(image, weight, bias, [zeros] * 2, stride, [1, 1], 1, "relu", [], "")
            return image.contiguous(memory_format=torch.channels_last)
        if transposed:
            image = F.conv_transpose2d(image, weight, bias, stride, zeros, extra)
        else:
            image = F.conv2d(image, weight, bias, stride, zeros)
        image = image.contiguous(memory_format=torch.channels_last)
        return image.relu_() if relu else image

    return run
