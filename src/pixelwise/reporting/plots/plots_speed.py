"""Figures of inference time: bars, time against resolution, and the ratio, which alone crosses machines."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.reporting import pairs
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
from pixelwise.reporting.style import (
    GRID,
    INK,
    MUTED,
    canvas,
    colour,
    digits,
    family,
    finish,
    label,
    log_axis,
    marker,
)


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


def hardware(rows: pd.DataFrame) -> str:
    """Words for the processor or accelerator that made `rows`."""
    return " / ".join(sorted({describe(text) for text in rows["hardware"]}))


def _bars(axes: Axes, models: list[str], rows: pd.DataFrame, title: str) -> None:
    for position, model in enumerate(models):
        row = rows[rows["model"] == model]
        height = float(row["value"].iloc[0])
        axes.bar(position, height, width=0.62, color=colour(model, models), edgecolor=INK, linewidth=0.6, zorder=2)
        axes.errorbar(position, height, yerr=whiskers(row), color=INK, capsize=4, linewidth=1.1, zorder=3)
        axes.annotate(
            f"{digits(height)} ms",
            (position, float(row["high"].iloc[0])),
            (0, 3),
            textcoords="offset points",
            ha="center",
        )
    axes.set_xticks(range(len(models)), [label(model) for model in models])
    axes.set_title(title)
    axes.set_ylim(0, float(rows["high"].max()) * 1.22)
    axes.grid(False, axis="x")


def inference_time(numbers: Numbers) -> Drawn:
    """Bars of inference time at 256x512: paper, report and this run, each on its own axis.

    Shown are all models that the run timed, and the published ones of the same families.
    """
    size = dict(zip(("height", "width"), SIZE_256, strict=True))
    mine = latencies(numbers, "translation")
    mine = mine[(mine["height"] == size["height"]) & (mine["width"] == size["width"])]
    if mine.empty:
        raise MissingNumbersError("no translation model was timed at 256x512")
    published = numbers.published.query(
        "panel_kind == 'quality' and quantity == 'latency' and height == @size['height'] and width == @size['width']"
    )
    published = published[published["model"].isin({family(model) for model in mine["model"]})]
    panels = list(published.groupby("panel", sort=False))
    compared = pairs.compared(numbers)
    faster = {name for _, fast in compared for name in (fast, family(fast))}
    most = max(len(mine), *(rows["model"].nunique() for _, rows in panels), 2)
    figure, axes = canvas(len(panels) + 1, width=9.0 + 1.8 * (most - 2), height=3.7)
    words = []
    for panel, (source, rows) in zip(axes, [*panels, ("This run", mine)], strict=True):
        shown = rows.drop_duplicates("model").sort_values("value")
        times = {str(model): float(value) for model, value in zip(shown["model"], shown["value"], strict=True)}
        models = sorted(times, key=lambda name: family(name) not in faster)
        _bars(panel, models, shown, str(source))
        panel.set_xlabel(_times_as_long(times, compared), color=MUTED)
        words.append(f"{source!s}: " + ", ".join(f"{label(name)} {digits(times[name])} ms" for name in models))
    axes[0].set_ylabel("time for one image, ms")
    title = "Inference time at 256x512"
    rows = plain(numbers.pick("latency", "median", "translation"))
    finish(figure, title, numbers.run, **marks(mine))
    caption = (
        "Each panel has its own axis, since milliseconds of different machines cannot be compared. This run: "
        f"{hardware(rows)}, batch 1, fp32, {form(rows)}, generator alone; median with its 95 % interval. Published "
        "bars: reading error."
    )
    return Drawn("inference_time", title, caption, "; ".join(words), figure, **marks(mine))


def _times_as_long(times: dict[str, float], compared: list[pairs.Pair]) -> str:
    """How many times as long as the faster model the slower one of each pair takes, for pairs that are both shown."""
    first = {family(model): time for model, time in reversed(times.items())} | times
    found = [
        f"{label(slow)} takes {first[slow] / first[fast]:.2f} times as long"
        for slow, fast in compared
        if {slow, fast} <= set(first)
    ]
    return "\n".join(found)


def _curve(axes: Axes, rows: pd.DataFrame, title: str, unit: str) -> None:
    models = sorted(rows["model"].unique())
    for model, group in sorted(rows.groupby("model"), key=lambda pair: -float(pair[1]["value"].max())):
        ordered = group.sort_values("megapixels")
        x, y = ordered["megapixels"], ordered["value"]
        axes.errorbar(
            x,
            y,
            yerr=whiskers(ordered),
            color=colour(str(model), models),
            marker=marker(str(model), models),
            capsize=3,
            markersize=5.5,
            label=label(str(model)),
            zorder=3,
        )
    log_axis(axes.xaxis)
    log_axis(axes.yaxis)
    axes.set(title=title, xlabel="image size, megapixels (log)", ylabel=unit)
    axes.legend(loc="best", ncols=2)
    axes.grid(True, which="minor", color=GRID, linewidth=0.3)


def resolution(numbers: Numbers) -> Drawn:
    """Inference time against image size: the paper's curve, this run's, and the ratio of each pair in both."""
    mine = latencies(numbers, "translation")
    published = numbers.published.query("quantity == 'latency' and panel_kind == 'resolution'")
    figure, axes = canvas(3, width=11.5, height=4.1)
    rows = plain(numbers.pick("latency", "median", "translation"))
    _curve(axes[0], published, "Paper (GPU not stated)", "time for one image, ms (log)")
    _curve(axes[1], mine, "This run", "time for one image, ms (log)")
    found = pairs.compared(numbers)
    lines: dict[str, pd.DataFrame] = {}
    for place, pair in enumerate(found):
        about = "" if len(found) == 1 else f"{pairs.words(pair)}, "
        tint = colour(pair[0] if place else pair[1])
        own = {f"{about}paper": pairs.ratios(published, pair), f"{about}this run": pairs.measured_ratios(numbers, pair)}
        for (name, points), look in zip(own.items(), ("D--", "o-"), strict=True):
            if len(points):
                shade = MUTED if not place and look == "D--" else tint
                axes[2].errorbar(
                    points["megapixels"],
                    points["value"],
                    whiskers(points),
                    fmt=look,
                    label=name,
                    color=shade,
                    capsize=3,
                )
        lines |= own
    log_axis(axes[2].xaxis)
    axes[2].set(title="Ratio: comparable across machines", xlabel="image size, megapixels (log)")
    axes[2].set_ylabel(f"ratio of times, {pairs.words(found[0])}" if len(found) == 1 else "ratio of times")
    axes[2].axhline(1, color=MUTED, linewidth=0.8, linestyle=":")
    axes[2].set_ylim(bottom=0)
    if found:
        axes[2].legend()
    title = "Inference time against resolution"
    finish(figure, title, numbers.run, **marks(mine))
    caption = (
        "Left: the paper's vector figure, read exactly (+-0.3 ms). Middle: this run on "
        f"{hardware(rows)}, batch 1, fp32, {form(rows)}, generator alone. Right: only the ratio may be compared; its "
        "bars are 95 % intervals over processes (this run) and reading errors (paper)."
    )
    said = f"Ratio {', '.join(pairs.words(pair) for pair in found)}. {pairs.in_words(lines)}"
    return Drawn("runtime_resolution", title, caption, said, figure, **marks(mine))


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(10, "inference_time", inference_time), Plot(20, "runtime_resolution", resolution)]
