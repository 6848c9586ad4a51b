"""Ratios of two networks' times as the claims tell them: a benchmark's as a timing, and all the same way round."""

from __future__ import annotations

from typing import get_args

from pixelwise.claims.checks import Treatment
from pixelwise.record import Record, Scalar, Value

OURS = "asapnet"
"""Architecture by whose time the claims divide."""
RATIOS = frozenset({"ratio", "gflop_ratio"})


def as_timing(record: Record) -> Record:
    """The record of a timing step for a benchmark's pair; any other record as it is.

    A benchmark times whole generators, in rounds that run each once, as the timing step does. A pair whose sides were
    not treated alike, or whose record does not say what was run, is no evidence and stays a benchmark's. What its
    conditions say themselves of mode and scope is kept.
    """
    if record.kind != "bench" or record.subject is None or record.rival is None or "ratio" not in record.values:
        return record
    mode = record.subject.treatment
    if mode not in get_args(Treatment) or record.rival.treatment != mode:
        return record
    condition: dict[str, Scalar] = {"mode": mode, "scope": "generator", **record.condition}
    return record.model_copy(update={"kind": "latency", "synthetic": False, "condition": condition})


def upright(record: Record) -> Record:
    """A ratio of ASAP-Net's time to another network's, turned to that of the other to its own; any other as it is."""
    ours, other = (None if run is None else run.architecture for run in (record.subject, record.rival))
    turned = {name: _turned(value) for name, value in record.values.items() if name in RATIOS}
    if ours != OURS or other in (None, OURS) or {*record.values} - RATIOS or None in turned.values():
        return record
    model = "/".join(reversed(record.model.split("/")))
    return record.model_copy(
        update={"model": model, "subject": record.rival, "rival": record.subject, "values": turned}
    )


def _turned(value: Value) -> Value | None:
    """One over a number, the ends of its interval exchanged; None where one of them has no inverse."""
    numbers = (value.value, value.low, value.high)
    if value.value is None or any(number is not None and number <= 0 for number in numbers):
        return None
    middle, high, low = (None if number is None else 1 / number for number in numbers)
    return value.model_copy(update={"value": middle, "low": low, "high": high})
