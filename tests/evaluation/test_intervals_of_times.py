"""Intervals of times hold what they promise, also where rounds follow one another."""

import numpy as np
import pytest
import scipy.stats

from benchmarks.coverage import held, simulated_coverage
from pixelwise.evaluation import statistics


def test_equals_scipys_interval_on_logarithms():
    values = np.array([1.71, 1.75, 1.80, 1.69])
    logs = np.log(values)
    low, high = scipy.stats.t.interval(0.95, 3, logs.mean(), scipy.stats.sem(logs))
    assert np.allclose(statistics.geometric_mean(values), np.exp([logs.mean(), low, high]), rtol=1e-12)


def test_ratio_is_taken_within_processes():
    """A machine that is twice as slow in one process changes no ratio."""
    rng = np.random.default_rng(0)
    a = [rng.uniform(3, 3.1, 9) for _ in range(3)]
    b = [rng.uniform(1, 1.01, 9) for _ in range(3)]
    usual = statistics.ratio_over_processes(a, b)
    assert np.allclose(statistics.ratio_over_processes([a[0], 2 * a[1], a[2]], [b[0], 2 * b[1], b[2]]), usual)
    assert usual[1] < usual[0] < usual[2]


@pytest.mark.parametrize("values", [[1.0], [], [1.0, -1.0], [1.0, np.nan]])
def test_too_few_or_impossible_values_are_refused(values):
    with pytest.raises(ValueError):
        statistics.geometric_mean(values)


def test_repeats_are_compared_with_the_mean_of_the_others():
    same = [(2.0, 1.9, 2.1), (2.0, 1.9, 2.1), (2.0, 1.9, 2.1)]
    assert held({"a": same, "b": [(2.0, 1.9, 2.1), (2.0, 1.9, 2.1), (2.6, 2.5, 2.7)]}) == (3, 6)


@pytest.mark.parametrize("lag", [0.0, 0.6])
@pytest.mark.parametrize("spread", [0.0, 0.02])
def test_simulated_coverage(lag, spread):
    """2,000 timings of three processes: independent rounds and correlated ones, equal processes and unequal ones."""
    assert 0.93 <= simulated_coverage(2000, processes=3, rounds=20, lag=lag, spread=spread, seed=1) <= 0.97
