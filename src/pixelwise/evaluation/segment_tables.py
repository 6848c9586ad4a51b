"""What step `segment` computes from confusion matrices, with the tables that the metrics file does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelwise.artifacts import write_text
from pixelwise.evaluation import confusion
from pixelwise.evaluation.confusion import FloatArray, Matrix
from pixelwise.evaluation.statistics import percentile_interval
from pixelwise.quantities import Metric, metrics, shown
from pixelwise.record import Value, measured

INTERVAL = "bootstrap over images, 95 %"


class Tables:
    """Collects what the metrics file does not hold: scores of each image and class, confusions, bootstrap draws.

    Args:
        images: Name of each picture.
        classes: Name of each class.
    """

    def __init__(self, images: list[str], classes: list[str]) -> None:
        self.images, self.classes = images, classes
        self.frames: dict[str, list[pd.DataFrame]] = {}

    def add(self, protocol: str, matrices: Matrix, pixels: NDArray[np.int64], resamples: int) -> dict[str, Value]:
        """Add one protocol's results and return them with intervals; a class never met has no value."""

        def table(name: str, columns: dict[str, Any]) -> None:
            self.frames.setdefault(name, []).append(pd.DataFrame({"protocol": protocol} | columns))

        total, draws = confusion.summary(matrices, pixels), confusion.resampled(matrices, pixels, resamples)
        declared = metrics("segmentation")
        whole = {name: _value(declared[name], value, draws[name]) for name, value in total.items() if not value.shape}
        of_class = {
            name: [_value(declared[name], part, draws[name][:, i]) for i, part in enumerate(values)]
            for name, values in total.items()
            if values.shape
        }

        each = shown("segmentation", "each")
        single = [scores(matrices[i : i + 1], pixels[i : i + 1], each) for i in range(len(matrices))]
        for metric in each:
            values = [found[metric] for found in single]
            table("per_image", {"image": self.images, "metric": metric, "value": values})
        pooled, classes = matrices.sum(axis=0), self.classes
        iou = of_class["iou"]
        bounds = {"iou": [v.value for v in iou], "low": [v.low for v in iou], "high": [v.high for v in iou]}
        table("per_class", {"class": classes} | bounds | {"pixels": pooled.sum(1), "predicted": pooled.sum(0)})
        cells = {"truth": np.repeat(classes, len(classes)), "predicted": np.tile(classes, len(classes))}
        table("confusion", cells | {"pixels": pooled.ravel()})
        drawn = {metric: scale(about) * draws[metric] for metric, about in each.items()}
        table("resamples", {"resample": range(resamples)} | drawn)
        return whole | {
            f"{metric}_{name}": value
            for metric, values in of_class.items()
            for name, value in zip(classes, values, strict=True)
        }

    def write(self, out: Path) -> None:
        """Write one CSV file for each table."""
        for name, frames in self.frames.items():
            write_text(out / f"{name}.csv", pd.concat(frames).to_csv(index=False, lineterminator="\n"))


def scores(matrices: Matrix, pixels: NDArray[np.int64], chosen: Mapping[str, Metric]) -> dict[str, float]:
    """Some metrics of a set of images in their units.

    Args:
        matrices: One matrix for each image, [n, C, C].
        pixels: Number of pixels of each image, [n].
        chosen: The metrics, such as those of `shown`; each has one value.
    """
    found = confusion.summary(matrices, pixels)
    return {name: scale(metric) * float(found[name]) for name, metric in chosen.items()}


def scale(metric: Metric) -> int:
    """What a computed value is multiplied with: metrics whose unit is % compute shares."""
    return 100 if metric.unit == "%" else 1


def _value(metric: Metric, value: FloatArray, draws: FloatArray) -> Value:
    """A score in its unit with its interval; None where it is not defined."""
    if not np.isfinite(value):
        return Value(value=None, unit=metric.unit, interval=None)
    low, high = percentile_interval(scale(metric) * draws)
    return measured(scale(metric) * float(value), metric.unit, low, high, INTERVAL)
