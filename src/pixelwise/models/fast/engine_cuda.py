"""CUDA: channels-last cuDNN convolutions in float32, TF32 or bfloat16, and Triton kernels for what lies between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.fast import fused_triton, plain_forms
from pixelwise.models.fast.engine import Convolution, First, Function, Inputs, Layer, Stream, border, effective_weight
from pixelwise.models.fast.kernel_choice import shared_memory, tell
from pixelwise.models.fast.pixelwise_triton import Precision, pixelwise_mlp_triton, program, supports
from pixelwise.models.pixelwise_stream import Form, pixelwise_mlp
from pixelwise.models.tent import tent_downsample

ALIGNMENT = 8  # channels of a tensor-core operand in bfloat16
GRID_ALIGNMENT = 64  # of a row of the parameter grid: whole tiles for the matrix product, aligned rows for the kernel
STREAM: dict[str, Precision] = {"fp32": "ieee", "tf32": "tf32", "bf16": "tf32"}
"""Arithmetic of the pixelwise stream: never below TF32, whatever the low-res stream computes in."""


def _padded(weight: Tensor, axis: int, multiple: int) -> Tensor:
    """The weight with zeros up to a multiple of channels along an axis."""
    missing = -weight.shape[axis] % multiple
    return weight if missing == 0 else F.pad(weight, [0, 0] * (weight.dim() - 1 - axis) + [0, missing])


class CudaEngine:
    """Implements `engine.Engine`; see there.

    Args:
        precision: "fp32", "tf32" (float32 storage; the caller allows TF32) or "bf16".
        obstacle: Why the kernels cannot run here (`kernel_choice.obstacle`); PyTorch's own forms then take their place.

    Attributes:
        notes: Which kernels are not used and why, a line each.
    """

    def __init__(self, precision: Literal["fp32", "tf32", "bf16"], obstacle: str | None = None) -> None:
        self.notes: list[str] = []
        self.arithmetic, self.kernels = STREAM[precision], obstacle is None
        forms = fused_triton if self.kernels else plain_forms
        self.semantics: Callable[..., Tensor] = forms.semantics
        self.instance_norm: Callable[..., Tensor] = forms.instance_norm
        if obstacle:
            self._note(f"{obstacle}: PyTorch's own forms are used instead of this package's kernels")
        self.dtype = torch.bfloat16 if precision == "bf16" else torch.float32

    def _note(self, line: str) -> None:
        if line not in self.notes:
            self.notes.append(line)
            tell(line)

    def _weight(self, weight: Tensor) -> Tensor:
        return weight.to(self.dtype).contiguous(memory_format=torch.channels_last)

    def layer(self, conv: Convolution, norm: nn.InstanceNorm2d | None) -> Layer:
        """See `Engine`."""
        weight = self._weight(effective_weight(conv))
        affine = None if norm is None else (norm.weight.detach().float(), norm.bias.detach().float())
        zeros, stride = border(conv)[0], conv.stride[0]
        extra, transposed = conv.output_padding[0], isinstance(conv, nn.ConvTranspose2d)

        def run(image: Tensor, relu: bool = True, shortcut: Tensor | None = None, pad: int = 0) -> Tensor:
            if transposed:
                image = F.conv_transpose2d(image, weight, None, stride, zeros, extra)
            else:
                image = F.conv2d(image, weight, None, stride, zeros)
            return self.instance_norm(image, affine, relu, shortcut, pad)

        return run

    def first(self, conv: nn.Conv2d, norm: nn.InstanceNorm2d | None, factor: int) -> First:
        """See `Engine`."""
        zeros, reflected = border(conv)
        channels, stride = conv.in_channels, conv.stride
        weight = self._weight(_padded(effective_weight(conv), 1, ALIGNMENT))
        affine = None if norm is None else (norm.weight.detach().float(), norm.bias.detach().float())

        def run(inputs: Inputs, pad: int = 0) -> Tensor:
            if inputs.labels is not None:
                count = channels - (inputs.edge is not None)
                image = self.semantics(
                    inputs.labels, inputs.edge, count, factor, reflected, weight.shape[1], self.dtype
                )
            else:
                assert inputs.dense is not None
                image = tent_downsample(inputs.dense, factor) if factor > 1 else inputs.dense
                image = F.pad(image, [reflected] * 4, mode="reflect") if reflected else image
                image = _padded(image, 1, ALIGNMENT).to(self.dtype).contiguous(memory_format=torch.channels_last)
            image = F.conv2d(image, weight, None, stride, zeros)
            return self.instance_norm(image, affine, pad=pad)

        return run

    def last(self, conv: nn.Conv2d, relu: bool = False) -> Function:
        """See `Engine`."""
        weight = self._weight(_padded(_padded(effective_weight(conv), 0, ALIGNMENT), 1, ALIGNMENT))
        bias = weight.new_zeros(weight.shape[0])
        if conv.bias is not None:
            bias[: conv.out_channels] = conv.bias.detach()
        zeros, outputs = border(conv)[0], conv.out_channels

        def run(image: Tensor) -> Tensor:
            image = _padded(image, 1, ALIGNMENT).to(self.dtype).contiguous(memory_format=torch.channels_last)
            image = F.conv2d(image, weight, bias, 1, zeros)
            return (image.relu_() if relu else image)[:, :outputs]

        return run

    def stream(self, head: nn.Conv2d) -> Stream:
        """See `Engine`; the grid is a slice of a padded one, in the precision's storage type."""
        weight = _padded(effective_weight(head).flatten(1), 0, GRID_ALIGNMENT).to(self.dtype)
        assert head.bias is not None
        bias = _padded(head.bias.detach(), 0, GRID_ALIGNMENT).to(self.dtype)
        length = head.out_channels

        def run(image: Tensor, labels: Tensor | None, dense: Tensor | None, form: Form) -> Tensor:
            grid = F.linear(image.permute(0, 2, 3, 1), weight, bias)[..., :length]
            dense = None if dense is None else dense.float().contiguous()
            if self.kernels and supports(form):
                if program(grid, labels, dense, form, self.arithmetic):
                    return pixelwise_mlp_triton(grid, labels, dense, form, self.arithmetic)
                limit = (shared_memory(grid.device) or 0) // 1024
                self._note(
                    f"the pixelwise kernel in {self.arithmetic} with tiles of {form.tile} needs more than the "
                    f"{limit} KiB of shared memory that this card has for a block: PyTorch's own form is used"
                )
            return pixelwise_mlp(grid.float().contiguous(), labels, dense, form)

        return run
