"""Floors and ceilings of picture quality: the data set's own pictures, shuffled labels, pictures of mean colours."""

from __future__ import annotations

import pandas as pd

from pixelwise.quantities import Metric
from pixelwise.reporting.style import digits
from pixelwise.reporting.tidy_tables import each

BOUNDS = {"real": "photographs", "shuffled": "shuffled labels", "mean_colour": "mean colour of each class"}
"""What is no model -> its name for readers."""
DRAWN = {"real": "drawn scenes"}
"""The same, where a program drew the data."""


def split(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of models, and those of floors and ceilings."""
    bound = rows["model"].isin(list(BOUNDS))
    return rows[~bound], rows[bound]


def name_of(model: str, synthetic: bool) -> str:
    """Name of a floor or ceiling for readers."""
    return DRAWN.get(model, BOUNDS[model]) if synthetic else BOUNDS[model]


def bounds_of(bounds: pd.DataFrame, scored: pd.DataFrame, metric: Metric) -> tuple[dict[str, float], list[str]]:
    """Floors and ceilings as named lines and in words.

    Args:
        bounds: Their rows, seeds joined.
        scored: The models' rows, whose number of pictures theirs is compared with.
        metric: What is measured; of a distance the pictures' halves are compared with each other.

    Returns:
        Name with value -> value; the same in words. Another number of pictures than the models' is told.
    """
    pictures, lines = set(scored["n"]), {}
    for row in each(bounds):
        alike = {row.n} == pictures or not pictures
        name = name_of(row.model, bool(row.synthetic))
        if row.model == "real" and metric.better == "lower":
            name += " against each other"
        fewer = "" if alike else f" ({row.n:.0f} pictures, not {max(pictures):.0f})"
        lines[f"{name}: {digits(row.value)}{fewer}"] = float(row.value)
    return lines, list(lines)
