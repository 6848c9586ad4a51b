"""Training curves of two entries in the same panels, in distinct colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pixelwise.errors import PixelwiseError
from pixelwise.files import outputs
from pixelwise.reporting import style
from pixelwise.reporting.compared_runs import Side, settings, training_curves
from pixelwise.reporting.drawn_files import png, svg

MOST = 12
"""Panels of a figure."""
DPI = 150
RISING = {"psnr": "PSNR, dB (higher is better)", "accuracy": "accuracy (higher is better)"}
"""Series that are no loss."""
Panel = tuple[Side, Side, str, pd.DataFrame, pd.DataFrame]


def panels(compared: Sequence[tuple[Side, Side]]) -> list[Panel]:
    """What each panel shows: A, B, the loss, and its curves; losses that only one of them has are left out."""
    found: list[Panel] = []
    for first, second in compared:
        a, b = (training_curves(side) for side in (first, second))
        for series in sorted(set(a["series"]) & set(b["series"])):
            found.append((first, second, series, *(each[each["series"].eq(series)] for each in (a, b))))
    return found


def figure(compared: Sequence[tuple[Side, Side]]) -> Figure:
    """A panel for each loss of each pair, with both in it.

    Raises:
        PixelwiseError: If they have no training curve in common.
    """
    shown = panels(compared)
    if not shown:
        raise PixelwiseError(f"{compared[0][0].title}: no training curve in common with {compared[0][1].title}")
    several, left = len(compared) > 1, max(0, len(shown) - MOST)
    names = _names(*compared[0], several)
    with style.context():
        made, axes = style.canvas(min(len(shown), MOST), min(3, len(shown)), height=2.4 if len(shown) > 1 else 3.4)
        for axis, panel in zip(axes, shown, strict=False):
            _draw(axis, panel, names, several)
        marks = [
            any(bool(each[mark].any()) for *_, a, b in shown for each in (a, b)) for mark in ("synthetic", "short")
        ]
        more = f" ({left} more panels left out)" if left else ""
        runs = dict.fromkeys(str(side.run.folder) for pair in compared for side in pair)
        style.finish(made, f"Training curves{more}", " and ".join(runs), *marks)
    return made


def _draw(axis: Axes, panel: Panel, names: tuple[str, str], several: bool) -> None:
    """The curves of one loss, a line for each seed."""
    first, second, series, *both = panel
    known = all(each["samples"].notna().all() for each in both)
    for number, own in enumerate(both):
        for _, curve in own.groupby(["dataset", "seed"], sort=True):
            axis.plot(
                curve["samples" if known else "step"],
                curve["value"],
                color=style.TINTS[number],
                marker=style.SIGNS[number],
                markersize=4,
                markevery=max(1, len(curve) // 8),
                linewidth=1.3,
                label=names[number],
            )
    title = series.replace("_", " ").replace("psnr", "PSNR")
    other = series == "loss" and settings(first).get("loss") != settings(second).get("loss")
    axis.set_title(f"{style.label(first.entry)}: {title}" if several else title)
    axis.set(xlabel="training examples seen" if known else "optimiser step")
    axis.set_ylabel("loss (A's is not B's)" if other else RISING.get(series.split()[0], "loss (lower is better)"))
    values = pd.concat([each["value"] for each in both])
    if (values > 0).all() and values.max() > 30 * values.min():
        style.log_axis(axis.yaxis)


def _names(first: Side, second: Side, several: bool) -> tuple[str, str]:
    """What the legend calls A and B."""
    if several:
        return f"A: {first.run.folder}", f"B: {second.run.folder}"
    return f"A: {first.title}", f"B: {second.title}"


def check(file: Path, force: bool) -> None:
    """Refuse a file that no figure can be written to.

    Raises:
        PixelwiseError: If its ending is neither .svg nor .png, or as `outputs.check`.
    """
    if file.suffix.lower() not in (".svg", ".png"):
        raise PixelwiseError(f"{file}: ending '{file.suffix}'; .svg and .png are allowed")
    outputs.check(file, (), force)


def write(compared: Sequence[tuple[Side, Side]], file: Path, force: bool) -> None:
    """Draw the curves into a file; see `figure` and `check`."""
    check(file, force)
    made = figure(compared)
    with style.context(), outputs.written(file, (), force) as temporary:
        content = svg(made) if file.suffix.lower() == ".svg" else png(made, DPI)
        temporary.write_bytes(content)
