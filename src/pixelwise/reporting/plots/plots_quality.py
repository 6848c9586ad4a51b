"""Figures of image quality against inference time: paper, students' report and here, for each metric of theirs."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pixelwise.quantities import Metric, metrics, shown
from pixelwise.reporting.bounds_of_quality import bounds_of, split
from pixelwise.reporting.figure_numbers import (
    Drawn,
    MissingNumbersError,
    Numbers,
    Plot,
    marks,
    over_seeds,
    preferred,
    whiskers,
)
from pixelwise.reporting.pairs import plain
from pixelwise.reporting.plots.plots_speed import HERE, hardware, latencies
from pixelwise.reporting.same_network import of_network, told
from pixelwise.reporting.style import (
    GRID,
    canvas,
    dashed,
    digits,
    drawn_as,
    family,
    finish,
    label,
    log_axis,
    stacked,
)
from pixelwise.reporting.tidy_tables import each

SEGMENTER = ("native", "N", "enlarged")
"""Protocols of a segmenter in the order in which figures prefer them."""


def scores(numbers: Numbers, kind: str, metric: Metric) -> tuple[pd.DataFrame, str]:
    """Rows of one metric on one data set, seeds joined, and the protocol they follow.

    Raises:
        MissingNumbersError: If the run has none.
    """
    rows = numbers.pick(kind, metric.name, "translation")
    if rows.empty:
        raise MissingNumbersError(f"no {metric.label} was measured in this run")
    protocol = preferred(rows["protocol"], *(metric.protocols or SEGMENTER))
    joined = over_seeds(rows[rows["protocol"] == protocol], ["dataset", "model"])
    return joined[joined["dataset"] == preferred(joined["dataset"], "cityscapes", "camvid")], protocol


def _joined(axes: Axes, points: dict[str, tuple[float, float]]) -> None:
    """A thin line through the networks that stand in every panel, the fastest first."""
    x, y = zip(*sorted(points.values()), strict=True) if points else ((), ())
    axes.plot(x, y, color=GRID, linewidth=2.5, zorder=1)


def _published_panel(axes: Axes, rows: pd.DataFrame, quantity: str, own: set[str]) -> list[str]:
    """Points of one published panel, those of the run's own families `own` larger and joined; returns their words."""
    wide = rows[rows["quantity"].isin((quantity, "latency"))].set_index(["model", "quantity"])
    words, points = [], {}
    for model in sorted(
        {name for name, what in wide.index if what == quantity}, key=lambda name: (name not in own, name)
    ):
        if (model, "latency") not in wide.index:
            continue
        x, y = wide.loc[(model, "latency")], wide.loc[(model, quantity)]
        main = model in own
        axes.errorbar(
            x["value"],
            y["value"],
            xerr=[[x["value"] - x["low"]], [x["high"] - x["value"]]],
            yerr=[[y["value"] - y["low"]], [y["high"] - y["value"]]],
            capsize=2.5,
            markersize=8 if main else 5.5,
            zorder=4 if main else 2,
            label=label(model),
            **drawn_as(model) | {"linestyle": "none"},
        )
        if main:
            points[model] = (float(x["value"]), float(y["value"]))
            words.append(f"{label(model)} {y['value']:g} at {x['value']:g} ms")
    _joined(axes, points)
    return words


def _own_panel(axes: Axes, scored: pd.DataFrame, times: pd.DataFrame) -> tuple[list[str], str, bool]:
    """Points of this run; returns their words, what the caption says, and whether their place is a time.

    Where exactly these networks were not timed, they stand beside each other by name.
    """
    models = sorted(scored["model"].unique())
    found = {row.model: of_network(times, row) for row in each(scored)}
    untimed = [label(name) for name, (time, _) in found.items() if time.empty]
    other_labels = [label(name) for name, (time, exactly) in found.items() if len(time) and not exactly]
    none = len(untimed) == len(found)
    words, points = [], {}
    for place, row in enumerate(each(scored)):
        time, _ = found[row.model]
        if time.empty and not none:
            continue
        x = float(place) if none else float(time["value"].iloc[0])
        axes.errorbar(
            x,
            row.value,
            xerr=None if none else whiskers(time),
            yerr=whiskers(scored[scored["model"] == row.model]),
            markersize=8,
            capsize=3,
            zorder=4,
            label=label(row.model),
            **drawn_as(row.model, models) | {"linestyle": "none"},
        )
        plural = "s" if row.seeds > 1 else ""
        when = "" if none else f" at {digits(x)} ms"
        words.append(f"{label(row.model)} {digits(row.value)}{when} ({row.seeds} seed{plural})")
        points[row.model] = (x, float(row.value))
    if none:
        axes.set_xticks(range(len(found)), [label(name) for name in found], fontsize=8)
        axes.set_xlabel("their times: not measured")
    else:
        _joined(axes, points)
    note = " Of these networks no time was measured." if none else told(untimed, other_labels)
    return words, note, not none


