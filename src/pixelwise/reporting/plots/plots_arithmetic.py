"""Figure of the arithmetic behind the times: operations of one image, and what a machine makes of their ratio."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.reporting import pairs
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks
from pixelwise.reporting.style import INK, MUTED, canvas, colour, digits, family, finish, label, log_axis
from pixelwise.reporting.tidy_tables import each

METRIC = "gmacs"
LINES = ("-", "--", "-.", ":")


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


def _bars(axes: Axes, rows: pd.DataFrame) -> None:
    sizes = sorted({(row.height, row.width) for row in each(rows)})
    means = rows.groupby("line")["value"].mean().sort_values()
    names = [str(name) for name in means.index]
    step, font = 0.76 / len(names), 9 if len(names) < 3 else 7
    for place, size in enumerate(sizes):
        for number, name in enumerate(names):
            own = rows[(rows["line"] == name) & rows["height"].eq(size[0]) & rows["width"].eq(size[1])]
            for row in each(own):
                at = place + (number - (len(names) - 1) / 2) * step
                axes.bar(at, row.value, 0.95 * step, color=colour(name, names), edgecolor=INK, linewidth=0.5)
                axes.annotate(
                    digits(row.value), (at, row.value), (0, 2), textcoords="offset points", ha="center", fontsize=font
                )
    axes.set_xticks(range(len(sizes)), [f"{int(height)}x{int(width)}" for height, width in sizes])
    for name in names:
        axes.bar(0, 0, color=colour(name, names), label=label(name))
    axes.legend(loc="upper left")
    axes.set(title="Operations of one image", ylabel="multiply-accumulates, 10^9")
    axes.margins(y=0.15)
    axes.grid(False, axis="x")


def arithmetic(numbers: Numbers) -> Drawn:
    """Operations of the generators, and each pair's ratio beside the ratios of time, published and measured."""
    rows = operations(numbers)
    published = numbers.published.query("quantity == 'latency' and panel_kind == 'resolution'")
    counted = rows.assign(model=rows["line"], low=rows["value"], high=rows["value"])
    found = pairs.compared(numbers)
    figure, (left, right) = canvas(2, width=9.5 + 2.5 * max(len(found) - 1, 0), height=3.9)
    _bars(left, rows)
    drawn: dict[str, pd.DataFrame] = {}
    for place, pair in enumerate(found):
        about = "" if len(found) == 1 else f"{pairs.words(pair)}: "
        lines = {
            "operations": (pairs.ratios(counted, pair), INK, "D"),
            "time, paper": (pairs.ratios(published, pair), MUTED, "s"),
            "time, this run": (pairs.measured_ratios(numbers, pair), colour(pair[1]), "o"),
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
    if found:
        right.legend(loc="best")
    title = "Arithmetic against time"
    finish(figure, title, numbers.run, **marks(rows))
    caption = (
        "Where the ratio of times falls below the ratio of operations, an implementation of the faster network wastes "
        "part of its advantage. Operations are counted on the built networks, with the tile that a code takes at that "
        "size; they are the same on every machine."
    )
    counts = [f"{label(r.line)} {digits(r.value)} at {int(r.height)}x{int(r.width)}" for r in each(rows)]
    said = f"Operations: {', '.join(counts)}. {pairs.in_words(drawn)}"
    return Drawn("arithmetic", title, caption, said, figure, **marks(rows))


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(30, "arithmetic", arithmetic)]
