"""One look for every figure: shape, legend below the data, banner of synthetic and short runs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from pixelwise.reporting.drawn_files import save as save
from pixelwise.reporting.drawn_files import svg as svg
from pixelwise.reporting.naming import colour as colour
from pixelwise.reporting.naming import drawn_as as drawn_as
from pixelwise.reporting.naming import family as family
from pixelwise.reporting.naming import label as label
from pixelwise.reporting.naming import learned as learned
from pixelwise.settings.reporting import Partial

TINTS = ("#0072B2", "#D55E00", "#009E73", "#A0527F", "#B07D00", "#56B4E9", "#5A5A8C", "#333333")
SIGNS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Colours and markers of lines that belong to no model, to be taken in step."""
INK, MUTED, GRID, WARN = "#1B1F24", "#57606A", "#D8DEE4", "#8A4600"
TICK: dict[str, Any] = {"marker": "|", "markersize": 13, "markeredgewidth": 2.2, "color": INK, "linestyle": "none"}
"""How a value to compare with stands in the row of a method."""
WIDE, SINGLE, NARROW = 9.0, 6.8, 4.0
"""Widths of a figure in inches: of several panels, of one, and for a telephone's 390 pixels."""
LETTER, HANDLE = 4.7, 2.4
"""Of the legend: points of a letter's width, and letters of a sign's."""
_NARROW: ContextVar[bool] = ContextVar("narrow", default=False)

RULES: tuple[Any, ...] = ("--", ":", "-.", (0, (8, 2)), (0, (1, 1, 4, 1)))
"""Strokes of lines that are floors and ceilings."""

RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Helvetica", "Arial", "sans-serif"],
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "lines.markersize": 5.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "pixelwise",
}


_UNFINISHED: ContextVar[str] = ContextVar("unfinished", default="")


@contextmanager
def unfinished(partial: Partial | None) -> Iterator[None]:
    """Context in which every banner says that the run is not complete; None: it is."""
    words = f"UNFINISHED RUN: {partial.done} of {partial.of} jobs are done." if partial else ""
    token = _UNFINISHED.set(words)
    try:
        yield
    finally:
        _UNFINISHED.reset(token)


def banner_text(run: str, synthetic: bool, short: bool) -> str:
    """Words of the banner; empty for a full and complete run on real data."""
    words = [
        *([_UNFINISHED.get()] if _UNFINISHED.get() else []),
        *(["SYNTHETIC DATA: drawn by a program, so it says nothing about photographs."] if synthetic else []),
        *(["SHORT RUN: less training or fewer timings than published, so it replicates no number."] if short else []),
    ]
    return f"{' '.join(words)} Run {run}." if words else ""


def finish(figure: Figure, title: str, run: str, synthetic: bool, short: bool) -> None:
    """Add title, banner of synthetic and short runs and legend: above and below the panels, which keep their height."""
    width, panels = figure.get_size_inches()
    heading = textwrap.wrap(title, width=int(width * 10.5))
    lines = textwrap.wrap(banner_text(run, synthetic, short), width=int(width * 12.5))
    rows = _legend_rows(figure)
    top = 0.14 + 0.18 * len(heading) + (0.18 + 0.14 * len(lines) if lines else 0)
    below = 0.2 * sum(depth for _, depth in rows) + (0.08 if rows else 0)
    height = top + panels + below
    figure.set_figheight(height)
    x, y = 0.1 / width, 1 - 0.08 / height
    figure.text(x, y, "\n".join(heading), fontsize=11, fontweight="bold", va="top", ha="left")
    if lines:
        figure.text(
            x,
            1 - (0.2 + 0.18 * len(heading)) / height,
            "\n".join(lines),
            fontsize=8,
            color=WARN,
            va="top",
            ha="left",
            fontweight="bold",
            bbox={"facecolor": "#FFF4DB", "edgecolor": "#D9A441", "boxstyle": "square,pad=0.35", "linewidth": 0.8},
        )
    y = below
    for entries, depth in rows:
        names, handles = zip(*entries, strict=True)
        place: Any = {"loc": "upper left", "bbox_to_anchor": (x, y / height), "ncols": len(names)}
        shape: Any = {"borderpad": 0.1, "borderaxespad": 0.1, "handlelength": HANDLE, "columnspacing": 1.2}
        figure.legend(handles, names, **place, **shape).set_in_layout(False)
        y -= 0.2 * depth
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0, below / height, 1, panels / height))


