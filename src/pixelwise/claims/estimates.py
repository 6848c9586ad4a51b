"""Summing up records as one number with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pixelwise.claims.checks import Measurement
from pixelwise.claims.evidence import Item, number_of, setting
from pixelwise.claims.findings import Interval
from pixelwise.claims.power import half_width
from pixelwise.evaluation.statistics import percentile_interval
from pixelwise.record import Value

LEAST_DRAWS = 20


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
    values = [number_of(check, item.record) for item in distinct]
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
    if check.repeatability == 0:
        parts.append("the same images and the same noise: computed, not sampled")
    elif check.repeatability is not None:
        parts.append("another draw of the noise on the same images, 95 %")
    elif check.exact and all(value.low is None for value in values):
        parts.append("computed, not sampled")
    elif values[0].low is not None:
        parts.append(values[0].interval or "the record's own interval")
    if count > 1:
        parts.append(f"{count} seeds (Student's t, 95 %)")
    return " and ".join(parts)


def combine(check: Measurement, first: Estimate, second: Estimate) -> Estimate:
    """Difference or ratio of two estimates.

    Errors over images are those of the paired bootstrap draws where both subjects have them, and otherwise independent;
    errors between seeds are always independent (ratio: first order in the errors).
    """
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
    low, high = value - join(below, above), value + join(above, below)
    sampling = join(lambda e: e.sampling, lambda e: e.sampling)
    basis = f"{check.combine} of two independent estimates: {first.basis}"
    if paired := _paired(check, first, second):
        between = math.hypot(*(_between(estimate) for estimate in (first, second)))
        low, high = value - math.hypot(paired[0], between), value + math.hypot(paired[1], between)
        sampling = max(paired)
        seeds = f" and {min(first.seeds, second.seeds)} seeds each (Student's t)" if between else ""
        basis = f"difference of the same bootstrap draws of the images{seeds}, 95 %"
    return Estimate(
        value=value,
        low=low,
        high=high,
        unit="1" if check.combine == "ratio" else "points" if first.unit == "%" else first.unit,
        n=min(first.n, second.n),
        seeds=min(first.seeds, second.seeds),
        basis=basis,
        sampling=sampling,
        spread=math.hypot(*spreads) if spreads else None,
        items=first.items + second.items,
    )


def _between(estimate: Estimate) -> float:
    """Half width of the mean over seeds; 0 with one seed."""
    return 0.0 if estimate.spread is None else half_width(estimate.spread, len(estimate.items))


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
        [
            math.fsum(item.draws[check.value][number] for item in estimate.items) / len(estimate.items)
            for estimate in (first, second)
        ]
        for number in sorted(numbers)
    ]
    drawn = [a - b for a, b in means if math.isfinite(a - b)]
    low, high = percentile_interval(drawn)
    centre = math.fsum(drawn) / len(drawn)
    return max(centre - low, 0.0), max(high - centre, 0.0)


def interval(estimate: Estimate) -> Interval:
    """The estimate as a finding holds it, with the setting it was measured in."""
    numbers = {name: getattr(estimate, name) for name in ("value", "low", "high", "unit", "n", "seeds", "basis")}
    return Interval(**numbers, setting=setting(estimate.items[0].record) if estimate.items else "")
