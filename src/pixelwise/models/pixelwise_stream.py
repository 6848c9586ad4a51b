"""ASAP-Net's pixelwise stream: one small fully connected network per tile, exact, without unfolding or one-hot copies.

Every tile of `tile` x `tile` pixels has its own network, whose weights are one row of the parameter grid. A pixel's
input is (label rows, dense channels, position code), in this order; layer l computes `y = x W_l + b_l`, followed by a
leaky ReLU or, after the last layer, by the output function. Source: models.md 2.4 and 2.5 (tamarott/ASAPNet
models/networks/generator.py).

What makes it fast: a row of the grid is read as the (in, out) matrices without a copy; a label selects its weight row
instead of multiplying a one-hot vector; the position code is the same constant for every tile; the bias is added to the
label rows or inside the matrix product; tiles are taken in chunks whose activations fit the processor's cache; the
backward pass recomputes the activations of one chunk at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, NamedTuple, cast

import torch
from torch import Tensor

from pixelwise.errors import PixelwiseError

SLOPE = 0.01  # of the leaky ReLU after the hidden layers (models.md 2.5)
CACHE_BYTES = 2**20  # activations of one chunk on the CPU: what stays in a core's level-2 cache
DEVICE_BYTES = 2**28  # the same on an accelerator, where few large products are better

Output = Literal["tanh", "linear"]


class Form(NamedTuple):
    """Shape of the per-tile networks.

    Attributes:
        tile: Side of a tile in pixels, a power of two.
        widths: Channels from the input to the output, e.g. (51, 64, 64, 64, 64, 3).
        num_labels: How many of the input channels are label rows; 0 without labels.
        position_code: Whether the last 4 log2(tile) input channels are the position code.
        output: Function after the last layer.
    """

    tile: int
    widths: tuple[int, ...]
    num_labels: int
    position_code: bool = True
    output: Output = "tanh"


def position_channels(tile: int) -> int:
    """Number of position code channels: cosine and sine of x and y at log2(tile) frequencies."""
    return 4 * int(math.log2(tile))


@lru_cache(maxsize=16)
def position_code(tile: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Position code of one tile; it is the same for all tiles.

    For the periods f = tile, tile/2, ..., 2: cos(2 pi x/f), sin(2 pi x/f), cos(2 pi y/f), sin(2 pi y/f), with x the
    column and y the row. Source: models.md 2.4.

    Returns:
        [tile * tile, 4 log2(tile)], pixels in row-major order.
    """
    with torch.inference_mode(False):
        row, column = torch.meshgrid(*2 * (torch.arange(tile, dtype=torch.float64, device="cpu"),), indexing="ij")
        channels = []
        for level in range(int(math.log2(tile))):
            period = tile >> level
            for place in (column, row):
                angle = 2 * math.pi * (place % period) / period
                channels += [angle.cos(), angle.sin()]
        code = torch.stack(channels, -1) if channels else torch.empty(tile, tile, 0, dtype=torch.float64, device="cpu")
        return code.flatten(0, 1).to(dtype).to(device)


def parameter_count(widths: tuple[int, ...]) -> int:
    """Length of one row of the parameter grid: all biases and weights of a tile's network."""
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(widths))


def parameter_ranges(widths: tuple[int, ...]) -> list[tuple[slice, slice]]:
    """For each layer the ranges of its bias and of its weight, row-major (in, out), in a row of the parameter grid."""
    ranges, start = [], 0
    for inputs, outputs in pairwise(widths):
        middle = start + outputs
        ranges.append((slice(start, middle), slice(middle, middle + inputs * outputs)))
        start = middle + inputs * outputs
    return ranges


