"""Intervals: by the bootstrap over images, and by Student's t over processes for timings; deterministic.

B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", chapter 13. Every function takes a seed and returns
`(estimate, low, high)`; the unit that is resampled is what the first axis of the values counts: images or timed rounds.

Rounds of one process are not independent (what a timing is now, it is in the next round too), and a process differs
from the next by its memory's layout and the machine's state. So a timing's unit is the process: the interval is
Student's over the processes' own medians, on a logarithmic scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

FloatArray = NDArray[np.float64]
Interval = tuple[float, float, float]


def resample_indices(n: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Indices of `resamples` draws with replacement from n items, shape [resamples, n].

    The same n, resamples and seed give the same draws, so two subjects measured on the same items are resampled
    together and the difference of their resampled values is a paired one.
    """
    return np.random.default_rng(seed).integers(0, n, size=(resamples, n))


def resample_counts(n: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """How often each item occurs in each draw of `resample_indices`, shape [resamples, n]; rows sum to n."""
    offsets = np.arange(resamples)[:, None] * n
    flat = (resample_indices(n, resamples, seed) + offsets).ravel()
    return np.bincount(flat, minlength=resamples * n).reshape(resamples, n)


def percentile_interval(draws: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Central interval that holds the share `level` of the draws.

    NaN draws are left out; without another one both ends are NaN. Where a draw is infinite, the ends are draws
    themselves, since nothing lies between a number and infinity.

    >>> percentile_interval([1.0, 2.0, math.inf, math.inf])
    (1.0, inf)
    """
    x = np.asarray(draws, dtype=np.float64)
    ends = [(1 - level) / 2, (1 + level) / 2]
    known = np.sort(x[~np.isnan(x)])
    if not known.size:
        return math.nan, math.nan
    if np.isinf(known).any():
        places = (known.size - 1) * np.asarray(ends)
        return float(known[math.floor(places[0])]), float(known[math.ceil(places[1])])
    low, high = np.nanquantile(x, ends)
    return float(low), float(high)


def recentred_interval(estimate: float, draws: FloatArray) -> tuple[float, float] | tuple[None, None]:
    """Percentile interval of the resampled values, shifted so that their mean is the estimate.

    A resample repeats images, so it holds fewer distinct ones; the Frechet distance grows as sets shrink, so the draws
    lie above the estimate. The shift removes this bias of the resampling. It does not remove the bias of the estimate
    itself: only a floor at the same number of images shows that. Draws that hold only copies of one image have no
    kernel distance (NaN) and are left out; where no other draw remains, which takes a handful of images, both ends
    are None.

    Example:
        >>> recentred_interval(1.0, np.array([4.0, 5.0, 6.0]))
        (0.05..., 1.95...)
    """
    finite = draws[np.isfinite(draws)]
    return percentile_interval(finite - finite.mean() + estimate) if finite.size else (None, None)


def bootstrap_mean(values: ArrayLike, seed: int = 0, resamples: int = 2000, level: float = 0.95) -> Interval:
    """Mean of independent values with its bootstrap interval.

    Args:
        values: One value per image, shape [n], n >= 1; with n = 1 the interval is the value itself.
        seed: Seed of the draws.
        resamples: Number of draws.
        level: Coverage, 0 to 1.

    Returns:
        Mean, lower and upper end, in the unit of the values.

    Raises:
        ValueError: If the values are not a non-empty vector of numbers; infinity is one, as the PSNR of a perfect
            restoration, and makes the mean infinite (NaN if both infinities occur).

    >>> bootstrap_mean([2.0, 2.0, 2.0])
    (2.0, 2.0, 2.0)
    """
    x = _vector(values, infinite=True)
    with np.errstate(invalid="ignore"):
        means = x[resample_indices(x.size, resamples, seed)].mean(axis=1)
        mean = float(x.mean())
    if math.isnan(mean):
        return math.nan, math.nan, math.nan
    return mean, *percentile_interval(means, level)


def paired_difference(
    a: ArrayLike, b: ArrayLike, seed: int = 0, resamples: int = 2000, level: float = 0.95
) -> Interval:
    """Mean of a - b over the same images with its bootstrap interval; see `bootstrap_mean`.

    Two equal values, infinite ones too, differ by 0.

    Raises:
        ValueError: If a and b differ in length or are not vectors of numbers.
    """
    x, y = _vector(a, infinite=True), _vector(b, infinite=True)
    if x.size != y.size:
        raise ValueError(f"paired values: {x.size} and {y.size}; equal numbers needed")
    with np.errstate(invalid="ignore"):
        differences = np.where(x == y, 0.0, x - y)
    return bootstrap_mean(differences, seed, resamples, level)


def bootstrap_median(values: ArrayLike, seed: int = 0, resamples: int = 2000, level: float = 0.95) -> Interval:
    """Median with its bootstrap interval; see `bootstrap_mean`."""
    x = _vector(values)
    medians = np.median(x[resample_indices(x.size, resamples, seed)], axis=1)
    return float(np.median(x)), *percentile_interval(medians, level)


def bootstrap_ratio_of_medians(
    a: ArrayLike, b: ArrayLike, seed: int = 0, resamples: int = 2000, level: float = 0.95
) -> Interval:
    """Ratio median(a) / median(b) with its bootstrap interval, for timings.

    Equal numbers of calls are taken as interleaved rounds, where a[i] and b[i] ran one after the other: rounds are
    resampled whole, so a drift of the machine's clock cancels. Unequal numbers are resampled independently.

    Args:
        a: Times of the numerator, shape [n], positive.
        b: Times of the denominator, shape [m], positive.
        seed: Seed of the draws.
        resamples: Number of draws.
        level: Coverage, 0 to 1.

    Raises:
        ValueError: If a time is not positive and finite.
    """
    x, y = _vector(a), _vector(b)
    if min(x.min(), y.min()) <= 0:
        raise ValueError("times must be positive")
    i = resample_indices(x.size, resamples, seed)
    j = i if x.size == y.size else resample_indices(y.size, resamples, seed + 1)
    ratios = np.median(x[i], axis=1) / np.median(y[j], axis=1)
    return float(np.median(x) / np.median(y)), *percentile_interval(ratios, level)


def geometric_mean(values: ArrayLike, level: float = 0.95) -> Interval:
    """Geometric mean of independent positive values, with Student's interval on the logarithms.

    Args:
        values: One value for each process, shape [p], p >= 2.
        level: Coverage, 0 to 1.

    Raises:
        ValueError: If there are fewer than two values, or one is not positive and finite.

    >>> geometric_mean([2.0, 2.0])
    (2.0, 2.0, 2.0)
    """
    x = _vector(values)
    if x.size < 2 or x.min() <= 0:
        raise ValueError(f"{x.size} values, the least {x.min():g}; at least two positive ones needed")
    logs = np.log(x)
    half = float(stdtrit(x.size - 1, (1 + level) / 2) * logs.std(ddof=1) / math.sqrt(x.size))
    middle = float(logs.mean())
    return math.exp(middle), math.exp(middle - half), math.exp(middle + half)


def ratio_over_processes(a: Sequence[ArrayLike], b: Sequence[ArrayLike], level: float = 0.95) -> Interval:
    """Ratio of two models' times: geometric mean of the ratios of medians within each process; see `geometric_mean`.

    Args:
        a: For each process the times of the numerator, positive.
        b: The same of the denominator, in the same processes.
        level: Coverage, 0 to 1.

    Raises:
        ValueError: If the numbers of processes differ, or as `geometric_mean` does.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} processes; equal numbers needed")
    return geometric_mean(
        [float(np.median(_vector(x)) / np.median(_vector(y))) for x, y in zip(a, b, strict=True)], level
    )


def _vector(values: ArrayLike, infinite: bool = False) -> FloatArray:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or x.size == 0 or np.isnan(x).any() or not (infinite or np.isfinite(x).all()):
        raise ValueError(f"values of shape {x.shape}; a non-empty vector of finite numbers needed")
    return x
