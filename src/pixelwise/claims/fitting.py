"""Which settings of a training that did not fit into a card's memory would fit, by the figures of `pixelwise plan`."""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from pixelwise.artifacts import read_json
from pixelwise.claims.dividing import fewest, needed_gb
from pixelwise.claims.peaks import KINDS
from pixelwise.errors import FULL, shortage
from pixelwise.files.reading import checked, read
from pixelwise.planning import jobs
from pixelwise.planning.jobfile import JobFile
from pixelwise.planning.jobs import Job
from pixelwise.terminal.screen import show

GIB = 2**30 / 1e9


class _Prepared:
    """The size of the images in a folder of prepared data, as `dividing.needed_gb` asks for it."""

    def __init__(self, folder: Path) -> None:
        self.facts = read_json(folder / "dataset.json")

    def size(self, job: Job) -> tuple[int | None, int | None]:
        """Height and width; None where images keep their own."""
        return self.facts.get("height"), self.facts.get("width")


def _needs(kind: str, prepared: Any, settings: Any) -> float | None:
    """Memory in GB that a card must have for a training."""
    return needed_gb(Job("", kind, settings, "", ""), settings, prepared)


def of_job(file: Path) -> float:
    """Memory in GB that a card must have for a job; 0 for what is no training, or if nobody knows.

    Raises:
        PixelwiseError: If the job file or its prepared data are not readable.
    """
    job = read(file, JobFile).job
    if job.kind not in KINDS or "data" not in job.inputs:
        return 0.0
    module, name = jobs.KINDS[job.kind].settings.split(":")
    settings = checked(getattr(import_module(module), name), job.settings, str(file))
    return _needs(job.kind, _Prepared(Path(job.inputs["data"])), settings) or 0.0


def advice(error: BaseException, kind: str, settings: Any, data: Path | None) -> str:
    """A failure for want of memory in one line, with the setting that would fit.

    Args:
        error: What torch raised.
        kind: Kind of the job.
        settings: Its settings.
        data: Its prepared data, if it has any.

    Returns:
        What was asked for and free, what the settings need by `pixelwise plan`, and the fewest parts of a batch or
        processes, or else the largest batch, that fit the whole card.
    """
    batch, said = getattr(settings, "batch", None), shortage(error)
    if batch is None:
        return f"{said}; use smaller images"
    whole = capacity_gb(error)
    if whole is None or not hasattr(settings, "accumulate") or data is None:
        return f"{said}; batch is {batch}: use a smaller one"
    needs = partial(_needs, kind, _Prepared(data))

    now = needs(settings)
    if now is None:
        return f"{said}; batch is {batch}, accumulate {settings.accumulate}: more parts take less"
    limit = min(whole, now)

    def fits(changed: Any) -> bool:
        return (needs(changed) or 0.0) < limit

    said = f"{said}; by 'pixelwise plan', batch {batch} with accumulate {settings.accumulate} needs {now:.1f} GB"
    ways = []
    for name, cards in (("accumulate", ""), ("processes", " on as many cards")):
        if number := fewest(settings, name, fits):
            less = needs(settings.model_copy(update={name: number}))
            ways.append(f"{name}: {number}{cards} would need {less:.1f} GB")
    if ways:
        return f"{said}, {', or '.join(ways)}"
    for number in range(batch - settings.processes, 0, -settings.processes):
        smaller = settings.model_copy(update={"batch": number, "accumulate": 1})
        if fits(smaller):
            return f"{said}, batch: {number} would need {needs(smaller):.1f} GB"
    return f"{said}; no batch fits this card, use a smaller network or smaller images"


def capacity_gb(error: BaseException) -> float | None:
    """Memory of the card in GB as torch's message says it."""
    found = FULL.search(str(error))
    return None if found is None else _gb(found.group(2))


def _gb(text: str) -> float:
    """A size such as "14.58 GiB" in GB."""
    number, unit = text.split()
    return float(number) * {"KiB": GIB / 2**20, "MiB": GIB / 2**10, "GiB": GIB}.get(unit, 1e-9)


if __name__ == "__main__":  # asked by `cards.roomy`
    show(str(of_job(Path(sys.argv[1]))))
