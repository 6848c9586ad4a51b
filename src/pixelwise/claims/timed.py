"""Timings: the machine that a time belongs to, and when a timing may not decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from pixelwise.claims.told import Interval
from pixelwise.record import Record, Scalar
from pixelwise.settings.evaluation import LEAST_ROUNDS_ON_GPU

LEAST_ROUNDS = 15
"""Rounds on a processor below which a timing is short."""
ONE_PROCESS = "timed in one process: how much processes differ is unknown"
"""Why a timing on a claim's own machine does not decide it."""
KNOWN = frozenset({"height", "width", "batch", "precision", "tf32", "mode", "scope", "device", "threads"})
KNOWN |= {"processes", "warmup", "busy", "cudnn_benchmark", "memory_format"}
"""Conditions of a timing whose meaning is known; any other may have changed what was timed."""


class Timed(Protocol):
    """What says where it was made: a record, or what a finding keeps of it."""

    @property
    def condition(self) -> Mapping[str, Scalar]:
        """What was held fixed."""

    @property
    def hardware(self) -> Mapping[str, Scalar]:
        """What it was made on."""


def device(made: Timed) -> str:
    """Class of the device on which something was made: `cuda`, `cpu`, or the name of another; empty if unknown.

    What calls itself a GPU, and whose hardware is a processor, was made on the processor.
    """
    by_condition, by_hardware = (
        str(told.get("device") or "").partition(":")[0] for told in (made.condition, made.hardware)
    )
    only_cpu = bool(made.hardware.get("cpu") and not made.hardware.get("gpu"))
    if by_condition == "cuda":
        return "cuda" if by_hardware in ("", "cuda") and not only_cpu else "cpu"
    return by_condition or by_hardware or ("cpu" if only_cpu else "")


def on_gpu(made: Timed) -> bool:
    """Whether something was made on a GPU, by its condition and as far as its hardware tells."""
    return device(made) == "cuda"


def computer(made: Timed) -> str:
    """Name of the card or processor on which something was made; empty where it does not tell."""
    return str(made.hardware.get("gpu" if on_gpu(made) else "cpu") or "")


def reasons(record: Record) -> list[str]:
    """Why a timing may not decide; empty for one that may, and for what is no timing."""
    return list(_reasons(record)) if record.kind == "latency" else []


def _reasons(record: Record) -> Iterator[str]:
    where = device(record)
    least = {"cpu": LEAST_ROUNDS, "cuda": LEAST_ROUNDS_ON_GPU}.get(where)
    if record.condition.get("busy") or record.hardware.get("busy"):
        yield "the machine was busy with something else"
    elif record.short:
        yield "timed too shortly"
    elif least and record.n < least:
        yield f"timed too shortly: {record.n} rounds, not {least}"
    if least is None:
        yield f"its device is {where or 'unknown'}"
    for name, value in record.condition.items():
        if name not in KNOWN and value not in (None, False):
            yield f"timed with {name} {value}, of which the claim says nothing"


def alone(record: Record) -> bool:
    """Whether a time is of one process, or its interval over rounds alone: it lacks what processes differ by."""
    over_rounds = any("rounds" in (value.interval or "") for value in record.values.values())
    return record.kind == "latency" and (over_rounds or processes(record) < 2)


def processes(record: Record) -> int:
    """In how many processes something was timed, as its conditions tell."""
    told = record.condition.get("processes", 1)
    return int(told) if isinstance(told, int | float) else 1


def of_one_process(context: Sequence[Interval]) -> Interval | None:
    """The number nearest to a claim that lacks nothing but more processes on the claim's own machine."""
    return next((number for number in context if number.reasons_excluded == [ONE_PROCESS]), None)


def machine(record: Record) -> str:
    """The machine of a timing in words; empty for what is no timing, or where the record does not tell.

    Another card, processor, number of threads, driver or PyTorch makes another machine: its times are never pooled.
    """
    name = computer(record)
    if record.kind != "latency" or not name:
        return ""
    known, gpu = record.hardware, on_gpu(record)
    facts = [f"{known['threads']} threads"] if known.get("threads") and not gpu else []
    facts += [str(known["cpu"])] if gpu and known.get("cpu") else []
    facts += [f"{fact} {known[fact]}" for fact in ("driver", "torch") if known.get(fact)]
    return name + (f" ({', '.join(facts)})" if facts else "")
