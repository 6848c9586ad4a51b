"""Quantiles of the times of one model's calls, and what the step counts beside them."""

from __future__ import annotations

from functools import partial

from pixelwise.quantities import Metric


def quantile(milliseconds: list[float], share: float) -> float:
    """The time that a share of the calls does not exceed, interpolated between calls."""
    import numpy as np

    return float(np.quantile(milliseconds, share))


_TIME = {"units": ("ms",), "better": "lower"}
METRICS = [
    Metric(name="median", label="median", order=10, shown=("table",), **_TIME),
    Metric(
        name="p90",
        label="90 % of calls within",
        order=20,
        shown=("table",),
        compute=partial(quantile, share=0.9),
        calls=10,
        **_TIME,
    ),
    Metric(
        name="p99",
        label="99 % of calls within",
        order=21,
        shown=("table",),
        compute=partial(quantile, share=0.99),
        calls=100,
        **_TIME,
    ),
    Metric(name="min", label="fastest call", order=22, compute=partial(quantile, share=0.0), **_TIME),
    Metric(name="ratio", label="ratio of times", units=("1", "times"), order=30),
    Metric(name="throughput", label="throughput", units=("images/s",), better="higher", order=40, shown=("table",)),
    Metric(name="peak_memory", label="peak memory", units=("MiB",), better="lower", order=50, shown=("table",)),
    Metric(name="gflop", label="operations", units=("GFLOP",), better="lower", order=60, shown=("table",)),
    Metric(name="gflop_ratio", label="ratio of operations", units=("1", "times"), order=61),
]
