"""Figure of quality along the training: FID and mean IoU against the pictures seen, every seed of every model."""

from __future__ import annotations

import itertools
from typing import Any

from pixelwise.quantities import shown
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks
from pixelwise.reporting.style import MARKERS, canvas, colour, dashed, digits, finish, label
from pixelwise.reporting.tidy_tables import each

PROTOCOLS = {"fid": "pytorch-fid", "segmentation": "native"}
"""Kind of record -> protocol along the training; of fid it names the way from pictures to features."""
BOUND = {"lower": "floor", "higher": "ceiling", None: "bound"}
"""Direction of a metric -> what the value of the photographs is."""


def quality_along_training(numbers: Numbers) -> Drawn:
    """Every metric of fid and segmentation that has a figure against presentations; dashed, what photographs reach."""
    table = numbers.quality
    if table.empty:
        raise MissingNumbersError("no training of this run kept snapshots (setting snapshots)")
    datasets = sorted(table["dataset"].unique())
    measured = set(table["metric"])
    panels = [
        (kind, metric) for kind in PROTOCOLS for metric in shown(kind, "figure").values() if metric.name in measured
    ]
    figure, axes = canvas(len(panels), len(datasets), width=4.9 * len(panels), height=1.0 + 3.1 * len(datasets))
    models, words = sorted(table["model"].unique()), []
    for panel, (dataset, (kind, metric)) in zip(axes, itertools.product(datasets, panels), strict=True):
        own = table[table["dataset"].eq(dataset) & table["metric"].eq(metric.name)]
        for number, (model, seeds) in enumerate(own.groupby("model", sort=True)):
            tint = colour(str(model), models)
            for first, (seed, curve) in enumerate(seeds.groupby("seed", sort=True)):
                ordered = curve.sort_values("presentations")
                look: dict[str, Any] = {
                    "color": tint,
                    "marker": MARKERS[number % len(MARKERS)],
                    "markersize": 3.5,
                    "linewidth": 1.0,
                }
                name = label(str(model)) if first == 0 else None
                panel.plot(ordered["presentations"], ordered["value"], label=name, **look)
                end = ordered.iloc[-1]
                seen = f"{end['presentations']:.0f}"
                words.append(
                    f"{label(str(model))}, seed {seed}: {metric.heading} {digits(end['value'])} after {seen} pictures"
                )
        known = numbers.pick(kind, metric.name)
        ways = [name for name, way in metric.protocols.items() if way == PROTOCOLS[kind]] or [PROTOCOLS[kind]]
        known = known[known["dataset"].eq(dataset) & known["protocol"].isin(ways) & known["model"].eq("real")]
        dashed(
            panel,
            {f"photographs ({BOUND[metric.better]}): {digits(row.value)}": row.value for row in each(known.head(1))},
        )
        panel.set(xlabel="training pictures seen", ylabel=metric.heading, title=dataset)
        panel.legend()
    title = "Quality along the training"
    finish(figure, title, numbers.run, **marks(table))
    caption = (
        "One line for each seed. A curve that still falls (FID) or rises (mean IoU) at its end belongs to a model that "
        "was not trained to its end."
    )
    return Drawn("quality_along_training", title, caption, "; ".join(words), figure, **marks(table))


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(90, "quality_along_training", quality_along_training)]
