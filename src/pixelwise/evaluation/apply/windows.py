"""Pictures that are too large for one pass: windows that overlap, blended or cut back to where they agree."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pixelwise.models.layers import InputShape

LARGEST = 1024 * 2048
"""Pixels that one pass may have: the largest size that the papers of these networks show."""
SIDE, OVERLAP = 1024, 128
"""Pixels of a window's side, and those that it shares with its neighbour, at least."""

FloatArray = NDArray[np.float32]
Box = tuple[slice, slice]


def legal_size(height: int, width: int, legal: InputShape) -> tuple[int, int]:
    """The least size that a network can take and that holds so many rows and columns.

    >>> legal_size(375, 500, InputShape("asapnet", 36, 16))
    (384, 512)
    """
    sides = [max(legal.smallest, -(-side // legal.multiple) * legal.multiple) for side in (height, width)]
    if not legal.single and sides == [legal.multiple] * 2:
        sides[1] *= 2
    return sides[0], sides[1]


def boxes(height: int, width: int, legal: InputShape) -> list[Box]:
    """Windows that cover a legal size, row by row: one for up to `LARGEST` pixels, else squares of `SIDE` that overlap.

    Args:
        height: Rows, legal.
        width: Columns, legal.
        legal: What the network can take; every window is legal, too, and starts on its grid.
    """
    if height * width <= LARGEST:
        return [(slice(0, height), slice(0, width))]
    step = legal.multiple
    side = max(legal.smallest, SIDE // step * step, 2 * step)
    rows, columns = (_spans(length, min(side, length), step) for length in (height, width))
    return [(row, column) for row in rows for column in columns]


def _spans(length: int, side: int, step: int) -> list[slice]:
    """Spans of one side that cover a length, evenly spread; all are multiples of `step`."""
    shared = min(OVERLAP, side - step)
    count = 1 + math.ceil((length - side) / (side - shared))
    places = [round(number * (length - side) / max(1, count - 1)) // step * step for number in range(count)]
    return [slice(place, place + side) for place in places]


def blended(size: tuple[int, int], windows: list[Box], make: Callable[[Box], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Put pictures of windows together; where they overlap, one passes into the next linearly.

    Args:
        size: Height and width of the whole.
        windows: What `boxes` gives.
        make: Window -> uint8 [H, W, 3] of that window.

    Returns:
        uint8 of the whole size, 3 channels; rounded where windows overlap.
    """
    if len(windows) == 1:
        return make(windows[0])
    whole, weights = np.zeros((*size, 3), np.float32), np.zeros((*size, 1), np.float32)
    rows, columns = ({box[axis].start: box[axis] for box in windows} for axis in (0, 1))
    down, across = _ramps(list(rows.values())), _ramps(list(columns.values()))
    for box in windows:
        weight = np.outer(down[box[0].start], across[box[1].start])[..., None]
        whole[box] += weight * make(box)
        weights[box] += weight
    return np.asarray(np.rint(whole / weights), np.uint8)


def _ramps(spans: list[slice]) -> dict[int, FloatArray]:
    """Weight of each pixel of each span, by its start: from 0 to 1 over what it shares with a neighbour, exclusive."""
    found = {span.start: np.ones(span.stop - span.start, np.float32) for span in spans}
    for before, after in pairwise(spans):
        shared = before.stop - after.start
        rising = np.arange(1, shared + 1, dtype=np.float32) / (shared + 1)
        found[after.start][:shared] *= rising
        found[before.start][-shared:] *= rising[::-1]
    return found


def with_margins(image: FloatArray, reach: int, make: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Apply a network window by window, each with the margin that its pixels see: the same as on the whole.

    Args:
        image: float32 [H, W] or [H, W, 3].
        reach: Pixels to each side that one pixel of the result depends on.
        make: Image -> image of the same shape.
    """
    height, width = image.shape[:2]
    result = np.empty_like(image)
    for top in range(0, height, SIDE):
        for left in range(0, width, SIDE):
            above, before = max(0, top - reach), max(0, left - reach)
            seen = image[above : top + SIDE + reach, before : left + SIDE + reach]
            inner = np.s_[top - above : top - above + SIDE, left - before : left - before + SIDE]
            result[top : top + SIDE, left : left + SIDE] = make(seen)[inner]
    return result
