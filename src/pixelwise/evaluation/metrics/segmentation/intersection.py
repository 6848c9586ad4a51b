"""Intersection over union of each class, and its mean over classes."""

from __future__ import annotations

from pixelwise.evaluation.confusion import Counts, FloatArray, class_iou, mean_iou
from pixelwise.quantities import Metric


def of_classes(counts: Counts) -> FloatArray:
    """IoU of each class of the pooled matrix, [r, C]."""
    return class_iou(counts.pooled)


def of_all(counts: Counts) -> FloatArray:
    """Mean IoU of the pooled matrix, [r]."""
    return mean_iou(counts.pooled)


METRICS = [
    Metric(
        name="miou",
        label="mean IoU",
        units=("%",),
        high=100,
        better="higher",
        order=10,
        shown=("table", "figure", "each"),
        compute=of_all,
    ),
    Metric(
        name="iou",
        label="IoU",
        units=("%",),
        high=100,
        better="higher",
        places=1,
        order=60,
        compute=of_classes,
        classes=True,
    ),
]
