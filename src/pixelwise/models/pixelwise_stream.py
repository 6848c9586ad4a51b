"""ASAP-Net's pixelwise stream: one small fully connected network per tile, exact, without unfolding or one-hot copies.

Every tile of `tile` x `tile` pixels has its own network, whose weights are one row of the parameter grid. A pixel's
input is (label rows, dense channels, position code), in this order; layer l computes `y = x W_l + b_l`, followed by a
leaky ReLU or, after the last layer, by the output function.
Source: docs/reference/models.md, "Position code" and "Pixelwise stream" (tamarott/ASAPNet
models/networks/generator.py).

What makes it fast: a row of the grid is read as the (in, out) matrices without a copy; a label selects its weight row
instead of multiplying a one-hot vector; the position code is the same constant for every tile; the bias is added to the
label rows or inside the matrix product; tiles are taken in chunks whose activations fit the processor's cache; the
backward pass recomputes the activations of one chunk at a time.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from pixelwise.errors import PixelwiseError
from pixelwise.models.fast.pixelwise_tiles import PixelwiseTiles
from pixelwise.models.layers import check_labels
from pixelwise.models.pixelwise_form import (
    SLOPE,
    Form,
    Output,
    parameter_count,
    parameter_ranges,
    position_channels,
    position_code,
)

__all__ = [
    "SLOPE",
    "Form",
    "Output",
    "parameter_count",
    "parameter_ranges",
    "pixelwise_mlp",
    "position_channels",
    "position_code",
]

CACHE_BYTES = 2**21  # widest activations of one chunk on the CPU: fastest of the powers of two with 1 MiB caches
DEVICE_BYTES = 2**28  # the same on an accelerator, where few large products are better


def pixelwise_mlp(
    parameters: Tensor, labels: Tensor | None, dense: Tensor | None, form: Form, chunk: int | None = None
) -> Tensor:
    """Apply to every pixel the network of its tile.

    Args:
        parameters: [N, h, w, P] parameter grid, floating point; P = `parameter_count(form.widths)`. Each row is
            contiguous and rows follow at one distance; a slice of a wider grid will do. Gradients flow to it.
        labels: [N, h*tile, w*tile] integer ids in [0, form.num_labels), uint8 at best; None iff `form.num_labels` is 0.
        dense: [N, C, h*tile, w*tile] further input channels in the dtype of `parameters`, or None for C = 0.
            Gradients flow to it. form.widths[0] = num_labels + C + (4 log2(tile) if position_code else 0).
        form: Shape of the networks.
        chunk: Tiles computed at a time; by default as many as fit the cache.

    Returns:
        [N, form.widths[-1], h*tile, w*tile] in the dtype of `parameters`, contiguous.

    Raises:
        PixelwiseError: If a shape does not fit, or (on the CPU) if a label is out of range; on CUDA such a label is a
            device-side assertion, which needs no synchronisation.
    """
    _check(parameters, labels, dense, form)
    count, rows, columns, _ = parameters.shape
    flat = parameters.reshape(count * rows * columns, -1)
    ids = None if labels is None else _tiles(labels.unsqueeze(1), form.tile).squeeze(-1)
    features = None if dense is None else _tiles(dense, form.tile)
    if chunk is None:
        budget = CACHE_BYTES if parameters.device.type == "cpu" else DEVICE_BYTES
        chunk = max(1, budget // (form.tile**2 * max(form.widths[1:]) * parameters.element_size()))
    with torch.autocast("cpu" if parameters.is_meta else parameters.device.type, enabled=False):
        out = cast(Tensor, PixelwiseTiles.apply(flat, ids, features, form, chunk))  # type: ignore[no-untyped-call]
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
    if labels is not None:
        check_labels(labels, form.num_labels)


def _tiles(image: Tensor, tile: int) -> Tensor:
    """[N, C, H, W] -> [N * tiles, tile * tile, C], tiles and pixels in row-major order."""
    count, channels, height, width = image.shape
    split = image.view(count, channels, height // tile, tile, width // tile, tile)
    return split.permute(0, 2, 4, 3, 5, 1).reshape(-1, tile * tile, channels)
