"""The panel of ratios by image size: operations, the paper's times, the students', and those of this run."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.reporting import pairs
from pixelwise.reporting.figure_numbers import Numbers, whiskers
from pixelwise.reporting.style import INK, MUTED, TINTS, log_axis

LOOKS: dict[str, dict[str, Any]] = {
    "operations": {"color": TINTS[3], "marker": "x", "linestyle": ":"},
    "time, paper": {"color": MUTED, "marker": "d", "linestyle": "--"},
    "time, students' report": {
        "color": MUTED,
        "marker": "v",
        "markersize": 9,
        "fillstyle": "none",
        "linestyle": "none",
    },
    "time, here": {"color": INK, "marker": "*", "markersize": 9, "linestyle": "-"},
}
"""What a line of ratios is of -> how it is drawn, in every figure."""


def times(numbers: Numbers, pair: pairs.Pair) -> dict[str, pd.DataFrame]:
    """The ratios of a pair's times by image size: here, in the paper and in the students' report."""
    return {"time, here": pairs.measured_ratios(numbers, pair), **told(numbers.published, pair)}


def told(published: pd.DataFrame, pair: pairs.Pair) -> dict[str, pd.DataFrame]:
    """The published ratios of a pair's times by image size."""
    rows = published[published["quantity"].eq("latency")]
    students = rows[rows["panel_kind"].eq("quality") & rows["source"].eq("S1")]
    return {
        "time, paper": pairs.ratios(rows[rows["panel_kind"].eq("resolution")], pair),
        "time, students' report": pairs.ratios(students, pair),
    }


def line(axes: Axes, points: pd.DataFrame, name: str, look: dict[str, Any]) -> None:
    """One line of ratios with its intervals; nothing without points."""
    if len(points):
        ordered = points.sort_values("megapixels")
        axes.errorbar(ordered["megapixels"], ordered["value"], whiskers(ordered), label=name, capsize=3, **look)


def draw(axes: Axes, lines: dict[str, pd.DataFrame], title: str) -> None:
    """Draw lines of ratios by the names of `LOOKS`: above 1 the second of the pair is the faster one.

    Args:
        axes: The panel.
        lines: Name -> megapixels, value, low, high.
        title: Whose ratio it is.
    """
    for name, points in lines.items():
        line(axes, points, name, LOOKS[name])
    shape(axes, title)


def shape(axes: Axes, title: str) -> None:
    """Title, scales and labels of a panel of ratios."""
    axes.axhline(1, color=MUTED, linewidth=0.8, linestyle=":")
    log_axis(axes.xaxis)
    axes.set(title=title, xlabel="image size, megapixels (log)", ylabel="ratio (1: no difference)")
    axes.set_ylim(bottom=0)
