"""Which settings of a training that did not fit into a card's memory would fit, by the planner's table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pixelwise.artifacts import read_json
from pixelwise.claims import costs
from pixelwise.claims.dividing import fewest
from pixelwise.errors import FULL, shortage
from pixelwise.planning.jobs import Job

GIB = 2**30 / 1e9


class _Prepared:
    """The size of the images of prepared data, as `costs.memory_gb` asks for it."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = facts

    def size(self, job: Job) -> tuple[int | None, int | None]:
        """Height and width; None where images keep their own."""
        return self.facts.get("height"), self.facts.get("width")


def advice(error: BaseException, kind: str, settings: Any, data: Path | None) -> str:
    """A failure for want of memory in one line, with the setting that would fit.

    Args:
        error: What torch raised.
        kind: Kind of the job.
        settings: Its settings.
        data: Its prepared data, if it has any.

    Returns:
        What was asked for and free, what the settings need by the table, and the fewest parts of a batch or processes,
        or else the largest batch, that fit the whole card.
    """
    batch, said = getattr(settings, "batch", None), shortage(error)
    if batch is None:
        return f"{said}; use smaller images"
    whole = capacity_gb(error)
    if whole is None or not hasattr(settings, "accumulate") or data is None:
        return f"{said}; batch is {batch}: use a smaller one"
    prepared = _Prepared(read_json(data / "dataset.json"))

    def needs(settings: Any) -> float | None:
        job = Job("", kind, settings, "", "")
        return costs.memory_gb(job, prepared, costs.table())  # type: ignore[arg-type]

    now = needs(settings)
    if now is None:
        return f"{said}; batch is {batch}, accumulate {settings.accumulate}: more parts take less"
    said = f"{said}; by the planner's table batch {batch} with accumulate {settings.accumulate} takes {now:.1f} GB"
    ways = []
    for name, cards in (("accumulate", ""), ("processes", " on as many cards")):
        if number := fewest(settings, name, lambda changed: (needs(changed) or 0.0) < min(whole, now)):
            takes = needs(settings.model_copy(update={name: number}))
            ways.append(f"{name}: {number}{cards} would take {takes:.1f} GB")
    if ways:
        return f"{said}, {', or '.join(ways)}"
    for number in range(batch - settings.processes, 0, -settings.processes):
        takes = needs(settings.model_copy(update={"batch": number, "accumulate": 1})) or 0.0
        if takes < min(whole, now):
            return f"{said}, batch: {number} would take {takes:.1f} GB"
    return f"{said}; no batch fits this card, use a smaller network or smaller images"


def capacity_gb(error: BaseException) -> float | None:
    """Memory of the card in GB as torch's message says it."""
    found = FULL.search(str(error))
    return None if found is None else _gb(found.group(2))


def _gb(text: str) -> float:
    """A size such as "14.58 GiB" in GB."""
    number, unit = text.split()
    return float(number) * {"KiB": GIB / 2**20, "MiB": GIB / 2**10, "GiB": GIB}.get(unit, 1e-9)
