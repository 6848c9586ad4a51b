"""Shape of the per-tile networks of ASAP-Net: the layout of a tile's parameters and the position code.

Source: docs/reference/models.md, "Position code" and "Pixelwise stream" (tamarott/ASAPNet
models/networks/generator.py).
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Tensor

SLOPE = 0.01  # of the leaky ReLU after the hidden layers (docs/reference/models.md, "Pixelwise stream")

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
    column and y the row. Source: docs/reference/models.md, "Position code".

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
