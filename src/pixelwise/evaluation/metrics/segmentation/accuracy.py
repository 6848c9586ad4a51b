"""Pixel accuracies by three definitions, and the share of labelled pixels that bounds one of them."""

from __future__ import annotations

import numpy as np

from pixelwise.evaluation.confusion import Counts, FloatArray, labelled_accuracy, mean
from pixelwise.quantities import Metric


def of_labelled(counts: Counts) -> FloatArray:
    """Right pixels among the labelled ones of all images, [r]."""
    return labelled_accuracy(counts.pooled)


def of_all(counts: Counts) -> FloatArray:
    """Right pixels among all, void ones counted as wrong, [r]: the number that SPADE's paper prints."""
    return np.asarray(counts.pooled.trace(axis1=1, axis2=2) / counts.all_pixels)


def of_each(counts: Counts) -> FloatArray:
    """Mean over images of each one's labelled accuracy, [r]; images without a labelled pixel do not count."""
    single = labelled_accuracy(counts.matrices)
    known = np.isfinite(single)
    return mean(np.where(known, single, 0), counts.drawn * known)


def labelled(counts: Counts) -> FloatArray:
    """Labelled pixels among all, [r]: the most that the accuracy over all pixels can be."""
    return np.asarray(counts.pooled.sum(axis=(1, 2)) / counts.all_pixels)


METRICS = [
    Metric(
        name="acc_labelled",
        label="accuracy, labelled pixels",
        units=("%",),
        high=100,
        better="higher",
        order=20,
        shown=("table", "each"),
        compute=of_labelled,
    ),
    Metric(
        name="acc_all",
        label="accuracy, all pixels",
        units=("%",),
        high=100,
        better="higher",
        order=30,
        shown=("table", "each"),
        compute=of_all,
    ),
    Metric(
        name="acc_per_image",
        label="accuracy, mean over images",
        units=("%",),
        high=100,
        better="higher",
        order=40,
        compute=of_each,
    ),
    Metric(name="labelled_share", label="labelled pixels", units=("%",), high=100, order=50, compute=labelled),
]