def _legend_rows(figure: Figure) -> list[tuple[list[tuple[str, Any]], int]]:
    """Names and handles of all panels in rows that fit the width, and the lines of text in each; each name once."""
    found: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(name, handle)
    made: list[list[tuple[str, Any]]] = []
    room, left = figure.get_figwidth() * 72 - 16, 0.0
    rules = [name for name, handle in found.items() if isinstance(handle, Line2D) and handle.get_marker() == "None"]
    for name in [*(name for name in found if name not in rules), *rules]:
        text = textwrap.fill(name, int((room - 40) / LETTER))
        needed = 40 + LETTER * max(map(len, text.splitlines()))
        if not made or needed > left:
            made.append([])
            left = room
        left -= needed
        made[-1].append((text, _sign(found[name])))
    return [(row, max(text.count("\n") for text, _ in row) + 1) for row in made]


def _sign(handle: Any) -> Any:
    """What stands in the legend: of points with whiskers the points alone."""
    return handle[0] if isinstance(handle, ErrorbarContainer) and handle[0] is not None else handle


def log_axis(axis: Axis) -> None:
    """Logarithmic scale with ticks at 1, 2 and 5, written as plain numbers."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})  # type: ignore[attr-defined]
    axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0), numticks=20))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def stacked(heading: str) -> str:
    """A metric's heading in two lines, for the side of a small panel."""
    return heading.replace(" (", "\n(")


def digits(value: float) -> str:
    """Three significant digits, never in powers of ten: 0.412, 17.2, 1180."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def dashed(axes: Axes, lines: dict[str, float]) -> None:
    """Horizontal lines across the data, each with strokes of its own and a name for the legend."""
    for place, (name, value) in enumerate(sorted(lines.items(), key=lambda pair: -pair[1])):
        axes.axhline(value, color=MUTED, linewidth=1.1, linestyle=RULES[place % len(RULES)], zorder=1, label=name)


@contextmanager
def narrow() -> Iterator[None]:
    """Context in which `canvas` makes figures for a telephone: as wide as one panel, the panels below each other."""
    token = _NARROW.set(True)
    try:
        yield
    finally:
        _NARROW.reset(token)


def canvas(panels: int = 1, columns: int | None = None, height: float = 2.6, **shape: Any) -> tuple[Figure, list[Axes]]:
    """A figure of some panels, row by row, without pyplot's global state.

    Args:
        panels: How many there are.
        columns: How many stand beside each other on a wide page; all by default. On a telephone it is one.
        height: Inches of one panel with its labels; `finish` adds what title, banner and legend need.
        **shape: `sharex` and `sharey`: True if panels have an axis in common.
    """
    columns = 1 if _NARROW.get() else columns or panels
    rows = -(-panels // columns)
    width = NARROW if _NARROW.get() else WIDE if columns > 1 else SINGLE
    figure = Figure(figsize=(width, rows * height), layout=ConstrainedLayoutEngine(h_pad=0.07, w_pad=0.06))
    grid = figure.add_gridspec(rows, columns)
    axes: list[Axes] = []
    for place in range(panels):
        shared = {name: axes[0] if axes and shape.get(name) else None for name in ("sharex", "sharey")}
        axes.append(figure.add_subplot(grid[place // columns, place % columns], **shared))
        axes[-1].tick_params(labelleft=not shape.get("sharey") or place % columns == 0)
    return figure, axes


def context() -> Any:
    """Context in which the settings of this look hold."""
    return matplotlib.rc_context(RC)
