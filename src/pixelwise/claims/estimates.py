"""Summing up records as one number with its interval."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from scipy.special import ndtri, stdtrit

from pixelwise.claims.checks import Measurement, Ran
from pixelwise.claims.evidence import Item, number_of, setting
from pixelwise.claims.power import half_width
from pixelwise.claims.timed import machine, processes
from pixelwise.claims.told import Interval
from pixelwise.claims.trained_quality import QUALITY, is_trained, units
from pixelwise.evaluation.statistics import percentile_interval
from pixelwise.record import Value

LEAST_DRAWS = 20
ROUNDING = 1e-6
"""Share by which two machines differ that score the same."""
PROCESSES = re.compile(r"\b(\d+) processes\b")
"""Names, in what an interval spans, the processes over which it is Student's."""


@dataclass(frozen=True)
class Estimate:
    """A quantity with its 95 % interval [low, high] and how the interval came about.

    Attributes:
        own: How far the records' own 95 % interval (images or timed calls) reaches below and above the value.
        degrees: Degrees of freedom of that interval; infinite for a normal one.
        spreads: Standard deviation between seeds and their number, for each side that has several.
        n: Images or timed calls (the least among the records).
        seeds: Training seeds (the least among the trained subjects of a comparison); 0 where nothing was trained.
        basis: What the interval spans, in words.
        most: Images in the set; None where there is no end of them.
        apart: How far scores of one training lie from their mean, at most; it is in `own`.
    """

    value: float
    low: float
    high: float
    unit: str
    n: int
    seeds: int
    basis: str
    own: tuple[float, float] = (0.0, 0.0)
    degrees: float = math.inf
    spreads: tuple[tuple[float, int], ...] = ()
    most: int | None = None
    apart: float = 0.0
    items: tuple[Item, ...] = field(default=(), repr=False)

    @property
    def spread(self) -> float | None:
        """Standard deviation between seeds, of both sides together; None without several seeds."""
        return math.hypot(*(spread for spread, _ in self.spreads)) if self.spreads else None

    @property
    def ran(self) -> list[str]:
        """Architectures that were run, of two sides in the claim's order; empty texts where records do not say."""
        if not self.items:
            return []
        first, last = self.items[0].record, self.items[-1].record
        sides = first.subject, first.rival or last.subject
        return ["" if run is None else run.architecture or "" for run in sides]

    def at(self, level: float) -> Estimate:
        """The same with the interval of another coverage.

        Independent errors are added: the records' own scales as its distribution says, that of the mean over seeds is
        Student's t (all seeds share the images, so more seeds do not shrink the first).
        """
        scale = _quantile(self.degrees, level) / _quantile(self.degrees, 0.95)
        between = math.hypot(*(half_width(spread, count, level) for spread, count in self.spreads))
        below, above = (math.hypot(scale * offset, between) for offset in self.own)
        return replace(self, low=self.value - below, high=self.value + above)


def _quantile(degrees: float, level: float) -> float:
    upper = (1 + level) / 2
    return float(ndtri(upper) if math.isinf(degrees) else stdtrit(degrees, upper))


def _offsets(check: Measurement, value: Value) -> tuple[float, float] | None:
    """How far the record's own interval reaches below and above its value."""
    assert value.value is not None
    if check.repeatability is not None:
        return check.repeatability, check.repeatability
    if value.low is None or value.high is None or (value.low == value.high and not check.exact):
        return (0.0, 0.0) if check.exact else None  # what was sampled is never known without an error
    return max(value.value - value.low, 0.0), max(value.high - value.value, 0.0)


def _degrees(items: Sequence[Item], values: Sequence[Value]) -> float:
    """Degrees of freedom of the records' own intervals, the least; infinite unless they are of several processes."""
    told = [PROCESSES.search(value.interval or "") for value in values]
    found = [int(match[1]) for match in told if match]
    found += [count for item in items if item.record.kind == "latency" and (count := processes(item.record)) > 1]
    return min((max(count - 1, 1) for count in found), default=math.inf)


def _widened(own: Sequence[tuple[float, float]], apart: float) -> tuple[float, float]:
    """The mean of the records' own offsets, and how far scores of one training lie from their mean."""
    below, above = (_mean([offset[end] for offset in own]) if own else 0.0 for end in (0, 1))
    return below + apart, above + apart


