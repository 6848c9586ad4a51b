"""What a reader must know before the differences between two entries are believed."""

from __future__ import annotations

import numpy as np

from pixelwise.reporting.compared_numbers import Difference, by_key, words
from pixelwise.reporting.compared_runs import Side

FEW = 50
"""Pictures below which an interval over pictures is no more than a hint."""
FLOORS = ("identity", "real", "shuffled")
"""What no training changes: they are equal where pictures, noise and measure are."""


def warnings(first: Side, second: Side, found: list[Difference]) -> list[str]:
    """What a reader must know before these differences are believed, one line each."""
    lines = []
    scored = any(each.images for each in found)
    if few := [each for each in found if each.images and each.n < FEW]:
        least = min(each.n for each in few)
        lines.append(
            f"Only {least} pictures in the smallest set: below {FEW}, an interval over pictures is a rough guess."
        )
    seeds = [
        len({item.record.seed for item in side.items if item.record.kind != "latency"}) for side in (first, second)
    ]
    if scored and min(seeds) == 1:
        which = "both" if max(seeds) == 1 else "A" if seeds[0] == 1 else "B"
        lines.append(f"One seed ({which}): the intervals do not say how much another training would differ.")
    records = [item.record for side in (first, second) for item in side.items if scored]
    if any(record.synthetic for record in records):
        lines.append("Drawn pictures: these numbers say nothing about photographs.")
    if any(record.short for record in records):
        lines.append("Short trainings: a longer one may turn a difference round.")
    return [*lines, *_other_data(first, second), *_other_machine(first, second, found)]


def _other_data(first: Side, second: Side) -> list[str]:
    """Floors that differ, so that pictures, noise or measure are not the same."""
    if first.run.folder == second.run.folder:
        return []
    wanted = {place[:3] for side in (first, second) for place in by_key(side)}
    for floor in FLOORS:
        a, b = (by_key(Side(side.run, floor)) for side in (first, second))
        for place in (place for place in a if place in b and place[:3] in wanted):
            for name, value in a[place][0].record.values.items():
                other = b[place][0].record.values.get(name)
                if other is None or value.value is None or other.value is None:
                    continue
                if not np.isclose(value.value, other.value, rtol=1e-6):
                    return [
                        f"Other data: {floor} has {name} {value.value:.4g} in A and {other.value:.4g} in B "
                        f"({words(place)}), and no training changes it."
                    ]
    return []


def _other_machine(first: Side, second: Side, found: list[Difference]) -> list[str]:
    """Whether times come from two machines, or are no more than two runs of one."""
    if all(each.images for each in found) or any(each.ratio for each in found):
        return []
    machines = [
        {str(item.record.hardware.get("cpu")) + str(item.record.hardware.get("device")) for item in side.items
         if item.record.kind == "latency"}
        for side in (first, second)
    ]  # fmt: skip
    if machines[0] != machines[1]:
        return ["Times are of two machines: their difference is not one of the networks."]
    return ["Times are not paired here: what the machine did meanwhile is in their difference."]
