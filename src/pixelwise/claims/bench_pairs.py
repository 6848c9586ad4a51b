"""A benchmark's ratio of two networks under one treatment, read as the timing that it is."""

from __future__ import annotations

from typing import get_args

from pixelwise.claims.checks import Treatment
from pixelwise.record import Record, Scalar


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
