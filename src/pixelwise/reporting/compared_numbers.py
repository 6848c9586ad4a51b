"""Differences between two entries, metric by metric: paired where both scored the same pictures."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pixelwise.claims.evidence import Item
from pixelwise.evaluation.statistics import paired_difference, recentred_interval
from pixelwise.quantities import Metric, metrics
from pixelwise.record import Record
from pixelwise.reporting import paired_differences
from pixelwise.reporting.compared_runs import Side

RESAMPLES, SEED = 2000, 0
CONDITIONS = ("sigma", "height", "width", "batch", "precision", "mode", "scope")
"""What two numbers must have in common."""
Key = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One metric of two entries.

    Attributes:
        what: Data set, protocol and condition, for people.
        metric: What it is.
        n: Pictures or timed calls, the fewer of both.
        a: Value of A, mean over seeds.
        b: Value of B.
        difference: b - a; of a ratio, b / a.
        low: Lower end of its 95 % interval; None where the numbers are not paired.
        high: Upper end.
        images: Whether it was scored on pictures.
        ratio: Whether it is b / a, of times that were taken in turn.
    """

    what: str
    metric: Metric
    n: int
    a: float
    b: float
    difference: float
    low: float | None
    high: float | None
    images: bool
    ratio: bool = False

    @property
    def better(self) -> str:
        """`A` or `B` where the interval leaves out 0, else what is not known, in words."""
        if self.low is None or self.high is None:
            return "unpaired"
        same = 1.0 if self.ratio else 0.0
        if self.metric.better is None or self.low <= same <= self.high:
            return "unclear"
        return "B" if (self.difference > same) == (self.metric.better == "higher") else "A"


def key(item: Item) -> Key:
    """What a record must share with another to be compared; timings belong to their job, too."""
    record = item.record
    held = [f"{name} {record.condition[name]}" for name in CONDITIONS if record.condition.get(name) is not None]
    place = (Path(item.file).parent.as_posix(),) if record.kind == "latency" else ()
    return (record.kind, record.task, record.dataset, record.protocol, *held, *place)


def compared(first: Side, second: Side) -> tuple[list[Difference], list[str]]:
    """Every metric that both have, and remarks: one line each for what is not compared and why."""
    sides = [by_key(side) for side in (first, second)]
    images = [_per_image(side) for side in (first, second)]
    together = first.run.folder == second.run.folder
    ratios = [item for item in first.run.items if "ratio" in item.record.values] if together else []
    found: list[Difference] = []
    remarks: list[str] = []
    for place in (place for place in sides[0] if place in sides[1]):
        a, b = (side[place] for side in sides)
        if {item.record.protocol_hash for item in a} != {item.record.protocol_hash for item in b}:
            remarks.append(f"{words(place)}: not compared, for the two runs define this protocol differently")
            continue
        for metric in metrics(place[0]).values():
            if _wanted(metric, place[0]):
                found += _difference(place, metric, (a, b), images, ratios)
    for name, own, other in (("A", sides[0], sides[1]), ("B", sides[1], sides[0])):
        if only := [place for place in own if place not in other]:
            more = f" and {len(only) - 1} more" if len(only) > 1 else ""
            remarks.append(f"only {name} has {words(only[0])}{more}: nothing to compare with")
    return found, remarks


def _wanted(metric: Metric, kind: str) -> bool:
    return metric.name == "median" if kind == "latency" else "table" in metric.shown


def by_key(side: Side) -> dict[Key, list[Item]]:
    """The records of an entry that can be compared."""
    found: dict[Key, list[Item]] = defaultdict(list)
    for item in side.items:
        if item.record.condition.get("design") != "halves":  # a floor, not a score
            found[key(item)].append(item)
    return found


def words(place: Key) -> str:
    """A key for people, such as `photos, sigma 25`."""
    kind, _, dataset, protocol, *held = place
    if kind == "latency":
        named = {name: value for name, _, value in (part.partition(" ") for part in held)}
        size = f"{named['height']}x{named['width']}" if "height" in named else ""
        return ", ".join(filter(None, ["one picture" if named.get("batch") == "1" else "", size, named.get("mode")]))
    sizes = [part.removesuffix(".0") for part in held if kind == "restoration"]
    return ", ".join(dict.fromkeys([dataset, protocol, *sizes]))


