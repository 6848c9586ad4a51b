"""Wide 3x3 convolutions in training on the CPU by Winograd's F(2x2, 3x3), forwards and backwards; see `winograd`.

With Y = A^T [U * V] A, U = G g G^T, V = B^T d B per 4x4 patch d: the input's gradient is the same convolution with the
rotated filters, whose U is that of the filters with the first and the last row, and column, exchanged; the weight's is
G^T [sum over patches of (A dY A^T) V^T] G. U, as large as 1.8 weights, is never whole: it is made, used and dropped
for some filters at a time, once forwards and once backwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.fast.winograd import G, assemble, transform, worthwhile

LEAST_PATCHES = 128  # 2x2 patches in a batch, below which transforming the weights costs more than is saved
AT_A_TIME = 256  # filters; their transforms stay in the last level of cache, and their products are large enough
EXCHANGED = tuple(4 * i + j for i in (3, 1, 2, 0) for j in (3, 1, 2, 0))


def convolve(conv: nn.Conv2d, image: Tensor) -> Tensor:
    """The same as `conv(image)` up to rounding; by Winograd's algorithm where that makes a training step faster.

    Args:
        conv: Any convolution.
        image: [N, in, H, W].

    Returns:
        [N, out, H', W'].
    """
    patches = image.shape[0] * ((image.shape[2] + 1) // 2) * ((image.shape[3] + 1) // 2)
    suitable = image.device.type == "cpu" and image.dtype == conv.weight.dtype == torch.float32
    training = torch.is_grad_enabled() and conv.weight.requires_grad
    special = torch.is_autocast_enabled("cpu") or torch.compiler.is_compiling() or conv.bias is not None
    if not (suitable and training and worthwhile(conv)) or special or patches < LEAST_PATCHES:
        return cast(Tensor, conv(image))
    if conv.padding_mode == "zeros":
        return winograd_conv2d(image, conv.weight, 1)
    return winograd_conv2d(F.pad(image, [1] * 4, mode=conv.padding_mode), conv.weight, 0)


def winograd_conv2d(image: Tensor, weight: Tensor, padding: int) -> Tensor:
    """F.conv2d(image, weight, padding=padding) for 3x3 filters, with its gradients.

    Args:
        image: [N, in, H, W].
        weight: [out, in, 3, 3].
        padding: Zeros around the image, 0 to 2.

    Returns:
        [N, out, H - 2 + 2 padding, W - 2 + 2 padding].
    """
    return cast(Tensor, _Winograd.apply(image, weight, padding))  # type: ignore[no-untyped-call]


class _Winograd(torch.autograd.Function):
    """See `winograd_conv2d`."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, weight: Tensor, padding: int) -> Tensor:
        """Keep nothing but the arguments."""
        ctx.save_for_backward(image, weight)
        ctx.padding = padding
        patches = _patches(image, padding)
        product = image.new_empty(16, len(weight), patches.shape[2])
        for filters, part in zip(_filters(weight), _parts(product, 1), strict=True):
            torch.bmm(filters, patches, out=part)
        return _join(product, image, padding)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        """Gradients of the image and of the weight."""
        image, weight = ctx.saved_tensors
        grad_image = grad_weight = None
        if ctx.needs_input_grad[0]:
            order = list(EXCHANGED)
            patches = _patches(grad, 2 - ctx.padding)[order]
            product = grad.new_zeros(16, weight.shape[1], patches.shape[2])
            for filters, seen in zip(_filters(weight), _parts(patches, 1), strict=True):
                product.baddbmm_(filters.mT, seen)
            grad_image = _join(product[order], grad, 2 - ctx.padding)
        if ctx.needs_input_grad[1]:
            grad_weight = weight.new_empty(weight.shape)
            patches, back = _patches(image, ctx.padding), _kronecker(weight).T
            parts = _parts(grad_weight)
            sums, rows = weight.new_empty(16, parts[0].numel() // 9), weight.new_empty(9, parts[0].numel() // 9)
            for seen, part in zip(_parts(_spread(grad), 1), parts, strict=True):
                of_part = slice(part.numel() // 9)
                torch.bmm(seen, patches.mT, out=sums[:, of_part].view(16, *part.shape[:2]))
                torch.mm(back, sums[:, of_part], out=rows[:, of_part])
                torch.stack(rows[:, of_part].unbind(), 1, out=part.view(-1, 9))  # twice as fast as a copy of rows.T
        return grad_image, grad_weight, None


def _parts(tensor: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of a few filters at a time."""
    return torch.split(tensor, AT_A_TIME, dim)


def _kronecker(weight: Tensor) -> Tensor:
    """The map g -> G g G^T of flattened filters: [16, 9]."""
    g = torch.tensor(G, dtype=weight.dtype)
    return torch.kron(g, g)


def _filters(weight: Tensor) -> Iterator[Tensor]:
    """U, [16, part of out, in], of one part of the filters after the other; each overwrites the one before."""
    parts, kronecker = _parts(weight), _kronecker(weight)
    buffer = weight.new_empty(16, parts[0].numel() // 9)
    for part in parts:
        made = buffer[:, : part.numel() // 9]
        yield torch.mm(kronecker, part.reshape(-1, 9).T, out=made).view(16, *part.shape[:2])


def _patches(image: Tensor, padding: int) -> Tensor:
    """V: [N, C, H, W] -> [16, C, N * patches]; rows and columns are made even."""
    height, width = (side - 2 + 2 * padding for side in image.shape[2:])
    padded = F.pad(image, (padding, padding + width % 2, padding, padding + height % 2))
    return transform(padded, (height + 1) // 2, (width + 1) // 2)


def _join(product: Tensor, image: Tensor, padding: int) -> Tensor:
    """A^T m A of all patches of a convolution of `image`: [16, out, N * patches] -> [N, out, H', W']."""
    height, width = (side - 2 + 2 * padding for side in image.shape[2:])
    rows, columns = (height + 1) // 2, (width + 1) // 2
    result = assemble(product.view(16, product.shape[1], len(image), rows, columns).unbind())
    return result[..., :height, :width].transpose(0, 1).contiguous()


def _spread(grad: Tensor) -> Tensor:
    """A dY A^T: [N, out, H', W'] -> [16, out, N * patches]."""
    grad = F.pad(grad, (0, grad.shape[3] % 2, 0, grad.shape[2] % 2)).transpose(0, 1)
    top, bottom = grad[..., ::2, :], grad[..., 1::2, :]
    out = []
    for line in (top, top + bottom, top - bottom, -bottom):
        left, right = line[..., ::2], line[..., 1::2]
        out += [left, left + right, left - right, -right]
    return torch.stack(out).flatten(2)
