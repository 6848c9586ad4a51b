"""The Triton kernels on an emulated card: PyTorch's forms of them, with the kernels' arithmetic and limits."""

from __future__ import annotations

import contextlib
import unittest.mock
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from pixelwise.models.fast import engine_cuda, fused_triton, pixelwise_triton, plain_forms
from pixelwise.models.pixelwise_form import SLOPE, Form, parameter_ranges, position_channels, position_code
from pixelwise.models.pixelwise_stream import _tiles
from tests.gpu_emulated import card
from tests.gpu_emulated.card import CardTensor, bare, state

DEPTH = 8
"""Products that a tensor core adds up in one step, in TF32."""


def _three_products(x: Tensor, y: Tensor) -> Tensor:
    """A product of sums of two TF32 numbers each, without that of the small ones."""
    (a, b), (c, d) = (_halves(z) for z in (x, y))
    total = torch.zeros((), dtype=torch.float64)
    for left, right in ((b, c), (a, d), (a, c)):
        for start in range(0, x.shape[-1], DEPTH):
            part = left[..., start : start + DEPTH] @ right[..., start : start + DEPTH, :]
            total = _toward_zero(part.add_(total))
    return total.float()


def _halves(x: Tensor) -> tuple[Tensor, Tensor]:
    """The two TF32 numbers whose sum stands for a float32, in float64."""
    high = card.tf32(x, False)
    return high.double(), card.tf32(x - high, False).double()


def _toward_zero(x: Tensor) -> Tensor:
    """Float64 cut off in place to the mantissa of float32, as tensor cores end each of their steps."""
    x.view(torch.int64).bitwise_and_(-1 << 52 - 23)
    return x


PRODUCTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "ieee": torch.matmul,
    "tf32x3": _three_products,
    "tf32": lambda x, y: card.tf32(x, True) @ card.tf32(y, True),
    "bf16": lambda x, y: x.bfloat16().float() @ y.bfloat16().float(),
}
"""The kernel's products; their sums are float32. Only for `tf32x3` does the compiler round: else bits are cut off."""
SHARED_KIB = {("ieee", 64): 76, ("ieee", 32): 64, ("tf32x3", 128): 160, ("tf32x3", 32): 124, ("tf32", 64): 80}
SHARED_KIB |= {("tf32", 32): 66, ("bf16", 128): 68, ("bf16", 64): 48, ("bf16", 32): 38}
"""Shared memory of a program for tiles of 16, as `benchmarks/kernels.py` prints it (sm_75 for 32 pixels in float32)."""
WIDER_KIB = 8
"""How much more it takes for tiles of 32 and more, whose position code is wider."""


def stream(
    parameters: Tensor,
    labels: Tensor | None,
    dense: Tensor | None,
    form: Form,
    precision: str = "ieee",
    block: int | None = None,
    warps: int | None = None,
) -> Tensor:
    """`pixelwise_mlp_triton`, with its products rounded as the kernel rounds them."""
    product = PRODUCTS[precision]
    count, rows, columns, _ = parameters.shape
    flat = parameters.float().reshape(count * rows * columns, -1)
    x = torch.zeros(())
    for index, (bias, weight) in enumerate(parameter_ranges(form.widths)):
        matrix = flat[:, weight].reshape(len(flat), *form.widths[index : index + 2])
        added = flat[:, bias].unsqueeze(1)
        x = added + product(x, matrix) if index else _first(matrix, added, labels, dense, form, product)
        if index < len(form.widths) - 2:
            x = F.leaky_relu(x, SLOPE)
    x = 2 * (2 * x).sigmoid() - 1 if form.output == "tanh" else x
    x = x.view(count, rows, columns, form.tile, form.tile, -1).permute(0, 5, 1, 3, 2, 4)
    return x.reshape(count, form.widths[-1], rows * form.tile, columns * form.tile)


def _first(
    matrix: Tensor,
    added: Tensor,
    labels: Tensor | None,
    dense: Tensor | None,
    form: Form,
    product: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """The first layer: a row for the label, dense channels in float32, the position code as a product."""
    positions = position_channels(form.tile) if form.position_code else 0
    sizes = [form.num_labels, form.widths[0] - form.num_labels - positions, positions]
    by_label, by_channel, by_place = torch.split(matrix, sizes, 1)
    x = added.expand(-1, form.tile**2, -1)
    if labels is not None:
        ids = _tiles(labels.unsqueeze(1), form.tile).squeeze(-1).long()
        x = x + by_label.gather(1, ids.unsqueeze(-1).expand(-1, -1, form.widths[1]))
    if dense is not None:
        x = x + _tiles(dense, form.tile) @ by_channel
    if positions:
        x = x + product(position_code(form.tile, matrix.device, matrix.dtype), by_place)
    return x


def _launched(name: str, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A kernel's stand-in: all tensors must be on the card, a graph records it, nothing waits."""

    def call(*args: Any, **kwargs: Any) -> Tensor:
        for value in tree_leaves((args, kwargs)):
            if isinstance(value, Tensor) and not isinstance(value, CardTensor):
                raise RuntimeError(f"{name}: a host tensor {tuple(value.shape)} given to a kernel")
        (first, *_) = (x for x in tree_leaves((args, kwargs)) if isinstance(x, CardTensor))
        call_args, call_kwargs = tree_map(bare, (args, kwargs))
        out = function(*call_args, **call_kwargs)
        if state.captured is not None:
            state.captured.append((function, call_args, call_kwargs, out))
        state.log["kernel", name] += 1
        return CardTensor(out, first.device)

    return call


@contextlib.contextmanager
def kernels() -> Iterator[None]:
    """Stand-ins wherever a kernel would be launched."""
    from benchmarks import device_checks, kernel_shapes, subjects

    def checked(*args: Any, **kwargs: Any) -> Tensor:
        pixelwise_triton._check(*args[:4], args[4] if len(args) > 4 else kwargs.get("precision", "ieee"))
        return launched(*args, **kwargs)

    def needed(launch: pixelwise_triton.Launch, program: pixelwise_triton.Program) -> int:
        kib = SHARED_KIB[launch.precision, program.block] + (WIDER_KIB if launch.form.tile > 16 else 0)
        return kib * 1024

    launched = _launched("stream", stream)
    pixelwise_triton._chosen.clear()
    with contextlib.ExitStack() as stack:
        stack.callback(pixelwise_triton._chosen.clear)
        stack.enter_context(unittest.mock.patch.object(pixelwise_triton, "needed", needed))
        for module in (engine_cuda, device_checks, kernel_shapes, subjects):
            stack.enter_context(unittest.mock.patch.object(module, "pixelwise_mlp_triton", checked))
        for name in ("semantics", "instance_norm"):
            call = _launched(name, getattr(plain_forms, name))
            stack.enter_context(unittest.mock.patch.object(fused_triton, name, call))
        yield
