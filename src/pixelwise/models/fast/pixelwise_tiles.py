"""The pixelwise stream on tiles: chunks that fit the cache, and a backward pass that recomputes their activations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor

from pixelwise.models.pixelwise_form import SLOPE, Form, parameter_ranges, position_channels, position_code

NARROW = 16  # outputs of a layer below which its matrices are faster transposed


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


def _first_layer(
    layers: _Layers, ids: Tensor | None, dense: Tensor | None, code: Tensor, form: Form, out: Tensor
) -> None:
    """Before activation: label row + bias, + dense rows, + position rows; written to `out` [T, pixels, out]."""
    label_rows, dense_rows, position_rows = _first_rows(layers.weights[0], form)
    bias = layers.biases[0].unsqueeze(1)
    if ids is not None:
        table = (label_rows + bias).flatten(0, 1)
        torch.index_select(table, 0, _row_index(ids, form.num_labels), out=out.flatten(0, 1))
    else:
        out.copy_(bias.expand_as(out))
    if dense is not None:
        out.baddbmm_(dense, dense_rows)
    if form.position_code:
        out.baddbmm_(code.expand(len(out), -1, -1), position_rows)


def _activations(
    layers: _Layers, ids: Tensor | None, dense: Tensor | None, code: Tensor, form: Form, outs: Sequence[Tensor]
) -> None:
    """Write the output of every layer after its activation to `outs`, each [T, pixels, width]."""
    last = len(layers.weights) - 1
    _first_layer(layers, ids, dense, code, form, outs[0])
    for index, out in enumerate(outs):
        if index > 0:
            weight = layers.weights[index]
            if out.shape[2] < NARROW and out.is_cpu:
                weight = weight.mT.contiguous().mT  # a third of the time
            torch.baddbmm(layers.biases[index].unsqueeze(1), outs[index - 1], weight, out=out)
        if index < last:
            torch.nn.functional.leaky_relu_(out, SLOPE)
        elif form.output == "tanh":
            out.tanh_()


class PixelwiseTiles(torch.autograd.Function):
    """The stream on tiles: parameters [T, P], ids [T, pixels], dense [T, pixels, C] -> [T, pixels, out]."""

    @staticmethod
    def forward(
        ctx: Any, parameters: Tensor, ids: Tensor | None, dense: Tensor | None, form: Form, chunk: int
    ) -> Tensor:
        """Compute chunk by chunk; nothing but the arguments is kept."""
        code = position_code(form.tile, parameters.device, parameters.dtype)
        out = parameters.new_empty(len(parameters), form.tile**2, form.widths[-1])
        buffers = parameters.new_empty(2, min(chunk, len(parameters)) * form.tile**2 * max(form.widths[1:]))
        for start in range(0, len(parameters), chunk):
            part = slice(start, start + chunk)
            shape = out[part].shape[:2]
            outs = [_view(buffers[i % 2], (*shape, width)) for i, width in enumerate(form.widths[1:-1])]
            layers = _layers(parameters[part], form.widths)
            _activations(layers, _part(ids, part), _part(dense, part), code, form, [*outs, out[part]])
        ctx.save_for_backward(parameters, ids, dense)
        ctx.form, ctx.chunk = form, chunk
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, Tensor | None, None, None]:
        """Recompute and differentiate chunk by chunk."""
        parameters, ids, dense = ctx.saved_tensors
        grad_parameters = torch.empty_like(parameters)
        grad_dense = torch.empty_like(dense) if ctx.needs_input_grad[2] else None
        size = min(ctx.chunk, len(parameters)), ctx.form.tile**2
        buffers = [grad.new_empty(*size, width) for width in ctx.form.widths[1:]]
        for start in range(0, len(parameters), ctx.chunk):
            part = slice(start, start + ctx.chunk)
            layers = _layers(parameters[part], ctx.form.widths)
            into = _layers(grad_parameters[part], ctx.form.widths)
            inputs = _part(ids, part), _part(dense, part)
            activations = [buffer[: len(grad[part])] for buffer in buffers]
            _chunk_backward(layers, into, *inputs, _part(grad_dense, part), grad[part], ctx.form, activations)
        return grad_parameters, None, grad_dense, None, None


def _view(buffer: Tensor, shape: tuple[int, ...]) -> Tensor:
    return buffer[: math.prod(shape)].view(shape)


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
    activations: Sequence[Tensor],
) -> None:
    """Recompute a chunk's activations into the buffers given; write the gradients of parameters and dense input."""
    code = position_code(form.tile, grad.device, grad.dtype)
    _activations(layers, ids, dense, code, form, activations)
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
