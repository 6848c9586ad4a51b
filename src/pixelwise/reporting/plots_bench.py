"""Figure of the benchmark: the ratio of times as published and with both models optimised, beside the paper's own."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, marks, whiskers
from pixelwise.reporting.hardware_words import describe
from pixelwise.reporting.pairs import ratios
from pixelwise.reporting.style import GRID, MUTED, TINTS, canvas, family, finish, label, log_axis
from pixelwise.reporting.tidy_tables import each

FORMS = ("as published", "both optimised")


def bench(table: pd.DataFrame, published: pd.DataFrame, name: str) -> Drawn:
    """Ratios of two generators' times by image size at batch 1, one line for each pair, form and precision.

    Args:
        table: Records of one machine.
        published: Published values.
        name: Name of the figure.

    Raises:
        MissingNumbersError: If the benchmark holds no such ratio.
    """
    rows = table[table["protocol"].isin(FORMS) & table["metric"].eq("ratio") & table["batch"].eq(1)]
    rows = rows[rows["task"].eq("translation")]
    rows = rows[rows["value"].notna()].assign(megapixels=rows["height"] * rows["width"] / 1e6)
    if rows.empty:
        raise MissingNumbersError("the benchmark compared no two generators")
    curves = published.query("quantity == 'latency' and panel_kind == 'resolution'")
    figure, (axes, *_) = canvas(width=8, height=4.2)
    models = list(dict.fromkeys(rows["model"]))
    names = {model: f"{label(model)}, " if len(models) > 1 else "" for model in models}
    for model in models:
        slow, fast = (family(part) for part in str(model).split("/"))
        _line(axes, ratios(curves, (slow, fast)), f"{names[model]}paper", MUTED, "D--")
    words = []
    lines = rows.groupby(["model", "protocol", "precision"], sort=True)
    for place, (_, own) in enumerate(lines):
        ordered = own.sort_values("megapixels")
        first = next(each(ordered))
        text = f"{names[first.model]}{first.protocol}, {first.precision}"
        _line(axes, ordered, text, TINTS[place % len(TINTS)], "o-")
        words.append(f"{text}: " + ", ".join(f"{r.value:.2f} at {int(r.height)}x{int(r.width)}" for r in each(ordered)))
    log_axis(axes.xaxis)
    axes.set(xlabel="image size, megapixels (log)", ylabel="ratio of times")
    if len(models) == 1:
        axes.set_ylabel(f"ratio of times, {label(models[0])}")
    axes.axhline(1, color=MUTED, linewidth=0.8, linestyle=":")
    axes.grid(True, which="minor", color=GRID, linewidth=0.3)
    axes.set_ylim(bottom=0)
    axes.legend()
    machine = " / ".join(sorted({describe(text) for text in rows["hardware"]}))
    title = f"Benchmark: ratio of times on {machine}"
    finish(figure, title, "bench", **marks(rows))
    caption = (
        "Both generators interleaved in one process, batch 1; whiskers are 95 % intervals over rounds. As published: "
        "eager, single precision. Both optimised: the same care for both."
    )
    return Drawn(name, title, caption, "; ".join(words), figure, **marks(rows))


def _line(axes: Axes, rows: pd.DataFrame, text: str, tint: str, look: str) -> None:
    axes.errorbar(rows["megapixels"], rows["value"], yerr=whiskers(rows), fmt=look, label=text, color=tint, capsize=3)
