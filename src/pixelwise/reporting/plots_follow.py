"""Figure of quality along the training: FID and mean IoU against the pictures seen, every seed of every model."""

from __future__ import annotations

from typing import Any

from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, marks
from pixelwise.reporting.style import MARKERS, canvas, colour, dashed, digits, finish, label
from pixelwise.reporting.tidy_tables import each

PANELS = {
    "fid": ("FID (lower is better)", "fid", "pytorch-fid", "real", "floor"),
    "miou": ("mean IoU, % (higher is better)", "segmentation", "native", "real", "ceiling"),
}
"""Metric -> axis, and the record that bounds it: kind, protocol, subject, word."""


def quality_along_training(numbers: Numbers) -> Drawn:
    """FID and mean IoU against presentations; dashed, what real photographs reach."""
    table = numbers.quality
    if table.empty:
        raise MissingNumbersError("no training of this run kept snapshots (setting snapshots)")
    datasets = sorted(table["dataset"].unique())
    figure, axes = canvas(len(PANELS), len(datasets), width=4.9 * len(PANELS), height=1.0 + 3.1 * len(datasets))
    models, words = sorted(table["model"].unique()), []
    places = [(dataset, metric) for dataset in datasets for metric in PANELS]
    for panel, (dataset, metric) in zip(axes, places, strict=True):
        axis, kind, protocol, bound, word = PANELS[metric]
        own = table[table["dataset"].eq(dataset) & table["metric"].eq(metric)]
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
                words.append(f"{label(str(model))}, seed {seed}: {axis} {digits(end['value'])} after {seen} pictures")
        known = numbers.pick(kind, metric)
        known = known[known["dataset"].eq(dataset) & known["protocol"].eq(protocol) & known["model"].eq(bound)]
        dashed(panel, {f"photographs ({word}): {digits(row.value)}": row.value for row in each(known.head(1))})
        panel.set(xlabel="training pictures seen", ylabel=axis, title=dataset)
        panel.legend()
    title = "Quality along the training"
    finish(figure, title, numbers.run, **marks(table))
    caption = (
        "One line for each seed. A curve that still falls (FID) or rises (mean IoU) at its end belongs to a model that "
        "was not trained to its end."
    )
    return Drawn("quality_along_training", title, caption, "; ".join(words), figure, **marks(table))
