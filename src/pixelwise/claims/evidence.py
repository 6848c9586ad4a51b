"""Finding the records that speak about a claim, and summing them up as one number with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pixelwise import metrics
from pixelwise.artifacts import read_json, sha256
from pixelwise.claims.checks import Measurement
from pixelwise.claims.power import half_width
from pixelwise.jobs import KINDS
from pixelwise.metrics import Record, Scalar, Value

OWN_CONDITIONS = frozenset({"period"})
"""Conditions that follow from the subject, such as its tiles; two subjects may be compared although they differ."""

DATA_FREE = frozenset({"latency", "flops", "architecture", "bench"})
"""Kinds that no data set and no schedule can change: drawn data and short schedules decide them as well."""


@dataclass(frozen=True)
class Item:
    """A record with where it came from.

    Attributes:
        file: Path of its `metrics.json` relative to the results folder.
        sha256: Hash of that file.
        command: The command that wrote it, or an empty string if the folder has no manifest.
    """

    record: Record
    file: str = ""
    sha256: str = ""
    command: str = ""


@dataclass(frozen=True)
class Estimate:
    """A quantity with its 95 % interval [low, high] and how the interval came about.

    Attributes:
        sampling: Half width that more images or timed calls would shrink.
        spread: Standard deviation between seeds; None for fewer than two seeds.
        n: Images or timed calls (the least among the records).
        seeds: Training seeds (the least among the two subjects of a comparison).
        basis: What the interval spans, in words.
    """

    value: float
    low: float
    high: float
    unit: str
    n: int
    seeds: int
    basis: str
    sampling: float = 0.0
    spread: float | None = None
    items: tuple[Item, ...] = field(default=(), repr=False)


def load_below(folder: Path) -> list[Item]:
    """Every record of every `metrics.json` below a results folder."""
    paths = sorted(path for path in folder.rglob("metrics.json") if "summary" not in path.relative_to(folder).parts)
    return [item for path in paths for item in load_file(path, path.relative_to(folder).as_posix())]


def load_file(path: Path, name: str) -> list[Item]:
    """The records of one `metrics.json`, which the evidence calls `name`."""
    digest, command = sha256(path), ""
    manifest = path.parent / "manifest.json"
    job = read_json(manifest).get("job", {}) if manifest.is_file() else {}
    if job.get("kind") in KINDS and "id" in job and "out" in job:
        run = "/".join(Path(job["out"]).parts[:2])
        command = f"pixelwise {KINDS[job['kind']].step} {run}/jobs/{job['id']}.json"
    return [Item(record, name, digest, command) for record in metrics.load(path)]


def _names(model: str | list[str]) -> list[str]:
    return [model] if isinstance(model, str) else model


def same(found: Scalar, wanted: Scalar) -> bool:
    """Whether two conditions agree; 25 and 25.0 do, 1 and True do not."""
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def speaks_of(check: Measurement, model: str | list[str], record: Record) -> bool:
    """Whether a record holds the check's quantity of this model under the check's conditions, on whatever data."""
    value = record.values.get(check.value)
    hardware = [str(entry).lower() for entry in record.hardware.values()]
    return (
        record.kind == check.kind
        and (check.task is None or record.task == check.task)
        and record.model in _names(model)
        and value is not None
        and value.value is not None
        and math.isfinite(value.value)
        and all(name in record.condition and same(record.condition[name], check.where[name]) for name in check.where)
        and all(any(text.lower() in entry for entry in hardware) for text in check.hardware.values())
    )


def bars(check: Measurement, record: Record) -> list[str]:
    """Reasons why a record that speaks of the quantity may not decide the claim; empty if it may."""
    reasons = []
    if check.dataset is not None and record.dataset != check.dataset:
        reasons.append(f"measured on {record.dataset}, not on {check.dataset}")
    if record.kind not in DATA_FREE and record.synthetic:
        reasons.append("the data were drawn by a program")
    if record.kind not in DATA_FREE and record.short:
        reasons.append("the schedule is shorter than the published one")
    if check.protocol is not None and record.protocol != check.protocol:
        reasons.append(f"protocol {record.protocol}, not {check.protocol}")
    return reasons


def groups(check: Measurement, items: Sequence[Item]) -> list[list[Item]]:
    """Part records into groups that differ in nothing but the seed; preferred conditions win where there are any."""
    preferred = [item for item in items if all(same(item.record.condition.get(k), v) for k, v in check.prefer.items())]
    found: dict[str, list[Item]] = {}
    for item in preferred or items:
        found.setdefault(setting(item.record), []).append(item)
    return [found[name] for name in sorted(found)]


def setting(record: Record) -> str:
    """Data set, protocol and conditions of a record in words."""
    shared = sorted(set(record.condition) - OWN_CONDITIONS)
    conditions = ", ".join(f"{name} {record.condition[name]}" for name in shared)
    protocol = record.protocol + (f" [{record.protocol_hash}]" if record.protocol_hash else "")
    return "; ".join(part for part in (record.dataset, protocol, conditions) if part)


def _offsets(check: Measurement, value: Value) -> tuple[float, float] | None:
    """How far the record's own interval reaches below and above its value."""
    assert value.value is not None
    if check.repeatability is not None:
        return check.repeatability, check.repeatability
    if value.low is None or value.high is None:
        return (0.0, 0.0) if check.exact else None
    return max(value.value - value.low, 0.0), max(value.high - value.value, 0.0)


