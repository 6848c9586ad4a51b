"""Figure of the benchmark: the ratio of times as published and with both models optimised, beside the paper's own."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.reporting import pairs, ratio_panel
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, marks
from pixelwise.reporting.hardware_words import describe
from pixelwise.reporting.naming import STROKES
from pixelwise.reporting.style import SIGNS, TINTS, canvas, family, finish
from pixelwise.reporting.tidy_tables import each

FORMS = ("as published", "both optimised")


def ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Ratios of two generators' times at batch 1, in both treatments.

    Args:
        table: Records of one machine.

    Raises:
        MissingNumbersError: If they hold no such ratio.
    """
    rows = table[table["protocol"].isin(FORMS) & table["metric"].eq("ratio") & table["batch"].eq(1)]
    rows = rows[rows["task"].eq("translation") & rows["value"].notna()]
    if rows.empty:
        raise MissingNumbersError("the benchmark compared no two generators")
    return rows.assign(megapixels=rows["height"] * rows["width"] / 1e6)


def by_size(axes: Axes, table: pd.DataFrame, published: pd.DataFrame) -> list[str]:
    """Draw the ratios by image size, one line for each treatment and precision, beside the published ones.

    Args:
        axes: The panel.
        table: Records of one machine.
        published: Published values.

    Returns:
        The lines in words.

    Raises:
        MissingNumbersError: As `ratios`.
    """
    rows = ratios(table)
    named: dict[str, pairs.Pair] = {}
    for model in rows["model"]:
        slow, fast = str(model).split("/")
        named[model] = (family(slow), family(fast))
    found = list(dict.fromkeys(named.values()))
    words = []
    for place, ((model, form, precision), own) in enumerate(
        rows.groupby(["model", "protocol", "precision"], sort=True)
    ):
        about = f"{pairs.words(named[str(model)])}, " if len(found) > 1 else ""
        text = f"{about}{form}, {precision}"
        look = {"color": TINTS[place % len(TINTS)], "marker": SIGNS[place % len(SIGNS)]}
        ratio_panel.line(axes, own, text, look | {"linestyle": STROKES[place // len(TINTS) % len(STROKES)]})
        ends = list(each(own.sort_values("megapixels").iloc[[0, -1]]))
        words.append(f"{text}: " + " to ".join(f"{r.value:.2f} at {int(r.height)}x{int(r.width)}" for r in ends))
    for pair in found:
        about = f"{pairs.words(pair)}, " if len(found) > 1 else ""
        for name, points in ratio_panel.told(published, pair).items():
            look = ratio_panel.LOOKS[name] | {"fillstyle": "none"}
            ratio_panel.line(axes, points, about + name.removeprefix("time, "), look)
    ratio_panel.shape(axes, f"Ratio {' and '.join(map(pairs.words, found))}")
    return words


def bench(table: pd.DataFrame, published: pd.DataFrame, name: str) -> Drawn:
    """Ratios of two generators' times by image size on one machine.

    Args:
        table: Its records.
        published: Published values.
        name: Name of the figure.

    Raises:
        MissingNumbersError: As `ratios`.
    """
    rows = ratios(table)
    figure, (axes, *_) = canvas(height=3.2)
    words = by_size(axes, table, published)
    machine = " / ".join(sorted({describe(text) for text in rows["hardware"]}))
    title = f"Benchmark: ratio of times on {machine}"
    flags = marks(rows) | {"synthetic": False}  # what a picture shows does not change a time
    finish(figure, title, "bench", **flags)
    caption = (
        "Both generators interleaved in one process, batch 1; whiskers are 95 % intervals over rounds. As published: "
        "eager, single precision. Both optimised: the same care for both."
    )
    return Drawn(name, title, caption, "; ".join(words), figure, **flags)