def _mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def summarise(check: Measurement, items: Sequence[Item], side: Ran | None = None) -> Estimate | None:
    """One number for records that differ in nothing but the seed.

    Args:
        check: The check.
        items: The records.
        side: What was run, which says whether seeds are trainings; the check's subject if not given.

    Returns:
        None if there is neither an interval nor a second seed.
    """
    side = side or check.subject
    parted = units(check, side, items)
    values = [[number_of(check, item.record) for item in unit] for unit in parted]
    flat = [value for unit in values for value in unit]
    scores = [[value.value for value in unit if value.value is not None] for unit in values]
    numbers = [_mean(unit) for unit in scores]
    mean, count = _mean(numbers), len(numbers)
    own = [offset for offset in (_offsets(check, value) for value in flat) if offset is not None]
    spread = math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / (count - 1)) if count > 1 else None
    if (len(own) < len(flat) and spread is None) or not (own or spread):
        return None
    apart = max((max(unit) - min(unit)) / 2 for unit in scores)
    apart = apart if apart > ROUNDING * abs(mean) else 0.0
    estimate = Estimate(
        value=mean,
        low=mean,
        high=mean,
        unit=flat[0].unit,
        n=min(item.record.n for item in items),
        seeds=count if is_trained(check, side) else 0,
        basis=_basis(check, flat, 0 if check.exact and not spread else count),
        own=_widened(own, apart),
        apart=apart,
        degrees=_degrees(items, flat),
        spreads=() if spread is None else ((spread, count),),
        items=tuple(item for unit in parted for item in unit),
    )
    return estimate.at(0.95)


def _basis(check: Measurement, values: Sequence[Value], count: int) -> str:
    parts = []
    if check.repeatability == 0:
        parts.append("the same images and the same noise: computed, not sampled")
    elif check.repeatability is not None:
        parts.append("another draw of the noise on the same images, 95 %")
    elif check.exact and all(value.low is None for value in values):
        parts.append("computed, not sampled")
    elif values[0].low is not None:
        parts.append(values[0].interval or "the record's own interval")
    if count > 1:
        parts.append(f"{count} {'seeds' if check.kind in QUALITY else 'runs'} (Student's t, 95 %)")
    return " and ".join(parts)


def combine(check: Measurement, first: Estimate, second: Estimate) -> Estimate:
    """Difference or ratio of two estimates.

    Errors over images are those of the paired bootstrap draws where both subjects have them, and otherwise independent;
    errors between seeds are always independent (ratio: first order in the errors).
    """
    if check.combine == "difference":
        value, scales = first.value - second.value, (1.0, 1.0)
    else:
        value = first.value / second.value
        scales = abs(1 / second.value), abs(value / second.value)
    both = list(zip(scales, (first, second), strict=True))
    (below_a, above_a), (below_b, above_b) = ([scale * offset for offset in e.own] for scale, e in both)
    own = math.hypot(below_a, above_b), math.hypot(above_a, below_b)
    basis = f"{check.combine} of two independent estimates: {first.basis}"
    spreads = tuple((s * spread, k) for s, e in both for spread, k in e.spreads)
    seeds = min((e.seeds for e in (first, second) if e.seeds), default=0)
    if paired := _paired(check, first, second):
        own = paired[0] + first.apart + second.apart, paired[1] + first.apart + second.apart
        seeded = f" and {seeds} seeds each (Student's t)" if spreads else ""
        basis = f"difference of the same bootstrap draws of the images{seeded}, 95 %"
    estimate = Estimate(
        value=value,
        low=value,
        high=value,
        unit="1" if check.combine == "ratio" else "points" if first.unit == "%" else first.unit,
        n=min(first.n, second.n),
        seeds=seeds,
        basis=basis,
        own=own,
        degrees=min(first.degrees, second.degrees),
        spreads=spreads,
        items=first.items + second.items,
    )
    return estimate.at(0.95)


def _paired(check: Measurement, first: Estimate, second: Estimate) -> tuple[float, float] | None:
    """How far the draws of a difference reach below and above their own mean; None if they are not the same draws.

    A seed's draws are those of its images; seeds are averaged draw by draw. The draws are centred because those of a
    distance lie above it (`evaluation.statistics.recentred_interval`).
    """
    items = (*first.items, *second.items)
    alike = len({(item.record.n, item.record.dataset, len(item.draws.get(check.value, {}))) for item in items}) == 1
    numbers = set.intersection(*(set(item.draws.get(check.value, {})) for item in items))
    if check.combine != "difference" or not alike or len(numbers) < LEAST_DRAWS:
        return None
    means = [
        [_mean([item.draws[check.value][number] for item in estimate.items]) for estimate in (first, second)]
        for number in sorted(numbers)
    ]
    drawn = [a - b for a, b in means if math.isfinite(a - b)]
    low, high = percentile_interval(drawn)
    centre = _mean(drawn)
    return max(centre - low, 0.0), max(high - centre, 0.0)


def interval(estimate: Estimate) -> Interval:
    """The estimate as a finding holds it, with the setting it was measured in and the recorded runs it rests on."""
    names = ("value", "low", "high", "unit", "n", "seeds", "basis", "ran")
    numbers = {name: getattr(estimate, name) for name in names}
    records = [item.record for item in estimate.items]
    return Interval(
        **numbers,
        setting=setting(records[0]) if records else "",
        runs=sorted({item.run for item in estimate.items if item.run}),
        dataset=records[0].dataset if records else "",
        machine=machine(records[0]) if records else "",
        synthetic=any(record.synthetic for record in records),
        short=any(record.short for record in records),
    )