def summarise(check: Measurement, items: Sequence[Item]) -> Estimate | None:
    """One number for records that differ in nothing but the seed.

    The interval adds, as independent errors, the record's own (images or timed calls; all seeds share the images, so
    more seeds do not shrink it) and that of the mean over seeds (Student's t).

    Returns:
        None if there is neither an interval nor a second seed.
    """
    distinct = list({(item.record.seed, item.record.weights_sha256, item.file): item for item in items}.values())
    values = [item.record.values[check.value] for item in distinct]
    numbers = [value.value for value in values if value.value is not None]
    seeds, n = len({item.record.seed for item in distinct}), min(item.record.n for item in distinct)
    mean = math.fsum(numbers) / len(numbers)
    own = [offset for offset in (_offsets(check, value) for value in values) if offset is not None]
    spread = None
    between = 0.0
    if len(numbers) > 1:
        spread = math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1))
        between = half_width(spread, len(numbers))
    if len(own) < len(values) and spread is None:
        return None
    below = math.fsum(offset[0] for offset in own) / len(own) if own else 0.0
    above = math.fsum(offset[1] for offset in own) / len(own) if own else 0.0
    return Estimate(
        value=mean,
        low=mean - math.hypot(below, between),
        high=mean + math.hypot(above, between),
        unit=values[0].unit,
        n=n,
        seeds=seeds,
        basis=_basis(check, values, len(numbers)),
        sampling=max(below, above),
        spread=spread,
        items=tuple(distinct),
    )


def _basis(check: Measurement, values: Sequence[Value], count: int) -> str:
    parts = []
    if check.repeatability is not None:
        parts.append("another draw of the noise on the same images, 95 %")
    elif check.exact and all(value.low is None for value in values):
        parts.append("computed, not sampled")
    elif values[0].low is not None:
        parts.append(values[0].interval or "the record's own interval")
    if count > 1:
        parts.append(f"{count} seeds (Student's t, 95 %)")
    return " and ".join(parts)


def combine(check: Measurement, first: Estimate, second: Estimate) -> Estimate:
    """Difference or ratio of two estimates with independent errors (ratio: first order in the errors)."""
    if check.combine == "difference":
        value, scale_a, scale_b = first.value - second.value, 1.0, 1.0
    else:
        value = first.value / second.value
        scale_a, scale_b = abs(1 / second.value), abs(value / second.value)

    def join(get: Callable[[Estimate], float], other: Callable[[Estimate], float]) -> float:
        return math.hypot(scale_a * get(first), scale_b * other(second))

    def below(estimate: Estimate) -> float:
        return estimate.value - estimate.low

    def above(estimate: Estimate) -> float:
        return estimate.high - estimate.value

    spreads = [(scale * e.spread) for scale, e in ((scale_a, first), (scale_b, second)) if e.spread is not None]
    return Estimate(
        value=value,
        low=value - join(below, above),
        high=value + join(above, below),
        unit=first.unit if check.combine == "difference" else "1",
        n=min(first.n, second.n),
        seeds=min(first.seeds, second.seeds),
        basis=f"{check.combine} of two independent estimates: {first.basis}",
        sampling=join(lambda e: e.sampling, lambda e: e.sampling),
        spread=math.hypot(*spreads) if spreads else None,
        items=first.items + second.items,
    )
