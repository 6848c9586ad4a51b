"""Figure of quality along the training: against the pictures seen and against processor seconds, every seed."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pixelwise.quantities import Metric, shown
from pixelwise.reporting.bounds_of_quality import BOUNDS, bounds_of
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks, over_seeds
from pixelwise.reporting.style import canvas, dashed, digits, drawn_as, finish, label, stacked

PROTOCOLS = {"fid": "pytorch-fid", "segmentation": "native"}
"""Kind of record -> protocol along the training; of fid it names the way from pictures to features."""
AXES = {"presentations": "training pictures seen", "cpu_minutes": "processor minutes of training"}
"""What quality is drawn against -> label of its axis."""


def _costed(numbers: Numbers) -> pd.DataFrame:
    """The scores with the processor minutes until each: a training's total, in step with the pictures seen."""
    keys = ["dataset", "model", "seed"]
    table = numbers.quality.merge(numbers.costs, on=keys, how="left")
    share = table["presentations"] / table.groupby(keys)["presentations"].transform("max")
    return table.assign(cpu_minutes=share * table["cpu_seconds"].astype(float) / 60)


def _panel(axes: Axes, own: pd.DataFrame, models: list[str], abscissa: str) -> None:
    """A thin line for each seed; a broad one for the mean of several."""
    for model, seeds in own.groupby("model", sort=True):
        look = drawn_as(str(model), models)
        several = seeds["seed"].nunique() > 1
        for _, curve in seeds.groupby("seed", sort=True):
            ordered = curve.sort_values(abscissa)
            thin = {"linewidth": 0.8, "markersize": 3, "alpha": 0.55} if several else {"label": label(str(model))}
            axes.plot(ordered[abscissa], ordered["value"], **look | thin)
        if several:
            mean = seeds.groupby("presentations")[[abscissa, "value"]].mean()
            axes.plot(mean[abscissa], mean["value"], label=label(str(model)), **look | {"linewidth": 2, "zorder": 3})


def trend(seeds: pd.DataFrame, metric: Metric) -> tuple[int, int]:
    """How many seeds of one model were better at the last score than at the one before it, and how many there are."""
    better = 0
    groups = [curve.sort_values("presentations")["value"].tolist() for _, curve in seeds.groupby("seed")]
    for values in groups:
        change = values[-1] - values[-2] if len(values) > 1 else 0.0
        better += change < 0 if metric.better == "lower" else change > 0
    return better, len(groups)


def said(own: pd.DataFrame, metric: Metric) -> list[str]:
    """For each model its last mean, and in how many seeds it still improved over the last stretch of the training."""
    words = []
    for model, seeds in own.groupby("model", sort=True):
        last = seeds.sort_values("presentations").groupby("seed")["value"].last().mean()
        better, count = trend(seeds, metric)
        verb = "falling" if metric.better == "lower" else "rising"
        words.append(f"{label(str(model))} {digits(last)}, still {verb} in {better} of {count} seeds")
    return words


EQUAL = {"presentations": "training pictures", "cpu_minutes": "processor minutes"}


def ordering(own: pd.DataFrame, metric: Metric, abscissa: str) -> str:
    """The models by their mean over seeds at as much of `abscissa` as all have, the best first; between scores, lines.

    Args:
        own: Scores of one metric.
        metric: What they measure.
        abscissa: What is equal for all: a key of `EQUAL`.

    Returns:
        Words such as "FID at 4000 training pictures each, best first: A 300, B 340."; nothing for one model alone.
    """
    curves = {key: curve.sort_values(abscissa) for key, curve in own.groupby(["model", "seed"])}
    ends = pd.DataFrame(
        [[model, curve[abscissa].max()] for (model, _), curve in curves.items()], columns=["model", "end"]
    )
    equal = ends.groupby("model")["end"].mean().min()
    if ends["model"].nunique() < 2 or any(curve[abscissa].min() > equal for curve in curves.values()):
        return ""
    at = [[model, np.interp(equal, curve[abscissa], curve["value"])] for (model, _), curve in curves.items()]
    means = pd.DataFrame(at, columns=["model", "value"]).groupby("model")["value"].mean()
    ranked = means.sort_values(ascending=metric.better == "lower")
    told = ", ".join(f"{label(str(model))} {digits(value)}" for model, value in ranked.items())
    amount = f"{equal:.0f}" if equal >= 100 else digits(equal)
    return f"{metric.label} at {amount} {EQUAL[abscissa]} each, best first: {told}."


def quality_along_training(numbers: Numbers, dataset: str) -> Drawn:
    """Every metric of fid and segmentation that has a figure; dashed, what the pictures themselves and floors reach."""
    if numbers.quality.empty:
        raise MissingNumbersError("no training of this run kept snapshots (setting snapshots)")
    table = _costed(numbers)
    table = table[table["dataset"].eq(dataset)]
    measured = set(table["metric"])
    panels = [
        (kind, metric) for kind in PROTOCOLS for metric in shown(kind, "figure").values() if metric.name in measured
    ]
    abscissae = [name for name in AXES if table[name].notna().all()]
    figure, axes = canvas(len(panels) * len(abscissae), len(panels), height=2.4)
    models, words, ends = sorted(table["model"].unique()), [], []
    orders: list[str] = []
    for number, (kind, metric) in enumerate(panels):
        own = table[table["metric"].eq(metric.name)]
        known = numbers.pick(kind, metric.name)
        ways = [name for name, way in metric.protocols.items() if way == PROTOCOLS[kind]] or [PROTOCOLS[kind]]
        known = known[known["dataset"].eq(dataset) & known["protocol"].isin(ways)]
        joined = over_seeds(known, ["model"])
        scored = joined[joined["model"].isin(models)]
        lines, bounds = bounds_of(joined[joined["model"].isin(list(BOUNDS))], scored, metric)
        words.append(f"{metric.heading}: " + ", ".join([*said(own, metric), *bounds]))
        ends += [f"At the end {metric.label}: {text}." for text in said(own, metric)]
        orders += filter(None, (ordering(own, metric, abscissa) for abscissa in abscissae))
        for row, abscissa in enumerate(abscissae):
            panel = axes[row * len(panels) + number]
            _panel(panel, own, models, abscissa)
            dashed(panel, {f"{metric.label}, {name}": value for name, value in lines.items()})
            panel.set(xlabel=AXES[abscissa], ylabel=stacked(metric.heading), xlim=(0, None))
    title = f"Quality along the training: {dataset}"
    finish(figure, title, numbers.run, **marks(table))
    unknown = [] if len(abscissae) == len(AXES) else ["The run log knows no processor seconds of these trainings."]
    caption = " ".join(
        [
            "Thin lines are seeds, broad ones their mean.",
            "A model that still improves over its last stretch was not trained to its end.",
            *ends,
            *orders,
            *unknown,
        ]
    )
    name = drawn_name(dataset, sorted(numbers.quality["dataset"].unique()))
    return Drawn(name, title, caption, "; ".join(words), figure, **marks(table))


def figures(numbers: Numbers) -> list[Plot]:
    """One figure for each data set whose trainings kept snapshots; one that says why if there is none."""
    datasets = [str(name) for name in sorted(numbers.quality["dataset"].unique())]
    return [
        Plot(90, drawn_name(name, datasets), partial(quality_along_training, dataset=name)) for name in datasets or [""]
    ]


def drawn_name(dataset: str, datasets: list[str]) -> str:
    """Name of the figure; several data sets stand in it."""
    return "quality_along_training" + (f"_{dataset}" if len(datasets) > 1 else "")
