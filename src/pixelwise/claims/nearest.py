"""Comparisons from records that may decide no claim: two networks on one data set, never a mean over several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pixelwise.claims import across_settings, evidence
from pixelwise.claims.checks import Measurement
from pixelwise.claims.estimates import Estimate
from pixelwise.claims.evidence import Item
from pixelwise.record import Record

Key = tuple[str, str]


def network(record: Record) -> str:
    """What was run, seeds and repetitions apart; the name where the record does not say."""
    return record.model if record.subject is None else record.subject.digest


def settings(items: Sequence[Item]) -> dict[Key, dict[str, list[Item]]]:
    """Run and setting -> network -> its records, which differ in nothing but the seed."""
    found: dict[Key, dict[str, list[Item]]] = {}
    for item in items:
        for run in item.runs:
            place = found.setdefault((run, evidence.setting(item.record)), {})
            place.setdefault(network(item.record), []).append(item)
    return found


def compared(check: Measurement, parted: Sequence[Sequence[Item]], rank: Callable[[Item], Any]) -> list[Estimate]:
    """One estimate for each run and setting that has a network for each side.

    Args:
        check: The check; any number of images and seeds is enough here.
        parted: For each side of the check the records that may stand for it.
        rank: Order of the networks of one side, by a record of each; the first is taken.
    """
    lenient = check.model_copy(update={"device": None})
    grouped = [settings(items) for items in parted]
    found: dict[tuple[int, ...], Estimate] = {}
    for key in sorted(set.intersection(*(set(groups) for groups in grouped))):
        chosen = [min(groups[key].items(), key=lambda entry: (rank(entry[1][0]), entry[0]))[1] for groups in grouped]
        for estimate in across_settings.estimates(lenient, chosen, lenient=True).enough:
            found.setdefault(tuple(map(id, estimate.items)), estimate)  # runs that hold the same records are one
    return [*found.values()]
