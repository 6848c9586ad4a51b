"""A benchmark in several processes, one after the other, put together: the spread between them is in every interval."""

from __future__ import annotations

import statistics as plain
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from pixelwise.evaluation import statistics
from pixelwise.evaluation.latency import INTERVAL
from pixelwise.record import Record, Value, measured
from pixelwise.settings.evaluation import LEAST_ROUNDS_ON_GPU


@dataclass
class Measured:
    """What one process measured, or several together.

    Attributes:
        device: Where.
        quick: Whether it was a smoke test.
        records: Its numbers.
        samples: Its timed calls.
        problems: What failed or was left out, with the reason.
    """

    device: torch.device
    quick: bool
    records: list[Record]
    samples: list[dict[str, object]]
    problems: list[str]


def key(record: Record) -> tuple[str, str, str]:
    """What a number is about, in however many processes it was measured."""
    condition = {name: value for name, value in record.condition.items() if name not in ("processes", "busy")}
    return record.protocol, record.model, str(sorted(condition.items()))


def together(parts: Sequence[Measured]) -> Measured:
    """What several processes measured; of the records those that all of them have.

    What the first alone measured, such as a distance that is computed once, stays as it is.
    """
    first, *others = parts
    known = [{key(record): record for record in part.records} for part in others]
    alone = {key(record) for record in first.records} - {name for found in known for name in found}
    records = [
        record if key(record) in alone else joined([record, *(found[key(record)] for found in known)], first.quick)
        for record in first.records
        if key(record) in alone or all(key(record) in found for found in known)
    ]
    samples = [sample | {"process": place} for place, part in enumerate(parts) for sample in part.samples]
    problems = list(dict.fromkeys(line for part in parts for line in part.problems))
    return Measured(first.device, first.quick, records, samples, problems)


def joined(records: Sequence[Record], quick: bool) -> Record:
    """One number of several processes: of what has an interval the geometric mean with Student's, else the median."""
    first, n = records[0], sum(record.n for record in records)
    short = quick or (first.condition["device"] == "cuda" and n < LEAST_ROUNDS_ON_GPU)
    busy = {"busy": True} if any(record.condition.get("busy") for record in records) else {}
    facts = {"n": n, "short": short, "condition": {**first.condition, **busy, "processes": len(records)}}
    return first.model_copy(update=facts | {"values": dict(_values(records))})


def _values(records: Sequence[Record]) -> Iterator[tuple[str, Value]]:
    for name, value in records[0].values.items():
        numbers = [float(record.values[name].value) for record in records]
        if value.low is None:
            yield name, value.model_copy(update={"value": plain.median(numbers)})
        else:
            middle, low, high = statistics.geometric_mean(numbers)
            yield name, measured(middle, value.unit, low, high, INTERVAL.format(len(numbers)))