def _difference(
    place: Key,
    metric: Metric,
    items: tuple[list[Item], list[Item]],
    images: list[pd.DataFrame],
    ratios: Sequence[Item],
) -> list[Difference]:
    """The difference of one metric, or nothing where one of them has no value of it; of times their ratio, too."""
    values = [
        [v.value for i in own if (v := i.record.values.get(metric.name)) and v.value is not None] for own in items
    ]
    if not all(values):
        return []
    a, b = (float(np.mean(own)) for own in values)
    n = min(item.record.n for own in items for item in own)
    wide = _paired_images(items, metric.name, images)
    low: float | None = None
    high: float | None = None
    difference = b - a if a != b else 0.0
    if wide is not None:
        difference, low, high = paired_difference(wide["b"], wide["a"], SEED, RESAMPLES)
        n = len(wide)
    elif (draws := _paired_draws(items, metric.name)) is not None:
        low, high = recentred_interval(difference, draws)
    made = [Difference(words(place), metric, n, a, b, difference, low, high, place[0] != "latency")]
    return [*made, *_ratio(place, metric, items, ratios)]


def _ratio(
    place: Key, metric: Metric, items: tuple[list[Item], list[Item]], ratios: Sequence[Item]
) -> list[Difference]:
    """B / A as their job measured it in turn, or nothing if these two were not timed together."""
    a, b = (own[0].record.model for own in items)
    for item in ratios:
        value = item.record.values.get("ratio")
        if key(item) != place or value is None or value.value is None or value.low is None or value.high is None:
            continue
        if item.record.model == f"{b}/{a}":
            ends = (value.value, value.low, value.high)
        elif item.record.model == f"{a}/{b}":
            ends = (1 / value.value, 1 / value.high, 1 / value.low)
        else:
            continue
        a_time, b_time = (own[0].record.values["median"].value or 0.0 for own in items)
        what, n = words(place), item.record.n
        return [Difference(what, metric, n, a_time, b_time, *ends, images=False, ratio=True)]
    return []


def _per_image(side: Side) -> pd.DataFrame:
    """The restored pictures of an entry, one row for each picture and metric."""
    files = {item.file for item in side.items if item.record.kind == "restoration"}
    table = paired_differences.per_image({name: (side.run.folder / name).parent for name in sorted(files)})
    return table[table["model"].eq(side.entry)]


def _paired_images(
    items: tuple[list[Item], list[Item]], metric: str, images: list[pd.DataFrame]
) -> pd.DataFrame | None:
    """Value of A and of B for each picture that both restored, means over seeds; None where there are none."""
    record: Record = items[0][0].record
    if record.kind != "restoration":
        return None
    sigma, columns = record.condition.get("sigma"), []
    level = float(sigma) if isinstance(sigma, int | float) else math.nan
    for table in images:
        own = table[
            table["task"].eq(record.task)
            & table["dataset"].eq(record.dataset)
            & table["protocol"].eq(record.protocol)
            & table["metric"].eq(metric)
            & table["sigma"].eq(level)
        ]
        columns.append(own.groupby("image")["value"].mean())
    wide = pd.DataFrame(dict(zip("ab", columns, strict=True))).dropna()
    return None if wide.empty else wide


def _paired_draws(
    items: tuple[list[Item], list[Item]], metric: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """Differences of the bootstrap draws that both have; a draw takes the same pictures of sets of one size."""
    if len({item.record.n for own in items for item in own}) > 1:
        return None
    means = []
    for own in items:
        draws = [item.draws.get(metric, {}) for item in own]
        common = set(draws[0]).intersection(*draws[1:])
        means.append({number: float(np.mean([each[number] for each in draws])) for number in common})
    both = sorted(means[0].keys() & means[1].keys())
    if len(both) < max(len(each) for each in means) or not both:
        return None
    return np.array([means[1][number] - means[0][number] for number in both])
