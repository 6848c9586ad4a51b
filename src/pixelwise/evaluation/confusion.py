"""Confusion matrices and what follows from them; the metrics are those of `evaluation/metrics/segmentation`.

A matrix M[truth, prediction] counts pixels; pixels whose truth is void (255) are in none of its cells.
Source: docs/reference/protocols.md, "Classes and confusion matrix" and "Accuracy" (fyu/drn @d75db2e, segment.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixelwise.evaluation.statistics import resample_counts
from pixelwise.quantities import computed

VOID = 255
Matrix = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def confusion_matrix(truth: NDArray[np.uint8], prediction: NDArray[np.uint8], classes: int) -> Matrix:
    """Count the pixels of one image.

    Args:
        truth: Classes 0 .. classes - 1 or 255 (void), any shape.
        prediction: Classes 0 .. classes - 1, same shape.
        classes: Number of classes, at most 255.

    Returns:
        int64 [classes, classes], rows are the truth.

    Raises:
        ValueError: If the shapes differ or a value is not legal.

    Example:
        >>> confusion_matrix(np.uint8([0, 1, 255]), np.uint8([0, 0, 1]), 2).tolist()
        [[1, 0], [1, 0]]
    """
    if truth.shape != prediction.shape:
        raise ValueError(f"truth {truth.shape}, prediction {prediction.shape}; equal shapes needed")
    labelled = truth != VOID
    t, p = truth[labelled].astype(np.int64), prediction[labelled].astype(np.int64)
    if t.size and max(t.max(), p.max()) >= classes:
        raise ValueError(f"class {max(t.max(), p.max())}; allowed are 0 to {classes - 1} and {VOID}")
    return np.bincount(t * classes + p, minlength=classes**2).reshape(classes, classes)


def class_iou(matrices: Matrix) -> FloatArray:
    """M_cc / (row_c + column_c - M_cc) for each class.

    Args:
        matrices: [..., C, C].

    Returns:
        [..., C], 0 to 1; NaN for a class that is neither in the truth nor predicted.
    """
    hits = np.diagonal(matrices, axis1=-2, axis2=-1).astype(np.float64)
    union = matrices.sum(axis=-1) + matrices.sum(axis=-2) - hits
    return _ratio(hits, union)


def mean_iou(matrices: Matrix) -> FloatArray:
    """Mean of `class_iou` without its NaN, [...]; NaN where every class is NaN."""
    return mean(class_iou(matrices))


def labelled_accuracy(matrices: Matrix) -> FloatArray:
    """Right pixels among the labelled ones, [...]; NaN where none is labelled."""
    hits = np.diagonal(matrices, axis1=-2, axis2=-1).sum(axis=-1).astype(np.float64)
    total = matrices.sum(axis=(-2, -1))
    return _ratio(hits, total)


@dataclass(frozen=True)
class Counts:
    """What the metrics of r draws of n images are computed from.

    Attributes:
        matrices: One matrix for each image, [n, C, C].
        drawn: How often each image occurs in each draw, [r, n].
        pooled: Sum of the matrices of each draw, [r, C, C].
        all_pixels: Number of pixels of each draw, void ones included, float64 [r].
    """

    matrices: Matrix
    drawn: NDArray[np.int64]
    pooled: Matrix
    all_pixels: FloatArray


def summary(matrices: Matrix, pixels: NDArray[np.int64]) -> dict[str, FloatArray]:
    """Scores of sets of images.

    Args:
        matrices: One matrix for each image, [n, C, C].
        pixels: Number of pixels of each image, void ones included, [n].

    Returns:
        Every metric of `evaluation/metrics/segmentation`: of shape [], or [C] where it has one value for each class;
        shares, 0 to 1, where its unit is %.
    """
    return {
        name: values[0] for name, values in _scores(matrices, pixels, np.ones((1, len(matrices)), np.int64)).items()
    }


def resampled(matrices: Matrix, pixels: NDArray[np.int64], resamples: int, seed: int = 0) -> dict[str, FloatArray]:
    """`summary` of bootstrap draws of the images: the same names, arrays of shape [resamples] and [resamples, C]."""
    return _scores(matrices, pixels, resample_counts(len(matrices), resamples, seed))


def _scores(matrices: Matrix, pixels: NDArray[np.int64], drawn: NDArray[np.int64]) -> dict[str, FloatArray]:
    classes = matrices.shape[-1]
    pooled = (drawn @ matrices.reshape(len(matrices), -1)).reshape(-1, classes, classes)
    counts = Counts(matrices, drawn, pooled, (drawn @ pixels).astype(np.float64))
    return {name: np.asarray(compute(counts)) for name, compute in computed("segmentation").items()}


def mean(values: FloatArray, weights: NDArray[np.int64] | None = None) -> FloatArray:
    """Mean over the last axis without NaN, or weighted by `weights` [r, n]; NaN where nothing counts."""
    if weights is None:
        weights = np.isfinite(values).astype(np.int64)
    return _ratio(np.asarray((np.nan_to_num(values) * weights).sum(axis=-1)), weights.sum(axis=-1))


def _ratio(part: FloatArray, whole: NDArray[np.int64] | FloatArray) -> FloatArray:
    """Quotient; NaN where whole is 0."""
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=np.asarray(whole) > 0))
