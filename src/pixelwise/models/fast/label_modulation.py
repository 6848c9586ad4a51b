"""SPADE's scale and shift from label ids, on the CPU: computed once for every neighbourhood of labels that occurs.

Scale and shift at a pixel depend on the labels of the 5x5 pixels around it and on nothing else: a 3x3 convolution of
3x3 convolutions of the one-hot labels. A label map has few such neighbourhoods (a tenth of its pixels or less, at full
size), so both are computed for each of them and gathered; what occurs is found once for all norms of one resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from pixelwise.models.fast.products import linear

MOST_CODES = 127  # whose ninth power fits 63 bits
CHUNK = 2**20  # values of a buffer that stays in the cache
DENSE = 0.7  # share of the pixels from which on a convolution of all of them is faster
TAPS = 9


class Neighbourhoods(NamedTuple):
    """What occurs in label maps of one size.

    Attributes:
        inner: [u, 9] codes of every 3x3 neighbourhood, row-major: label + labels * edge, or what lies outside.
        outer: [U, 9] for every 5x5 neighbourhood the rows of `inner` of its nine 3x3 ones; u is one outside the map.
        near: [N, H, W] row of `inner` of every pixel.
        far: [N * H * W] row of `outer` of every pixel.
    """

    inner: Tensor
    outer: Tensor
    near: Tensor
    far: Tensor


def codes(labels: Tensor, edge: Tensor | None, count: int) -> Tensor:
    """Ids [N, H, W] and edge [N, 1, H, W] or None -> [N, H, W] int64, label + count * edge."""
    return labels.long() if edge is None else labels.long() + count * edge[:, 0].long()


def neighbourhoods(code: Tensor, outside: int) -> Neighbourhoods:
    """All neighbourhoods of maps [N, H, W] of codes below `outside`, at most `MOST_CODES`; H and W at least 2."""
    count, height, width = code.shape
    base, padded = outside + 1, F.pad(code, [1] * 4, value=outside)
    key = torch.zeros_like(code)
    for window in _windows(padded):
        key = key * base + window
    values, near = torch.unique(key, return_inverse=True)
    powers = base ** torch.arange(TAPS - 1, -1, -1)
    inner = values[:, None] // powers % base
    around = F.pad(near, [1] * 4, value=len(values))
    windows = _windows(around)
    # The four at the corners say all of the 5x5 pixels, and which of them lie outside.
    upper, lower = (_pairs(windows[a], windows[b]) for a, b in ((0, 2), (6, 8)))
    far = _pairs(upper, lower).flatten()
    example = torch.empty(int(far.max()) + 1, dtype=torch.long)
    example[far] = torch.arange(count * height * width)
    outer = torch.stack([window.flatten()[example] for window in windows], 1)
    return Neighbourhoods(inner, outer, near, far)


def _windows(padded: Tensor) -> list[Tensor]:
    """[N, H + 2, W + 2] -> nine of [N, H, W], row-major."""
    height, width = padded.shape[1] - 2, padded.shape[2] - 2
    return [padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]


def _pairs(a: Tensor, b: Tensor) -> Tensor:
    """One number for every pair that occurs, counted from 0."""
    numbers: Tensor = torch.unique(a * (int(b.max()) + 1) + b, return_inverse=True)[1]
    return numbers


class Modulation:
    """Scale and shift of one norm.

    Args:
        hidden: Weight [hidden, C, 3, 3] and bias [hidden] of the convolution of the semantics, before a ReLU.
        both: Weight [2 channels, hidden, 3, 3] and bias [2 channels] of the convolution to scale and shift.
    """

    def __init__(self, hidden: Sequence[Tensor], both: Sequence[Tensor]) -> None:
        (weight, self.hidden_bias), (second, self.bias) = hidden, both
        rows = weight.permute(2, 3, 1, 0).flatten(0, 1)  # [taps, C, hidden]
        zero = torch.zeros_like(rows[:, :1])
        plain, last = rows[:, :-1], rows[:, -1:]
        self.with_edge = torch.cat([plain, plain + last, zero], 1).flatten(0, 1).contiguous()
        self.without = torch.cat([rows, zero], 1).flatten(0, 1).contiguous()
        self.weight = second.permute(0, 2, 3, 1).flatten(1).contiguous()

    def hidden(self, found: Neighbourhoods, edge: bool) -> Tensor:
        """[u + 1, hidden] for every 3x3 neighbourhood, and 0 for what lies outside."""
        table = self.with_edge if edge else self.without
        offsets = torch.arange(0, len(table), len(table) // TAPS)
        made = F.embedding_bag(found.inner + offsets, table, mode="sum").add_(self.hidden_bias).relu_()
        return F.pad(made, [0, 0, 0, 1])

    def rows(self, found: Neighbourhoods, hidden: Tensor) -> Tensor:
        """[U, 2 channels]: scale and shift for every 5x5 neighbourhood."""
        step = max(1, CHUNK // self.weight.shape[1])
        parts = [found.outer[start : start + step] for start in range(0, len(found.outer), step)]
        return torch.cat([linear(hidden[part].flatten(1), self.weight, self.bias) for part in parts])


def modulate(image: Tensor, rows: Tensor, far: Tensor, slope: float | None) -> Tensor:
    """Scale and shift an image, with a leaky ReLU where a slope is given.

    Args:
        image: [N, C, H, W] float32.
        rows: [U, 2 C]: scale, then shift.
        far: [N * H * W] row of every pixel.
        slope: Of the leaky ReLU below zero; None for none.

    Returns:
        [N, C, H, W] with the channels last.
    """
    count, channels, height, width = image.shape
    pixels = image.permute(0, 2, 3, 1).reshape(-1, channels)
    result = torch.empty_like(pixels)
    step = max(1, CHUNK // (4 * channels))
    for start in range(0, len(pixels), step):
        part, into = (values[start : start + step] for values in (pixels, result))
        both = rows[far[start : start + step]]
        torch.addcmul(both[:, channels:], part, both[:, :channels], out=into)
        if slope is not None:
            F.leaky_relu_(into, slope)
    return result.view(count, height, width, channels).permute(0, 3, 1, 2)
