"""Operations, parameters and memory of the weights of one network."""

from __future__ import annotations

from pixelwise.quantities import Metric

METRICS = [
    Metric(name="gflop", label="operations", units=("GFLOP",), better="lower", order=10),
    Metric(name="gmacs", label="multiply-accumulates", units=("GMAC", "10^9"), better="lower", order=20),
    Metric(name="parameters", label="parameters", units=("1", "parameters"), order=30),
    Metric(name="weights", label="weights", units=("MiB",), order=40),
]
