"""Figure of quality against cost, in the shape of the paper's: each metric by time and by operations of one image."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from pixelwise.quantities import Metric, metrics, shown
from pixelwise.reporting.bounds_of_quality import bounds_of, split
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks, over_seeds, whiskers
from pixelwise.reporting.pairs import plain
from pixelwise.reporting.plots.plots_quality import scores
from pixelwise.reporting.plots.plots_speed import hardware, timed_with
from pixelwise.reporting.same_network import of_network
from pixelwise.reporting.style import GRID, canvas, dashed, digits, drawn_as, finish, label, log_axis, stacked
from pixelwise.reporting.tidy_tables import each

COSTS = {"median": "ms for one {size} image (log)", "gflop": "GFLOP for one {size} image (log)"}
"""Quantity of a timing -> label of its axis."""


def _costs(numbers: Numbers, scored: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Model -> its time and operations, for those networks that were timed exactly as they were scored."""
    rows = plain(numbers.pick("latency", "median", "translation"))
    rows = pd.concat([rows, plain(numbers.pick("latency", "gflop", "translation"))])
    found = {}
    for row in each(scored):
        own, exactly = of_network(rows, row)
        if len(own) and exactly:
            least = own["height"] * own["width"] == (own["height"] * own["width"]).min()
            found[str(row.model)] = over_seeds(own[least], ["metric", "height", "width"]).set_index("metric")
    return found


def _panel(
    axes: Axes, scored: pd.DataFrame, rows: pd.DataFrame, costs: dict[str, pd.DataFrame], cost: str
) -> dict[str, tuple[float, float]]:
    """Each model's mean with its interval, its seeds as dots; a broad line joins them in the order of their cost."""
    models, points = sorted(costs), {}
    for row in each(scored[scored["model"].isin(models)]):
        if cost not in costs[row.model].index:
            continue
        price = costs[row.model].loc[[cost]]
        x, look = float(price["value"].iloc[0]), drawn_as(row.model, models) | {"linestyle": "none"}
        seeds = rows[rows["model"].eq(row.model)]["value"]
        axes.plot([x] * len(seeds), seeds, **look | {"markersize": 4, "alpha": 0.5, "zorder": 3})
        mine = scored[scored["model"].eq(row.model)]
        more = {"markersize": 9, "capsize": 3, "zorder": 4, "label": label(row.model)}
        axes.errorbar(x, row.value, xerr=whiskers(price), yerr=whiskers(mine), **look | more)
        points[row.model] = (x, float(row.value))
    x_values, y_values = zip(*sorted(points.values()), strict=True)
    axes.plot(x_values, y_values, color=GRID, linewidth=2.5, zorder=1)
    return points


def quality_against_cost(numbers: Numbers) -> Drawn:
    """FID and mean IoU by time and by operations, of the networks that were both scored and timed."""
    panels: list[tuple[Metric, pd.DataFrame, pd.DataFrame]] = []
    for kind in ("fid", "segmentation"):
        for metric in (metrics(kind)[name] for name in shown(kind, "figure")):
            rows = numbers.pick(kind, metric.name, "translation")
            if len(rows):
                joined, protocol = scores(numbers, kind, metric)
                same = rows["protocol"].eq(protocol) & rows["dataset"].eq(joined["dataset"].iloc[0])
                panels.append((metric, joined, rows[same]))
    costs = {model: found for _, joined, _ in panels for model, found in _costs(numbers, split(joined)[0]).items()}
    if not costs:
        raise MissingNumbersError("no network of this run was both scored and timed")
    kinds = [cost for cost in COSTS if any(cost in found.index for found in costs.values())]
    first = next(iter(costs.values())).reset_index().iloc[0]
    size = f"{first['height']:.0f}x{first['width']:.0f}"
    figure, axes = canvas(len(kinds) * len(panels), len(kinds), height=2.3)
    words, places = [], iter(axes)
    for metric, joined, rows in panels:
        scored, bounds = split(joined)
        for cost in kinds:
            panel = next(places)
            points = _panel(panel, scored, rows, costs, cost)
            lines, _ = bounds_of(bounds, scored, metric)
            dashed(panel, {f"{metric.label}, {name}": value for name, value in lines.items()})
            log_axis(panel.xaxis)
            panel.margins(x=0.2, y=0.15)
            panel.set(xlabel=COSTS[cost].format(size=size), ylabel=stacked(metric.heading))
            unit = "ms" if cost == "median" else "GFLOP"
            named = ", ".join(f"{label(m)} {digits(y)} at {digits(x)} {unit}" for m, (x, y) in points.items())
            words.append(f"{metric.label}: {named}")
    dataset, timed = panels[0][1]["dataset"].iloc[0], plain(numbers.pick("latency", "median", "translation"))
    title = f"Quality against time and arithmetic: {dataset}"
    tables = [joined for _, joined, _ in panels]
    finish(figure, title, numbers.run, **marks(*tables))
    caption = (
        "Large: mean over seeds; small: each seed. Whiskers go from the lowest to the highest end of the seeds' 95 % "
        f"intervals. The broad line joins the networks in the order of their cost. Here: {hardware(timed)}. "
        f"Timed with {timed_with(timed)}."
    )
    return Drawn("quality_cost", title, caption, "; ".join(words), figure, **marks(*tables))


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(39, "quality_cost", quality_against_cost)]