def equal_spans(panels: list[Axes]) -> None:
    """Logarithmic time axes of equal span: equal distances are equal ratios in all of them."""
    limits = [np.log10(panel.dataLim.intervalx) for panel in panels]
    half = 0.5 * max(high - low for low, high in limits) + 0.18
    for panel, (low, high) in zip(panels, limits, strict=True):
        log_axis(panel.xaxis)
        panel.set_xlim(*(10 ** ((low + high) / 2 + sign * half) for sign in (-1, 1)))


def _published(numbers: Numbers, dataset: str, height: float, metric: Metric) -> list[tuple[str, pd.DataFrame]]:
    """Published panels of the same data and height, or of Cityscapes at 256x512, which paper and report share."""
    rows = numbers.published[numbers.published["panel_kind"].eq("quality")]
    same = rows[rows["dataset"].eq(dataset) & rows["height"].eq(height)]
    rows = same if len(same) else rows[rows["dataset"].eq("cityscapes") & rows["height"].eq(256)]
    panels = [(str(name), own) for name, own in rows.groupby("panel", sort=False)]
    return [(name, own) for name, own in panels if own["quantity"].eq(metric.name).any()]


def quality_against_time(numbers: Numbers, kind: str, metric: Metric) -> Drawn:
    """The paper's panel, the report's panel and this run's panel of one metric against inference time."""
    joined, protocol = scores(numbers, kind, metric)
    dataset = str(joined["dataset"].iloc[0])
    scored, bounds = split(joined)
    times = latencies(numbers, "translation")
    own_time = times[times["height"] * times["width"] == (times["height"] * times["width"]).min()]
    if (times["height"].eq(256) & times["width"].eq(512)).any():
        own_time = times[times["height"].eq(256) & times["width"].eq(512)]
    panels = _published(numbers, dataset, float(own_time["height"].iloc[0]), metric)
    figure, axes = canvas(len(panels) + 1, height=2.7)
    own = {family(model) for model in scored["model"]}
    said = []
    for panel, (name, rows) in zip(axes, panels, strict=False):
        said.append(f"{name}: " + ", ".join(_published_panel(panel, rows, metric.name, own)))
        size = f"{rows['height'].iloc[0]:.0f}x{rows['width'].iloc[0]:.0f}"
        panel.set(title=name, xlabel=f"ms for one {size} image (log)")
    mine, note, timed = _own_panel(axes[-1], scored, own_time)
    lines, words = bounds_of(bounds, scored, metric)
    dashed(axes[-1], lines)
    axes[-1].set_title(f"{HERE}: {dataset}")
    if timed:
        size = f"{own_time['height'].iloc[0]:.0f}x{own_time['width'].iloc[0]:.0f}"
        axes[-1].set_xlabel(f"ms for one {size} image (log)")
    else:
        axes[-1].set_xlim(-0.6, len(scored) - 0.4)
    if clocked := axes if timed else axes[:-1]:
        equal_spans(clocked)
    for panel in axes:
        panel.margins(y=0.25)
        panel.set_ylabel(stacked(metric.heading))
    title = f"{metric.label[0].upper()}{metric.label[1:]} against inference time"
    finish(figure, title, numbers.run, **marks(joined, own_time))
    machine = hardware(plain(numbers.pick("latency", "median", "translation")))
    caption = (
        "Other data, segmenter, code and machine in each panel; equal distances in time are equal ratios. The broad "
        "line joins the networks that were scored here. Published: values read from figures, whiskers are reading "
        f"errors. Here: {dataset}, protocol {protocol}, mean over seeds. Whiskers go from the lowest to the highest "
        f"end of the seeds' 95 % intervals. Timed on {machine}." + note
    )
    alt = "; ".join([f"{HERE} on {dataset}: {', '.join([*mine, *words])}", *said])
    return Drawn(f"{metric.name}_runtime", title, caption, alt, figure, **marks(joined, own_time))


def figures(numbers: Numbers) -> list[Plot]:
    """One figure for each metric of FID and of segmentation that declares `figure` or that the paper plots."""
    plotted = set(numbers.published[numbers.published["panel_kind"].eq("quality")]["quantity"])
    return [
        Plot(40, f"{name}_runtime", partial(quality_against_time, kind=kind, metric=metric))
        for kind in ("fid", "segmentation")
        for name, metric in metrics(kind).items()
        if name in plotted or name in shown(kind, "figure")
    ]
