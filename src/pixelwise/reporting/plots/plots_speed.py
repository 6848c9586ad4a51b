"""Figures of inference time: bars, time against resolution, and the ratio, which alone crosses machines."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.reporting import pairs, ratio_panel
from pixelwise.reporting.figure_numbers import (
    SIZE_256,
    Drawn,
    MissingNumbersError,
    Numbers,
    Plot,
    marks,
    over_seeds,
    whiskers,
)
from pixelwise.reporting.hardware_words import describe
from pixelwise.reporting.pairs import form, plain
from pixelwise.reporting.published import PAPER, REPORT
from pixelwise.reporting.style import (
    INK,
    MUTED,
    canvas,
    colour,
    digits,
    drawn_as,
    family,
    finish,
    label,
    log_axis,
)
from pixelwise.reporting.tidy_tables import each

HERE = "Here"


def latencies(numbers: Numbers, task: str, metric: str = "median") -> pd.DataFrame:
    """Median times of the plain condition: batch 1, generator alone, single precision, as published.

    Returns:
        Columns model, height, width, value, low, high, seeds, n, unit, synthetic, short and megapixels.

    Raises:
        MissingNumbersError: If nothing was timed under it.
    """
    rows = plain(numbers.pick("latency", metric, task))
    if rows.empty:
        raise MissingNumbersError(f"no {task} model was timed at batch 1, fp32, as published, generator alone")
    joined = over_seeds(rows, ["model", "height", "width"])
    return joined.assign(megapixels=joined["height"] * joined["width"] / 1e6)


def timed_with(rows: pd.DataFrame) -> str:
    """The plain condition of `rows` in words."""
    return f"batch 1, single precision (fp32), {form(rows)}, generator alone"


def hardware(rows: pd.DataFrame) -> str:
    """Words for the processor or accelerator that made `rows`."""
    return " / ".join(sorted({describe(text) for text in rows["hardware"]}))


def _bars(axes: Axes, models: list[str], rows: pd.DataFrame, compared: list[pairs.Pair], absent: str) -> list[str]:
    """A bar for each of `models` that `rows` hold, under its own name or its family's; returns their words."""
    times, words = {str(row.model): row for row in each(rows)}, []
    first = {family(name): row.value for name, row in reversed(times.items())}
    taken = set()
    most = float(rows["high"].max())
    for place, model in enumerate(models):
        found = times.get(model) if model in times else times.get(family(model))
        if found is None or found.model in taken:
            axes.annotate(absent, (0, place), (4, 0), textcoords="offset points", va="center", fontsize=8, color=MUTED)
            continue
        taken.add(found.model)
        axes.barh(place, found.value, height=0.62, color=colour(model, models), edgecolor=INK, linewidth=0.6, zorder=2)
        spread = whiskers(rows[rows["model"].eq(found.model)])
        axes.errorbar(found.value, place, xerr=spread, color=INK, capsize=3, linewidth=1.1, zorder=3)
        fast = next((fast for slow, fast in compared if slow in (model, family(model))), None)
        other = None if fast is None else first.get(fast, first.get(family(fast)))
        times_as_long = "" if other is None else f" ({found.value / other:.2f} times)"
        text = f"{digits(found.value)} ms{times_as_long}"
        axes.annotate(text, (found.high, place), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
        words.append(f"{label(model)} {text}")
    axes.set_xlim(0, most * 1.95)
    axes.set_yticks(range(len(models)), [label(name) for name in models])
    axes.set_ylim(len(models) - 0.45, -0.55)
    axes.grid(False, axis="y")
    return words


def inference_time(numbers: Numbers) -> Drawn:
    """Bars of inference time at 256x512: paper, students' report and here, each on its own axis.

    Shown are all models that the run timed, and the published ones of the same families.
    """
    size = dict(zip(("height", "width"), SIZE_256, strict=True))
    mine = latencies(numbers, "translation")
    mine = mine[(mine["height"] == size["height"]) & (mine["width"] == size["width"])].sort_values("value")
    if mine.empty:
        raise MissingNumbersError("no translation model was timed at 256x512")
    published = numbers.published.query(
        "panel_kind == 'quality' and quantity == 'latency' and height == @size['height'] and width == @size['width']"
    )
    published = published[published["model"].isin({family(model) for model in mine["model"]})]
    panels = [(str(source), rows, "not reported") for source, rows in published.groupby("panel", sort=False)]
    compared = pairs.compared(numbers)
    faster = {name for _, fast in compared for name in (fast, family(fast))}
    models = sorted(mine["model"], key=lambda name: family(name) not in faster)
    figure, axes = canvas(len(panels) + 1, height=0.75 + 0.36 * len(models), sharey=True)
    words: list[str] = []
    for panel, (source, rows, absent) in zip(axes, [*panels, (HERE, mine, "not timed")], strict=True):
        found = _bars(panel, models, rows.drop_duplicates("model"), compared, absent)
        panel.set_title(source)
        panel.set_xlabel("time for one image, ms (lower is better)")
        words.insert(0, f"{source}: " + ", ".join(found))
    title = "Inference time at 256x512"
    rows = plain(numbers.pick("latency", "median", "translation"))
    finish(figure, title, numbers.run, **marks(mine))
    caption = (
        "Each panel has its own axis, since milliseconds of different machines cannot be compared; the ratios in "
        f"brackets can. Here: {hardware(rows)}, median with its 95 % interval. Timed with {timed_with(rows)}. "
        "Whiskers of published bars: reading error."
    )
    return Drawn("inference_time", title, caption, "; ".join(words), figure, **marks(mine))


def _curve(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    models = sorted(rows["model"].unique())
    for model, group in sorted(rows.groupby("model"), key=lambda pair: -float(pair[1]["value"].max())):
        ordered = group.sort_values("megapixels")
        look = drawn_as(str(model), models) | {"capsize": 3, "label": label(str(model)), "zorder": 3}
        axes.errorbar(ordered["megapixels"], ordered["value"], yerr=whiskers(ordered), **look)
    log_axis(axes.xaxis)
    log_axis(axes.yaxis)
    axes.set(title=title, xlabel="image size, megapixels (log)", ylabel="ms for one image (log)")


def resolution(numbers: Numbers) -> Drawn:
    """Time against image size in the paper, the students' report and here, and the ratio of each pair in all three."""
    mine = latencies(numbers, "translation")
    published = numbers.published[numbers.published["quantity"].eq("latency")]
    rows = plain(numbers.pick("latency", "median", "translation"))
    found = pairs.compared(numbers)
    figure, axes = canvas(3 + len(found), 3)
    students = published[published["panel_kind"].eq("quality") & published["panel"].eq(REPORT)]
    told = {PAPER: published[published["panel_kind"].eq("resolution")], REPORT: students, HERE: mine}
    for panel, (name, points) in zip(axes, told.items(), strict=False):
        _curve(panel, points, name)
    for limits, columns in (("xlim", ["megapixels"]), ("ylim", ["low", "high"])):
        shown = pd.concat([points[columns] for points in told.values()])
        span = (float(shown.min().min()) / 1.3, float(shown.max().max()) * 1.3)
        for panel in axes[:3] if limits == "ylim" else axes[: 3 + len(found)]:
            panel.set(**{limits: span})
    said = []
    for panel, pair in zip(axes[3:], found, strict=True):
        lines = ratio_panel.times(numbers, pair)
        ratio_panel.draw(panel, lines, f"Ratio {pairs.words(pair)}")
        said += [pairs.said(f"{pairs.words(pair)}, {name}", points) for name, points in lines.items()]
    title = "Inference time against image size"
    finish(figure, title, numbers.run, **marks(mine))
    caption = (
        "Paper: its vector figure, read to 0.3 ms. Students' report: one size. "
        f"Here: {hardware(rows)}. Timed with {timed_with(rows)}. Of different machines only ratios may be compared. "
        "Their whiskers are 95 % intervals over processes (here) and reading errors (published)."
    )
    return Drawn("runtime_resolution", title, caption, "; ".join(filter(None, said)), figure, **marks(mine))


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(10, "inference_time", inference_time), Plot(20, "runtime_resolution", resolution)]
