"""Figures as files: PNG and SVG that repeat to the byte."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from pixelwise.artifacts import write_bytes


def laid_out(figure: Figure) -> Figure:
    """The figure with its layout made, once: `savefig` would lay out and draw every figure twice for each format.

    The solver's last digits depend on addresses in memory, and names in an SVG hash all digits; so they are rounded.
    """
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
        for axes in figure.axes:
            left, bottom, width, height = (round(float(part), 6) for part in axes.get_position().bounds)
            axes.set_position((left, bottom, width, height))
    return figure


def png(figure: Figure, dpi: int) -> bytes:
    """The figure as PNG; the same numbers give the same bytes."""
    buffer = io.BytesIO()
    laid_out(figure).set_dpi(dpi)
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def svg(figure: Figure) -> bytes:
    """The figure as SVG; the same numbers give the same bytes."""
    buffer = io.BytesIO()
    FigureCanvasSVG(laid_out(figure)).print_svg(buffer, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def save(figure: Figure, stem: Path, dpi: int) -> None:
    """Write `stem`.png and `stem`.svg."""
    write_bytes(stem.with_suffix(".png"), png(figure, dpi))
    write_bytes(stem.with_suffix(".svg"), svg(figure))
