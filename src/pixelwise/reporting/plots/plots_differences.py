"""Figure of denoising: paired differences in quality, image by image."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pixelwise.quantities import Metric, shown
from pixelwise.reporting.figure_numbers import Drawn, MissingNumbersError, Numbers, Plot, marks
from pixelwise.reporting.style import INK, canvas, colour, finish, label, marker
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
    columns = min(3, len(panels))
    lines = -(-len(panels) // columns)
    shape = {"width": 3.0 + 2.6 * columns, "height": 0.9 + lines * (0.9 + 0.24 * len(order))}
    figure, axes = canvas(columns, lines, sharey=True, **shape)
    for panel, ((protocol, sigma), own) in zip(axes, panels, strict=False):
        _forest(panel, metric, own, order)
        panel.set_title(f"{protocol}, sigma {sigma:g}")
    for panel in axes[len(panels) :]:
        panel.set_axis_off()
    axes[0].invert_yaxis()
    references = ", ".join(sorted({label(name) for name in rows["reference"]}))
    title = f"Paired differences in {metric.label} against {references}"
    finish(figure, title, numbers.run, **marks(rows))
    worse = "Right" if metric.better == "lower" else "Left"
    caption = (
        f"{metric.label} minus that of {references} on the same image; mean with 95 % bootstrap interval over up to "
        f"{int(rows['n'].max())} images. {worse} of zero: worse than the reference."
    )
    words = [
        f"{label(r.model)}, {r.protocol}, sigma {r.sigma:g}: {r.difference:+.2f} {metric.unit}" for r in each(rows)
    ]
    return Drawn("denoising_differences", title, caption, "; ".join(words), figure, **marks(rows))


def _forest(axes: Axes, metric: Metric, rows: pd.DataFrame, models: list[str]) -> None:
    for row in each(rows):
        axes.errorbar(
            row.difference,
            models.index(row.model),
            xerr=[[max(row.difference - row.low, 0)], [max(row.high - row.difference, 0)]],
            capsize=2.5,
            color=colour(row.model, models),
            marker=marker(row.model, models),
            markersize=5.5,
        )
    axes.set_yticks(range(len(models)), [label(name) for name in models])
    axes.axvline(0, color=INK, linewidth=1)
    axes.margins(x=0.08, y=0.08)
    axes.set_xlabel(f"difference in {metric.heading}")


def figures(numbers: Numbers) -> list[Plot]:
    """The figures of this module."""
    return [Plot(70, "denoising_differences", differences)]
