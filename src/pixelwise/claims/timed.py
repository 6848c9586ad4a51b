"""Timings: the machine that a time belongs to, and when a timing may not decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pixelwise.claims.told import Interval
from pixelwise.record import Record, Scalar
from pixelwise.settings.evaluation import LEAST_ROUNDS_ON_GPU

LEAST_ROUNDS = 15
"""Rounds on a processor below which a timing is short."""
ONE_PROCESS = "timed in one process: how much processes differ is unknown"
"""Why a timing on a claim's own machine does not decide it."""


class Timed(Protocol):
    """What says where it was made: a record, or what a finding keeps of it."""

    @property
    def condition(self) -> Mapping[str, Scalar]:
        """What was held fixed."""

    @property
    def hardware(self) -> Mapping[str, Scalar]:
        """What it was made on."""


def on_gpu(made: Timed) -> bool:
    """Whether something was made on a GPU, by its condition and as far as its hardware tells."""
    told = made.hardware
    named = told.get("device", "cuda") == "cuda" and ("gpu" in told or "cpu" not in told)
    return named and made.condition.get("device") == "cuda"


def reasons(record: Record) -> list[str]:
    """Why a timing may not decide; empty for one that may, and for what is no timing."""
    if record.kind != "latency":
        return []
    if record.condition.get("busy") or record.hardware.get("busy"):
        return ["the machine was busy with something else"]
    if record.short:
        return ["timed too shortly"]
    least = {"cpu": LEAST_ROUNDS, "cuda": LEAST_ROUNDS_ON_GPU}.get(str(record.condition.get("device")), 0)
    if record.n < least:
        return [f"timed too shortly: {record.n} rounds, not {least}"]
    return []


def alone(record: Record) -> bool:
    """Whether a time is of one process, or its interval over rounds alone: it lacks what processes differ by."""
    processes = record.condition.get("processes", 1)
    several = isinstance(processes, int | float) and processes > 1
    over_rounds = any("rounds" in (value.interval or "") for value in record.values.values())
    return record.kind == "latency" and (over_rounds or not several)


def of_one_process(context: Sequence[Interval]) -> Interval | None:
    """The number nearest to a claim that lacks nothing but more processes on the claim's own machine."""
    return next((number for number in context if number.reasons_excluded == [ONE_PROCESS]), None)


def machine(record: Record) -> str:
    """The machine of a timing in words; empty for what is no timing, or where the record does not tell.

    Another card, processor, number of threads, driver or PyTorch makes another machine: its times are never pooled.
    """
    if record.kind != "latency":
        return ""
    known = record.hardware
    device = known.get("gpu") or known.get("cpu")
    facts = [f"{known['threads']} threads"] if known.get("threads") and not known.get("gpu") else []
    facts += [str(known["cpu"])] if known.get("gpu") and known.get("cpu") else []
    facts += [f"{name} {known[name]}" for name in ("driver", "torch") if known.get(name)]
    return str(device) + (f" ({', '.join(facts)})" if facts else "") if device else ""