def pixelwise_mlp(
    parameters: Tensor, labels: Tensor | None, dense: Tensor | None, form: Form, chunk: int | None = None
) -> Tensor:
    """Apply to every pixel the network of its tile.

    Args:
        parameters: [N, h, w, P] parameter grid, contiguous, floating point; P = `parameter_count(form.widths)`.
            Gradients flow to it.
        labels: [N, h*tile, w*tile] integer ids in [0, form.num_labels), uint8 at best; None iff `form.num_labels` is 0.
        dense: [N, C, h*tile, w*tile] further input channels in the dtype of `parameters`, or None for C = 0.
            Gradients flow to it. form.widths[0] = num_labels + C + (4 log2(tile) if position_code else 0).
        form: Shape of the networks.
        chunk: Tiles computed at a time; by default as many as fit the cache.

    Returns:
        [N, form.widths[-1], h*tile, w*tile] in the dtype of `parameters`, contiguous.

    Raises:
        PixelwiseError: If a shape does not fit, or (on the CPU) if a label is out of range.
    """
    _check(parameters, labels, dense, form)
    count, rows, columns, _ = parameters.shape
    flat = parameters.reshape(count * rows * columns, -1)
    ids = None if labels is None else _tiles(labels.unsqueeze(1), form.tile).squeeze(-1)
    features = None if dense is None else _tiles(dense, form.tile)
    if chunk is None:
        budget = CACHE_BYTES if parameters.device.type == "cpu" else DEVICE_BYTES
        chunk = max(1, budget // (form.tile**2 * max(form.widths[1:]) * parameters.element_size()))
    with torch.autocast(parameters.device.type, enabled=False):
        out = cast(Tensor, _PixelwiseStream.apply(flat, ids, features, form, chunk))  # type: ignore[no-untyped-call]
    out = out.view(count, rows, columns, form.tile, form.tile, -1).permute(0, 5, 1, 3, 2, 4)
    return out.reshape(count, form.widths[-1], rows * form.tile, columns * form.tile)


def _check(parameters: Tensor, labels: Tensor | None, dense: Tensor | None, form: Form) -> None:
    """Refuse shapes that do not fit; see `pixelwise_mlp`."""
    count, rows, columns, length = parameters.shape
    size = (count, rows * form.tile, columns * form.tile)
    if length != parameter_count(form.widths):
        needed = parameter_count(form.widths)
        raise PixelwiseError(f"parameter grid {tuple(parameters.shape)}; widths {form.widths} need {needed} channels")
    if (labels is None) != (form.num_labels == 0) or (labels is not None and tuple(labels.shape) != size):
        found = None if labels is None else tuple(labels.shape)
        raise PixelwiseError(f"label map {found}; {form.num_labels} labels on a grid {rows}x{columns} need {size}")
    channels = form.widths[0] - form.num_labels - (position_channels(form.tile) if form.position_code else 0)
    found = (count, 0, *size[1:]) if dense is None else tuple(dense.shape)
    if found != (count, channels, *size[1:]):
        raise PixelwiseError(f"dense input {found}; needed is {(count, channels, *size[1:])}")
    if labels is not None and labels.device.type == "cpu" and labels.numel() and int(labels.max()) >= form.num_labels:
        raise PixelwiseError(f"label {int(labels.max())} found; allowed are 0..{form.num_labels - 1}")


def _tiles(image: Tensor, tile: int) -> Tensor:
    """[N, C, H, W] -> [N * tiles, tile * tile, C], tiles and pixels in row-major order."""
    count, channels, height, width = image.shape
    split = image.view(count, channels, height // tile, tile, width // tile, tile)
    return split.permute(0, 2, 4, 3, 5, 1).reshape(-1, tile * tile, channels)


class _Layers(NamedTuple):
    """Views of one chunk of the parameter grid (or of its gradient)."""

    biases: list[Tensor]  # [T, out]
    weights: list[Tensor]  # [T, in, out]


def _layers(chunk: Tensor, widths: tuple[int, ...]) -> _Layers:
    ranges = parameter_ranges(widths)
    shapes = pairwise(widths)
    weights = [chunk[:, weight].view(-1, *shape) for (_, weight), shape in zip(ranges, shapes, strict=True)]
    return _Layers([chunk[:, bias] for bias, _ in ranges], weights)


def _first_rows(weight: Tensor, form: Form) -> tuple[Tensor, Tensor, Tensor]:
    """Split the first layer's weight [T, in, out] into label rows, dense rows and position rows."""
    positions = position_channels(form.tile) if form.position_code else 0
    sizes = [form.num_labels, form.widths[0] - form.num_labels - positions, positions]
    labels, dense, position = torch.split(weight, sizes, 1)
    return labels, dense, position


def _row_index(ids: Tensor, num_labels: int) -> Tensor:
    """Row of every pixel's label in a chunk's table of label rows: [T * pixels]."""
    offsets = torch.arange(0, len(ids) * num_labels, num_labels, device=ids.device)
    return (ids + offsets[:, None]).flatten()


def _first_layer(layers: _Layers, ids: Tensor | None, dense: Tensor | None, code: Tensor, form: Form) -> Tensor:
    """Before activation: label row + bias, + dense rows, + position rows; [T, pixels, out]."""
    label_rows, dense_rows, position_rows = _first_rows(layers.weights[0], form)
    bias = layers.biases[0].unsqueeze(1)
    if ids is not None:
        table = (label_rows + bias).flatten(0, 1)
        out = table.index_select(0, _row_index(ids, form.num_labels)).view(*ids.shape, -1)
    else:
        out = bias.repeat(1, len(code), 1)
    if dense is not None:
        out.baddbmm_(dense, dense_rows)
    if form.position_code:
        out.baddbmm_(code.expand(len(out), -1, -1), position_rows)
    return out


def _activations(
    layers: _Layers, ids: Tensor | None, dense: Tensor | None, code: Tensor, form: Form
) -> Iterator[Tensor]:
    """Yield the output of every layer after its activation, [T, pixels, width]."""
    last = len(layers.weights) - 1
    out = _first_layer(layers, ids, dense, code, form)
    for index in range(last + 1):
        if index > 0:
            out = torch.baddbmm(layers.biases[index].unsqueeze(1), out, layers.weights[index])
        if index < last:
            torch.nn.functional.leaky_relu_(out, SLOPE)
        elif form.output == "tanh":
            out.tanh_()
        yield out


class _PixelwiseStream(torch.autograd.Function):
    """The stream on tiles: parameters [T, P], ids [T, pixels], dense [T, pixels, C] -> [T, pixels, out]."""

    @staticmethod
    def forward(
        ctx: Any, parameters: Tensor, ids: Tensor | None, dense: Tensor | None, form: Form, chunk: int
    ) -> Tensor:
        code = position_code(form.tile, parameters.device, parameters.dtype)
        out = parameters.new_empty(len(parameters), form.tile**2, form.widths[-1])
        for start in range(0, len(parameters), chunk):
            part = slice(start, start + chunk)
            layers = _layers(parameters[part], form.widths)
            for activation in _activations(layers, _part(ids, part), _part(dense, part), code, form):
                result = activation
            out[part] = result
        ctx.save_for_backward(parameters, ids, dense)
        ctx.form, ctx.chunk = form, chunk
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, Tensor | None, None, None]:
        parameters, ids, dense = ctx.saved_tensors
        grad_parameters = torch.empty_like(parameters)
        grad_dense = torch.empty_like(dense) if ctx.needs_input_grad[2] else None
        for start in range(0, len(parameters), ctx.chunk):
            part = slice(start, start + ctx.chunk)
            layers = _layers(parameters[part], ctx.form.widths)
            into = _layers(grad_parameters[part], ctx.form.widths)
            inputs = _part(ids, part), _part(dense, part)
            _chunk_backward(layers, into, *inputs, _part(grad_dense, part), grad[part], ctx.form)
        return grad_parameters, None, grad_dense, None, None


def _part(tensor: Tensor | None, part: slice) -> Tensor | None:
    return None if tensor is None else tensor[part]


def _chunk_backward(
    layers: _Layers,
    into: _Layers,
    ids: Tensor | None,
    dense: Tensor | None,
    into_dense: Tensor | None,
    grad: Tensor,
    form: Form,
) -> None:
    """Recompute a chunk's activations; write the gradients of the parameters and of the dense input."""
    code = position_code(form.tile, grad.device, grad.dtype)
    activations = list(_activations(layers, ids, dense, code, form))
    if form.output == "tanh":
        grad = torch.ops.aten.tanh_backward(grad, activations[-1])
    for index in range(len(layers.weights) - 1, 0, -1):
        before = activations[index - 1]
        into.biases[index].copy_(grad.sum(1))
        into.weights[index].copy_(before.mT @ grad)
        grad = torch.ops.aten.leaky_relu_backward(grad @ layers.weights[index].mT, before, SLOPE, True)
    into.biases[0].copy_(grad.sum(1))
    label_rows, dense_rows, position_rows = _first_rows(into.weights[0], form)
    if ids is not None:
        table = grad.new_zeros(len(ids) * form.num_labels, grad.shape[-1])
        table.index_add_(0, _row_index(ids, form.num_labels), grad.flatten(0, 1))
        label_rows.copy_(table.view_as(label_rows))
    if dense is not None:
        dense_rows.copy_(dense.mT @ grad)
    if form.position_code:
        position_rows.copy_(code.mT.expand(len(grad), -1, -1) @ grad)
    if into_dense is not None:
        torch.bmm(grad, _first_rows(layers.weights[0], form)[1].mT, out=into_dense)
