"""A small plot for each row of the headline table: all rows of one quantity share their scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, MARGIN = 200.0, 26.0, 8.0
"""Size of the drawing and its margin at either side, in pixels."""
NEUTRAL = {"ratio": 1.0, "difference": 0.0}
"""Scale -> the number that means no difference."""


@dataclass(frozen=True)
class Drawing:
    """One row's plot as places along the drawing, in pixels from its left.

    Attributes:
        neutral: Where no difference is; None where the scale has no such place.
        claimed: Both ends of the claimed range; empty if there is none.
        published: The published value; None if none was printed.
        here: For each number measured here the lower end, the value and the upper end.
        decides: Whether these numbers were tested.
        words: The same in words.
    """

    neutral: float | None
    claimed: tuple[float, ...]
    published: float | None
    here: list[tuple[float, float, float]]
    decides: bool
    words: str


def drawings(rows: Sequence[dict[str, Any]], values: Sequence[float | None]) -> list[Drawing | None]:
    """The plot of each row of the headline table; None where there is nothing to draw.

    Args:
        rows: Rows as `claims.json` holds them.
        values: The published value of each.
    """
    keys = [(row["scale"], row["unit"], row["direction"]) for row in rows]
    seen: dict[tuple[str, ...], list[float]] = {}
    for key, row, value in zip(keys, rows, values, strict=True):
        seen.setdefault(key, []).extend(_numbers(row, value))
    return [
        _drawing(row, value, _scale(key[0], seen[key])) if _numbers(row, value) else None
        for key, row, value in zip(keys, rows, values, strict=True)
    ]


def _numbers(row: dict[str, Any], value: float | None) -> list[float]:
    """Every finite number that a row's plot shows."""
    ends = [number[name] for number in row["here"] for name in ("low", "value", "high")]
    found = [*ends, *(row["claimed"] or ()), value]
    return [number for number in found if number is not None and math.isfinite(number)]


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    neutral: float | None
    ratio: bool

    def place(self, value: float | None, otherwise: float) -> float:
        """Pixels from the left; an open end lies at the border."""
        if value is None or not math.isfinite(value):
            return otherwise
        position = (_log(value) if self.ratio else value) - self.low
        inner = WIDTH - 2 * MARGIN
        return round(MARGIN + inner * min(1.0, max(0.0, position / (self.high - self.low))), 1)


def _log(value: float) -> float:
    return math.log(max(value, 1e-3))


def _scale(kind: str, numbers: Sequence[float]) -> _Scale:
    """The range that holds all numbers and no difference; ratios are drawn by their logarithm."""
    neutral, ratio = NEUTRAL.get(kind), kind == "ratio"
    shown = [*numbers, *([] if neutral is None else [neutral])]
    shown = [_log(value) for value in shown] if ratio else list(shown)
    low, high = min(shown), max(shown)
    room = 0.06 * (high - low) or 1.0
    return _Scale(low - room, high + room, neutral, ratio)


def _drawing(row: dict[str, Any], value: float | None, scale: _Scale) -> Drawing:
    borders = (MARGIN / 2, WIDTH - MARGIN / 2)
    claimed = tuple(scale.place(end, border) for end, border in zip(row["claimed"] or (), borders, strict=False))
    here = [tuple(scale.place(n[name], 0.0) for name in ("low", "value", "high")) for n in row["here"]]
    return Drawing(
        neutral=None if scale.neutral is None else scale.place(scale.neutral, 0.0),
        claimed=claimed,
        published=None if value is None else scale.place(value, 0.0),
        here=[(low, middle, high) for low, middle, high in here],
        decides=row["decides"],
        words=f"Published {row['published']}; here {row['shown'] or 'not measured'}.",
    )
