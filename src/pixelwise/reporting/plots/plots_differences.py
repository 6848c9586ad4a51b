"""Figure of denoising: paired differences in quality, image by image."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pixelwise.quantities import Metric, shown
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks
from pixelwise.reporting.style import INK, canvas, drawn_as, finish, label
from pixelwise.reporting.tidy_tables import each


def differences(numbers: Numbers) -> Drawn:
    """Paired differences of the first metric against the run's reference with their intervals."""
    metric = next(iter(shown("restoration", "figure").values()))
    rows = numbers.differences
    rows = rows[(rows["metric"] == metric.name) & (rows["task"] == "denoising")] if len(rows) else rows
    rows = rows[np.isfinite(rows["difference"])] if len(rows) else rows  # others stand in the table alone
    if rows.empty:
        raise MissingNumbersError(f"no image-by-image {metric.label} of two denoisers was measured in this run")
    panels = list(rows.groupby(["protocol", "sigma"], sort=True))
    order = rows.groupby("model")["difference"].mean().sort_values(ascending=False).index.tolist()
    figure, axes = canvas(len(panels), min(3, len(panels)), height=0.8 + 0.2 * len(order), sharey=True)
    for panel, ((protocol, sigma), own) in zip(axes, panels, strict=True):
        _forest(panel, metric, own, order)
        panel.set_title(f"{protocol}, sigma {sigma:g}")
    references = ", ".join(sorted({label(name) for name in rows["reference"]}))
    title = f"Paired differences in {metric.label} against {references}"
    finish(figure, title, numbers.run, **marks(rows))
    worse = "Right" if metric.better == "lower" else "Left"
    caption = (
        f"{metric.label} minus that of {references} on the same image; mean with 95 % bootstrap interval over up to "
        f"{int(rows['n'].max())} images. {worse} of zero: worse than the reference."
    )
    words = [
        f"{protocol}, sigma {sigma:g}: "
        + ", ".join(
            f"{label(r.model)} {r.difference:+.2f}" for r in each(own.sort_values("difference", ascending=False))
        )
        for (protocol, sigma), own in panels
    ]
    alt = f"{metric.label} minus that of {references}, {metric.unit}. {'; '.join(words)}"
    return Drawn("denoising_differences", title, caption, alt, figure, **marks(rows))


def _forest(axes: Axes, metric: Metric, rows: pd.DataFrame, models: list[str]) -> None:
    for row in each(rows):
        axes.errorbar(
            row.difference,
            models.index(row.model),
            xerr=[[max(row.difference - row.low, 0)], [max(row.high - row.difference, 0)]],
            capsize=2.5,
            **drawn_as(row.model, models),
        )
    axes.set_yticks(range(len(models)), [label(name) for name in models])
    axes.axvline(0, color=INK, linewidth=1)
    axes.margins(x=0.08)
    axes.set_ylim(len(models) - 0.4, -0.6)
    axes.set_xlabel(f"difference, {metric.unit} ({metric.better} is better)")


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(70, "denoising_differences", differences)]
