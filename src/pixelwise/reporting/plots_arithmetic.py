"""Figure of the arithmetic behind the times: operations of one image, and what a machine makes of their ratio."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.reporting import pairs
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, marks
from pixelwise.reporting.style import INK, MUTED, canvas, colour, digits, family, finish, label, log_axis
from pixelwise.reporting.tidy_tables import each

METRIC = "gmacs"
LINES = ("-", "--", "-.", ":")


def operations(numbers: Numbers) -> pd.DataFrame:
    """Multiply-accumulates of one image in 10^9 by family and size, those of the compared pairs only.

    Raises:
        MissingNumbersError: If they were not counted.
    """
    rows = pd.concat([numbers.pick(kind, METRIC) for kind in ("flops", "architecture")])
    rows = rows[rows["task"] == "translation"]
    shown = {model for pair in pairs.compared(numbers) for model in pair}
    rows = rows[rows["model"].map(family).isin(shown) & rows["height"].notna()]
    rows = rows[~rows["model"].str.contains("local")]
    if rows.empty:
        raise MissingNumbersError("no multiply-accumulates were counted in this run")
    named = rows.assign(family=rows["model"].map(family), megapixels=rows["height"] * rows["width"] / 1e6)
    return named.drop_duplicates(["family", "height", "width"])


def _bars(axes: Axes, rows: pd.DataFrame) -> None:
    sizes = sorted({(row.height, row.width) for row in each(rows)})
    means = rows.groupby("family")["value"].mean().sort_values()
    names = [str(name) for name in means.index]
    step, font = 0.76 / len(names), 9 if len(names) < 3 else 7
    for place, size in enumerate(sizes):
        for number, name in enumerate(names):
            own = rows[(rows["family"] == name) & rows["height"].eq(size[0]) & rows["width"].eq(size[1])]
            for row in each(own):
                at = place + (number - (len(names) - 1) / 2) * step
                axes.bar(at, row.value, 0.95 * step, color=colour(name), edgecolor=INK, linewidth=0.5)
                axes.annotate(
                    digits(row.value), (at, row.value), (0, 2), textcoords="offset points", ha="center", fontsize=font
                )
    axes.set_xticks(range(len(sizes)), [f"{int(height)}x{int(width)}" for height, width in sizes])
    for name in names:
        axes.bar(0, 0, color=colour(name), label=label(name))
    axes.legend(loc="upper left")
    axes.set(title="Operations of one image", ylabel="multiply-accumulates, 10^9")
    axes.margins(y=0.15)
    axes.grid(False, axis="x")


def arithmetic(numbers: Numbers) -> Drawn:
    """Operations of the generators, and each pair's ratio beside the ratios of time, published and measured."""
    rows = operations(numbers)
    published = numbers.published.query("quantity == 'latency' and panel_kind == 'resolution'")
    published = published.assign(megapixels=published["height"] * published["width"] / 1e6)
    counted = rows.assign(model=rows["family"], low=rows["value"], high=rows["value"])
    found = pairs.compared(numbers)
    figure, (left, right) = canvas(2, width=9.5 + 2.5 * (len(found) - 1), height=3.9)
    _bars(left, rows)
    drawn: dict[str, pd.DataFrame] = {}
    for place, pair in enumerate(found):
        about = "" if len(found) == 1 else f"{pairs.words(pair)}: "
        lines = {
            "operations": (pairs.ratios(counted, pair), INK, "D"),
            "time, paper": (pairs.ratios(published, pair), MUTED, "s"),
            "time, this run": (pairs.measured_ratios(numbers, pair), colour("asapnet"), "o"),
        }
        for name, (points, tint, shape) in lines.items():
            ordered = drawn[about + name] = points.sort_values("megapixels")
            if len(ordered):
                tint, style = (tint if place == 0 else colour(pair[0])), LINES[place % len(LINES)]
                right.plot(
                    ordered["megapixels"],
                    ordered["value"],
                    marker=shape,
                    label=about + name,
                    color=tint,
                    linestyle=style,
                )
    log_axis(right.xaxis)
    heading = f"Ratio {pairs.words(found[0])}" if len(found) == 1 else "Ratio"
    right.set(title=heading, xlabel="image size, megapixels (log)", ylabel="ratio", ylim=(0, None))
    right.legend(loc="best")
    title = "Arithmetic against time"
    finish(figure, title, numbers.run, **marks(rows))
    caption = (
        "Where the ratio of times falls below the ratio of operations, an implementation of ASAP-Net wastes part of "
        "its advantage. Operations are counted on the built networks, ASAP-Net's with the tile that its code takes at "
        "that size; they are the same on every machine."
    )
    return Drawn("arithmetic", title, caption, pairs.in_words(drawn), figure, **marks(rows))
