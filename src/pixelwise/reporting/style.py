"""One look for every figure: colours per model, banner of synthetic and short runs, files that repeat to the byte."""

from __future__ import annotations

import io
import textwrap
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

# Colours: Okabe and Ito's palette, which readers with any common colour blindness can tell apart.
LOOK: dict[str, tuple[str, str, str]] = {
    "asapnet": ("ASAP-Net", "#0072B2", "o"),
    "pix2pixhd": ("pix2pixHD", "#D55E00", "s"),
    "pix2pix": ("pix2pix", "#7A7A7A", "v"),
    "spade": ("SPADE", "#B07D00", "^"),
    "sims": ("SIMS", "#7A7A7A", "P"),
    "cc_fpse": ("CC-FPSE", "#7A7A7A", "X"),
    "crn": ("CRN", "#7A7A7A", "D"),
    "dncnn": ("DnCNN", "#009E73", "s"),
    "bm3d": ("BM3D", "#A0527F", "D"),
    "tile_wiener": ("Tile Wiener", "#6E6E6E", "^"),
    "tile_mean": ("Tile mean", "#8C8C8C", "v"),
    "identity": ("Noisy input", "#A6A6A6", "x"),
    "identity_8bit": ("Noisy input, 8 bit", "#A6A6A6", "x"),
    "identity_minmax": ("Noisy input, min-max 8 bit", "#A6A6A6", "x"),
    "pointwise_oracle": ("Pointwise curve, oracle", "#8C8C8C", "v"),
    "tile_wiener_oracle": ("Tile Wiener, oracle", "#6E6E6E", "^"),
    "wiener_known_blur": ("Wiener, blur known", "#6E6E6E", "^"),
    "real": ("Real photographs", "#333333", "*"),
    "shuffled": ("Shuffled labels", "#A6A6A6", "x"),
}
ALIASES = {"pix2pixhd_global": "pix2pixhd", "spade_pix2pixhd": "pix2pixhd", "asap-net": "asapnet"}
FAMILIES = ("asapnet", "dncnn", "pix2pixhd", "spade")
SHADES = {
    "asapnet": ("#0072B2", "#56B4E9", "#004A75", "#3A8FC7", "#8CC9F0", "#00304D"),
    "dncnn": ("#009E73", "#00684C", "#4CC3A2"),
}
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
TINTS = ("#0072B2", "#D55E00", "#009E73", "#A0527F", "#B07D00", "#56B4E9", "#5A5A8C", "#333333")
OTHER = "#5A5A8C"
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


def _plain(model: str) -> str:
    """The model without its alias; what follows a space, such as `optimised`, stays."""
    first, space, rest = model.partition(" ")
    return ALIASES.get(first, first) + space + rest


def family(model: str) -> str:
    """Stem that gives a model its colour: `asapnet_residual_s8` belongs to `asapnet`."""
    name = _plain(model)
    return name if name in LOOK else next((stem for stem in FAMILIES if name.startswith(stem)), name)


def label(model: str) -> str:
    """Name for readers: `asapnet_residual` becomes `ASAP-Net residual`; an unknown name stays as it is.

    >>> label("asapnet_residual_s8"), label("tile_wiener_s8"), label("spade_pix2pixhd optimised"), label("resnet")
    ('ASAP-Net residual s8', 'Tile Wiener s8', 'pix2pixHD optimised', 'resnet')
    >>> label("spade/asapnet"), label("spade optimised")
    ('SPADE / ASAP-Net', 'SPADE optimised')
    """
    if "/" in model:
        return " / ".join(label(part) for part in model.split("/"))
    model = _plain(model)
    stem = family(model)
    tiled = model.rpartition("_s")[0]
    stem = tiled if stem not in LOOK and tiled in LOOK else stem
    if stem not in LOOK:
        return model
    return LOOK[stem][0] + model.removeprefix(stem).replace("_", " ")


def colour(model: str, siblings: list[str] | None = None) -> str:
    """Colour of a model; variants of one family among `siblings` get shades of the same hue, in their sorted order."""
    stem = family(model)
    if stem not in LOOK:
        return OTHER
    if stem in SHADES and siblings:
        same = sorted({name for name in siblings if family(name) == stem})
        if model in same and len(same) > 1:
            return SHADES[stem][same.index(model) % len(SHADES[stem])]
    return LOOK[stem][1]


def marker(model: str, siblings: list[str] | None = None) -> str:
    """Marker of a model, told apart among variants of one family as `colour` does."""
    stem = family(model)
    same = sorted({name for name in siblings or [] if family(name) == stem})
    if model in same and len(same) > 1:
        return MARKERS[same.index(model) % len(MARKERS)]
    return LOOK[stem][2] if stem in LOOK else "o"


def banner_text(run: str, synthetic: bool, short: bool) -> str:
    """Words of the banner; empty for a full run on real data."""
    words = [
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
