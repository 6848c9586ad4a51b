"""Figure of the arithmetic behind the times: operations of one image, and what a machine makes of their ratio."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.reporting import pairs, ratio_panel
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks
from pixelwise.reporting.style import canvas, digits, drawn_as, family, finish, label, log_axis
from pixelwise.reporting.tidy_tables import each

METRIC = "gmacs"


def operations(numbers: Numbers) -> pd.DataFrame:
    """Multiply-accumulates of one image in 10^9 by line (`pairs.lines`) and size, of the generators that were timed.

    Where nothing was timed, those of all that were counted.

    Raises:
        MissingNumbersError: If they were not counted.
    """
    timed, counted = (numbers.pick(kind, METRIC, "translation") for kind in ("flops", "architecture"))
    counted = counted[counted["height"].notna()]
    if len(timed):
        counted = counted[counted["model"].map(family).isin(set(timed["model"].map(family)))]
    rows = pd.concat([timed.assign(line=pairs.lines(timed)), counted.assign(line=counted["model"].map(family))])
    if rows.empty:
        raise MissingNumbersError("no multiply-accumulates were counted in this run")
    named = rows.assign(megapixels=rows["height"] * rows["width"] / 1e6)
    return named.drop_duplicates(["line", "height", "width"])


def _counts(axes: Axes, rows: pd.DataFrame) -> None:
    names = sorted(rows["line"].unique(), key=lambda name: -float(rows[rows["line"].eq(name)]["value"].mean()))
    for name in names:
        own = rows[rows["line"].eq(name)].sort_values(["megapixels", "height"])
        axes.plot(own["megapixels"], own["value"], label=label(str(name)), **drawn_as(str(name), names))
    log_axis(axes.xaxis)
    log_axis(axes.yaxis)
    axes.set(title="Operations of one image", xlabel="image size, megapixels (log)")
    axes.set_ylabel("10^9 multiply-adds (log)")


def arithmetic(numbers: Numbers) -> Drawn:
    """Operations of the generators, and each pair's ratio beside the ratios of time, published and measured."""
    rows = operations(numbers)
    counted = rows.assign(model=rows["line"], low=rows["value"], high=rows["value"])
    found = pairs.compared(numbers)
    figure, axes = canvas(1 + len(found), height=2.8)
    _counts(axes[0], rows)
    said = []
    for panel, pair in zip(axes[1:], found, strict=True):
        lines = {"operations": pairs.ratios(counted, pair), **ratio_panel.times(numbers, pair)}
        ratio_panel.draw(panel, lines, f"Ratio {pairs.words(pair)}")
        said += [pairs.said(f"{pairs.words(pair)}: {name}", points) for name, points in lines.items()]
    title = "Arithmetic against time"
    finish(figure, title, numbers.run, **marks(rows))
    caption = (
        "Where the ratio of times falls below the ratio of operations, an implementation of the faster network wastes "
        "part of its advantage. Operations are counted on the built networks, with the tile that a code takes at that "
        "size; they are the same on every machine."
    )
    first = next(each(rows.sort_values("megapixels")))
    least = rows[rows["height"].eq(first.height) & rows["width"].eq(first.width)]
    counts = ", ".join(f"{label(row.line)} {digits(row.value)}" for row in each(least))
    alt = "; ".join([*filter(None, said), f"10^9 operations at {first.height:.0f}x{first.width:.0f}: {counts}"])
    return Drawn("arithmetic", title, caption, alt, figure, **marks(rows))


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(30, "arithmetic", arithmetic)]
