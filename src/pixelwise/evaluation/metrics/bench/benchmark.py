"""Quantities of the optimisation benchmark."""

from __future__ import annotations

from pixelwise.quantities import Metric

METRICS = [
    Metric(name="median", label="median", units=("ms",), better="lower", order=10),
    Metric(name="ratio", label="ratio of times", units=("1", "times"), order=20),
    Metric(name="throughput", label="throughput", units=("images/s",), better="higher", order=30),
    Metric(name="peak_memory", label="peak memory", units=("MiB",), better="lower", order=40),
    Metric(name="speed", label="speed", units=("TFLOP/s",), better="higher", order=50),
    Metric(name="executed", label="operations executed", units=("GFLOP",), better="lower", order=60),
    Metric(name="share_of_peak", label="share of the peak", units=("1",), better="higher", order=70),
    Metric(name="bandwidth", label="bandwidth", units=("GB/s",), better="higher", order=80),
    Metric(name="seconds", label="seconds", units=("s",), better="lower", order=90),
    Metric(name="distance", label="distance", units=("1",), better="lower", order=100),
    Metric(name="mean_distance", label="mean distance", units=("1",), better="lower", order=105),
    Metric(name="gradient_distance", label="distance of gradients", units=("relative",), better="lower", order=110),
    Metric(name="status", label="exit status", units=("exit status",), low=-255, high=255, order=120),
]
