"""Bootstrap intervals: against scipy, coverage, determinism, edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pixelwise.evaluation import statistics as st


def test_mean_agrees_with_scipy():
    x = np.random.default_rng(1).normal(3, 2, 80)
    mean, low, high = st.bootstrap_mean(x, resamples=4000)
    reference = stats.bootstrap((x,), np.mean, n_resamples=4000, method="percentile", rng=0).confidence_interval
    assert mean == pytest.approx(x.mean())
    assert low == pytest.approx(reference.low, abs=0.03)
    assert high == pytest.approx(reference.high, abs=0.03)


def test_coverage_of_the_mean():
    rng = np.random.default_rng(0)
    hits = 0
    for trial in range(200):
        _, low, high = st.bootstrap_mean(rng.normal(1, 1, 60), seed=trial, resamples=400)
        hits += low <= 1 <= high
    assert 0.88 <= hits / 200 <= 0.99


def test_deterministic_and_seeded():
    x = np.random.default_rng(1).normal(size=30)
    assert st.bootstrap_mean(x, seed=3) == st.bootstrap_mean(x, seed=3)
    assert st.bootstrap_mean(x, seed=3) != st.bootstrap_mean(x, seed=4)


def test_paired_difference_is_tighter_than_independent():
    rng = np.random.default_rng(2)
    scene = rng.normal(0, 10, 50)
    a, b = scene + 1 + rng.normal(0, 0.1, 50), scene + rng.normal(0, 0.1, 50)
    difference, low, high = st.paired_difference(a, b)
    assert difference == pytest.approx(1, abs=0.1) and 0 < low < high
    assert high - low < 0.2
    with pytest.raises(ValueError, match="equal numbers"):
        st.paired_difference(a, b[:-1])


def test_ratio_of_medians():
    rng = np.random.default_rng(3)
    drift = np.linspace(1, 2, 101)
    a, b = 3 * drift * rng.uniform(0.99, 1.01, 101), drift * rng.uniform(0.99, 1.01, 101)
    ratio, low, high = st.bootstrap_ratio_of_medians(a, b)
    assert low <= 3 <= high and ratio == pytest.approx(3, rel=0.02)
    joint = high - low
    _, low, high = st.bootstrap_ratio_of_medians(a, b[:-1])
    assert joint < 0.3 * (high - low), "rounds resampled together must cancel the drift"
    with pytest.raises(ValueError, match="positive"):
        st.bootstrap_ratio_of_medians([0.0, 1.0], [1.0, 1.0])


def test_counts_are_the_indices_counted():
    indices, counts = st.resample_indices(7, 5, seed=9), st.resample_counts(7, 5, seed=9)
    expected = np.stack([np.bincount(row, minlength=7) for row in indices])
    np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize("bad", [[], [[1.0]], [np.nan, 1.0]])
def test_refuses_what_is_no_finite_vector(bad):
    with pytest.raises(ValueError, match="vector"):
        st.bootstrap_mean(bad)


def test_one_value_and_median():
    assert st.bootstrap_mean([4.0]) == (4.0, 4.0, 4.0)
    median, low, high = st.bootstrap_median(np.arange(101.0))
    assert median == 50 and low < 50 < high
