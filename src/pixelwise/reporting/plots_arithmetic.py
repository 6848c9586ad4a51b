"""Figure of the arithmetic behind the times: operations of one image, and what a machine makes of their ratio."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.reporting.numbers import Drawn, MissingNumbersError, Numbers, marks
from pixelwise.reporting.plots_speed import PAIR, measured_ratios, ratios
from pixelwise.reporting.records import each
from pixelwise.reporting.style import INK, MUTED, canvas, colour, family, finish, label, log_axis

METRIC = "gmacs"


def operations(numbers: Numbers) -> pd.DataFrame:
    """Multiply-accumulates of one image in 10^9 by model and size, the two rivals only.

    Raises:
        MissingNumbersError: If they were not counted.
    """
    rows = pd.concat([numbers.pick(kind, METRIC) for kind in ("flops", "architecture")])
    rows = rows[rows["task"] == "translation"]
    rows = rows[rows["model"].map(family).isin(PAIR) & rows["height"].notna()]
    rows = rows[~rows["model"].str.contains("local")]
    if rows.empty:
        raise MissingNumbersError("no multiply-accumulates were counted in this run")
    named = rows.assign(family=rows["model"].map(family), megapixels=rows["height"] * rows["width"] / 1e6)
    return named.drop_duplicates(["family", "height", "width"])


def _bars(axes: Axes, rows: pd.DataFrame) -> None:
    sizes = sorted({(row.height, row.width) for row in each(rows)})
    for place, size in enumerate(sizes):
        for number, name in enumerate(reversed(PAIR)):
            own = rows[(rows["family"] == name) & rows["height"].eq(size[0]) & rows["width"].eq(size[1])]
            for row in each(own):
                at = place + (number - 0.5) * 0.38
                axes.bar(at, row.value, 0.36, color=colour(name), edgecolor=INK, linewidth=0.5)
                axes.annotate(f"{row.value:.3g}", (at, row.value), (0, 2), textcoords="offset points", ha="center")
    axes.set_xticks(range(len(sizes)), [f"{int(height)}x{int(width)}" for height, width in sizes])
    for name in reversed(PAIR):
        axes.bar(0, 0, color=colour(name), label=label(name))
    axes.legend(loc="upper left")
    axes.set(title="Operations of one image", ylabel="multiply-accumulates, 10^9")
    axes.margins(y=0.15)
    axes.grid(False, axis="x")


def arithmetic(numbers: Numbers) -> Drawn:
    """Operations of both generators, and their ratio beside the ratios of time that were published and measured."""
    rows = operations(numbers)
    counted = ratios(rows.assign(model=rows["family"], low=rows["value"], high=rows["value"]))
    told = numbers.published.query("quantity == 'latency' and panel_kind == 'resolution'")
    told = told.assign(megapixels=told["height"] * told["width"] / 1e6)
    lines = {
        "operations": (counted, INK, "D"),
        "time, paper": (ratios(told), MUTED, "s"),
        "time, this run": (measured_ratios(numbers), colour("asapnet"), "o"),
    }
    figure, (left, right) = canvas(2, width=9.5, height=3.9)
    _bars(left, rows)
    words = []
    for name, (points, tint, shape) in lines.items():
        ordered = points.sort_values("megapixels")
        if len(ordered):
            right.plot(ordered["megapixels"], ordered["value"], color=tint, marker=shape, label=name)
            words.append(
                f"{name}: " + ", ".join(f"{p.value:.2f} at {p.megapixels:.2f} megapixels" for p in each(ordered))
            )
    log_axis(right.xaxis)
    right.set(title="Ratio pix2pixHD / ASAP-Net", xlabel="image size, megapixels (log)", ylabel="ratio", ylim=(0, None))
    right.legend(loc="lower right")
    title = "Arithmetic against time"
    finish(figure, title, numbers.run, **marks(rows))
    caption = (
        "Where the ratio of times falls below the ratio of operations, an implementation of ASAP-Net wastes part of "
        "its advantage. Operations are counted on the built networks, ASAP-Net's with the tile that its code takes at "
        "that size; they are the same on every machine."
    )
    return Drawn("arithmetic", title, caption, "; ".join(words), figure, **marks(rows))
