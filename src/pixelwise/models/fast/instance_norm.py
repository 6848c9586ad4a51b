"""Instance norm, scale and shift and ReLU in one function on the CPU, for large images with the channels last.

Forward: m, v the mean and (biased) variance of a channel, r = 1/sqrt(v + eps), y = relu((x - m) r w + b). Backward: g
is the gradient of y where y > 0, for n pixels: db = sum g, dw = sum g (x - m) r, dx = w r (g - db/n - (x - m) r dw/n).
The pixels are taken in chunks that stay in the cache, and the moments of the chunks are combined (T. Chan, G. Golub, R.
LeVeque, "Algorithms for computing the sample variance", 1983). PyTorch's own functions take about three times as long.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor

CHUNK_VALUES = 2**18  # float32 values that stay in a core's level-2 cache
LEAST_PIXELS = 2**14  # below that the images fit the cache anyway


def worthwhile(image: Tensor) -> bool:
    """Whether `instance_norm_relu` is the faster form: a large float32 image on the CPU, channels last."""
    return large(image) and image.is_contiguous(memory_format=torch.channels_last)


def large(image: Tensor) -> bool:
    """Whether an image is worth the channels-last layout: float32, on the CPU, larger than the cache."""
    pixels = image.shape[2] * image.shape[3]
    on_cpu = image.device.type == "cpu" and not torch.is_autocast_enabled("cpu") and not torch.compiler.is_compiling()
    return on_cpu and image.dtype == torch.float32 and pixels >= LEAST_PIXELS


def instance_norm_relu(image: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Instance norm, scale and shift, ReLU.

    Args:
        image: [N, C, H, W] float32 on the CPU, channels last.
        weight: Scale [C].
        bias: Shift [C].
        eps: Added to the variance.

    Returns:
        [N, C, H, W], channels last; gradients flow to all three tensors.
    """
    return cast(Tensor, _InstanceNormReLU.apply(image, weight, bias, eps))  # type: ignore[no-untyped-call]


def moments(parts: Iterable[Tensor], eps: float) -> tuple[Tensor, Tensor]:
    """Mean m and 1 / sqrt(v + eps) of each column of a table given in parts, each [pixels, C] float32; both [C].

    Each part is read as soon as it comes; it may be made for the purpose.
    """
    seen, buffer = [], None
    for part in parts:
        if buffer is None or buffer.shape != part.shape:
            buffer = torch.empty_like(part)
        mean = part.mean(0)
        spread = torch.sub(part, mean, out=buffer).square_().sum(0)
        seen.append((len(part), mean.double(), spread.double()))
    total = sum(pixels for pixels, _, _ in seen)
    mean = torch.stack([pixels * m for pixels, m, _ in seen]).sum(0) / total
    spread = torch.stack([s + pixels * (m - mean).square() for pixels, m, s in seen]).sum(0)
    return mean.float(), torch.rsqrt(spread / total + eps).float()


def normalise(
    parts: Iterable[Tensor],
    targets: Iterable[Tensor],
    mean: Tensor,
    factor: Tensor,
    bias: Tensor | None,
    relu: bool = True,
) -> None:
    """Write (part - mean) factor + bias, all three [C], then ReLU, to the targets, possibly the same tensors."""
    for part, target in zip(parts, targets, strict=True):
        torch.sub(part, mean, out=target).mul_(factor)
        if bias is not None:
            target.add_(bias)
        if relu:
            target.relu_()


def _chunks(image: Tensor) -> list[tuple[Tensor, ...]]:
    """Views [pixels, C] of each sample's pixels, in parts that fit the cache."""
    rows = image.permute(0, 2, 3, 1).flatten(1, 2)
    return [sample.split(max(1, CHUNK_VALUES // image.shape[1])) for sample in rows]


class _InstanceNormReLU(torch.autograd.Function):
    """See `instance_norm_relu`."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
        """Keep input, output and the moments."""
        out = torch.empty_like(image)
        found = [moments(parts, eps) for parts in _chunks(image)]
        for parts, targets, (mean, root) in zip(_chunks(image), _chunks(out), found, strict=True):
            normalise(parts, targets, mean, root * weight, bias)
        means, roots = (torch.stack(values) for values in zip(*found, strict=True))
        ctx.save_for_backward(image, out, weight, means, roots)
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Gradients of the image, the scale and the shift."""
        image, out, weight, means, roots = ctx.saved_tensors
        grad = grad.contiguous(memory_format=torch.channels_last)
        grad_image = torch.empty_like(image)
        grad_weight, grad_bias = torch.zeros_like(weight), torch.zeros_like(weight)
        groups = zip(_chunks(image), _chunks(out), _chunks(grad), _chunks(grad_image), means, roots, strict=True)
        for images, outs, grads, targets, mean, root in groups:
            shift, scale = torch.zeros_like(mean), torch.zeros_like(mean)
            for x, y, g, target in zip(images, outs, grads, targets, strict=True):
                torch.ops.aten.threshold_backward.grad_input(g, y, 0, grad_input=target)
                shift += target.sum(0)
                scale += ((x - mean).mul_(target)).sum(0)
            scale *= root
            pixels = image.shape[2] * image.shape[3]
            for x, target in zip(images, targets, strict=True):
                target.mul_(root * weight).sub_(root * weight * shift / pixels)
                target.sub_((x - mean).mul_(root * root * weight * scale / pixels))
            grad_weight += scale
            grad_bias += shift
        return grad_image, grad_weight, grad_bias, None
