"""One look for every figure: banner of synthetic and short runs, files that repeat to the byte."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from pixelwise.artifacts import write_bytes
from pixelwise.reporting.naming import MARKERS as MARKERS
from pixelwise.reporting.naming import colour as colour
from pixelwise.reporting.naming import family as family
from pixelwise.reporting.naming import label as label
from pixelwise.reporting.naming import marker as marker
from pixelwise.settings.reporting import Partial

TINTS = ("#0072B2", "#D55E00", "#009E73", "#A0527F", "#B07D00", "#56B4E9", "#5A5A8C", "#333333")
INK, MUTED, GRID, WARN = "#1B1F24", "#57606A", "#D8DEE4", "#8A4600"

RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Helvetica", "Arial", "sans-serif"],
    "font.size": 9,
    "axes.titlesize": 10,
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
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "pixelwise",
}


_UNFINISHED: ContextVar[str] = ContextVar("unfinished", default="")


@contextmanager
def unfinished(partial: Partial | None) -> Iterator[None]:
    """Context in which every banner says that the run is not complete; None: it is."""
    words = f"UNFINISHED RUN: {partial.done} of {partial.of} jobs are done" if partial else ""
    token = _UNFINISHED.set(words)
    try:
        yield
    finally:
        _UNFINISHED.reset(token)


def banner_text(run: str, synthetic: bool, short: bool) -> str:
    """Words of the banner; empty for a full and complete run on real data."""
    words = [
        *([_UNFINISHED.get()] if _UNFINISHED.get() else []),
        *(["SYNTHETIC DATA: drawn by a program, says nothing of photographs"] if synthetic else []),
        *(["SHORT RUN: less training or fewer timed calls than published; replicates no number"] if short else []),
    ]
    return f"{' · '.join(words)} (run {run})" if words else ""


def finish(figure: Figure, title: str, run: str, synthetic: bool, short: bool) -> None:
    """Set the title and, where the run is synthetic or short, the banner under it; reserves the space for both."""
    height = figure.get_figheight()
    lines = textwrap.wrap(banner_text(run, synthetic, short), width=int(figure.get_figwidth() * 12.5))
    figure.text(0.012, 1 - 0.10 / height, title, fontsize=12, fontweight="bold", va="top", ha="left")
    if lines:
        figure.text(
            0.012,
            1 - 0.40 / height,
            "\n".join(lines),
            fontsize=8,
            color=WARN,
            va="top",
            ha="left",
            fontweight="bold",
            bbox={"facecolor": "#FFF4DB", "edgecolor": "#D9A441", "boxstyle": "square,pad=0.35", "linewidth": 0.8},
        )
    used = 0.36 + (0.18 + 0.14 * len(lines) if lines else 0)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0, 0, 1, 1 - used / height))


def log_axis(axis: Axis) -> None:
    """Logarithmic scale with ticks at 1, 2 and 5, written as plain numbers."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})  # type: ignore[attr-defined]
    axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0), numticks=20))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def digits(value: float) -> str:
    """Three significant digits, never in powers of ten: 0.412, 17.2, 1180."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def dashed(axes: Axes, lines: dict[str, float]) -> None:
    """Dashed horizontal lines with their names; names of lines close together stand at opposite ends."""
    last, side = float("-inf"), "right"
    low, high = axes.get_ylim()
    for name, value in sorted(lines.items(), key=lambda pair: pair[1]):
        side = ("left" if side == "right" else "right") if value - last < 0.06 * (high - low) else "right"
        last = value
        axes.axhline(value, color=MUTED, linewidth=0.9, linestyle="--", zorder=1)
        axes.annotate(
            name,
            (1 if side == "right" else 0, value),
            (-3 if side == "right" else 3, 3),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha=side,
            fontsize=7.5,
            color=MUTED,
        )


def canvas(
    columns: int = 1, rows: int = 1, width: float = 9.0, height: float = 3.9, **shape: Any
) -> tuple[Figure, list[Axes]]:
    """A figure of `columns` x `rows` panels, `width` x `height` inches, without pyplot's global state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **shape)
    return figure, list(axes.flat)


def _png(figure: Figure, dpi: int) -> bytes:
    buffer = io.BytesIO()
    figure.set_dpi(dpi)
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def svg(figure: Figure) -> bytes:
    """The figure as SVG; the same numbers give the same bytes."""
    buffer = io.BytesIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def save(figure: Figure, stem: Path, dpi: int) -> None:
    """Write `stem`.png and `stem`.svg; the same numbers give the same bytes.

    Layout and drawing take seconds for all figures together, so each is done once: `savefig` would lay out and draw
    every figure twice for each format.
    """
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.execute(figure)
    figure.set_layout_engine("none")
    write_bytes(stem.with_suffix(".png"), _png(figure, dpi))
    write_bytes(stem.with_suffix(".svg"), svg(figure))


def context() -> Any:
    """Context in which the settings of this look hold."""
    return matplotlib.rc_context(RC)
