"""How a training that is too large for a card is divided: over parts of a batch, or over processes with a card each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pixelwise.claims import peaks
from pixelwise.claims.predicted_records import Datasets
from pixelwise.planning.jobs import Job


def fewest(settings: Any, name: str, fits: Callable[[Any], bool]) -> int | None:
    """The smallest larger value of `accumulate` or `processes` with which a training fits; None if none does.

    Args:
        settings: Settings of a training.
        name: `accumulate` or `processes`.
        fits: Whether a training of such settings fits.
    """
    now, other = getattr(settings, name), settings.accumulate * settings.processes // getattr(settings, name)
    possible = [number for number in range(now + 1, settings.batch + 1) if settings.batch % (number * other) == 0]
    return next((number for number in possible if fits(settings.model_copy(update={name: number}))), None)


def proposals(jobs: Iterable[Job], datasets: Datasets, card_gb: float) -> list[str]:
    """A line for each entry of `train` that needs more memory than a card has, with the settings that would fit.

    Args:
        jobs: The jobs of a run.
        datasets: Sizes of their images.
        card_gb: Memory of a card in GB.
    """
    lines: dict[str, str] = {}
    for job in jobs:
        name = job.id.rpartition("/seed")[0]
        if name in lines or not job.on_gpu or (needed := needed_gb(job, job.settings, datasets) or 0.0) <= card_gb:
            continue

        def fits(settings: Any, job: Job = job) -> bool:
            return (needed_gb(job, settings, datasets) or 0.0) <= card_gb

        parts, cards = (fewest(job.settings, setting, fits) for setting in ("accumulate", "processes"))
        ways = [f"set accumulate: {parts}"] if parts else []
        ways += [f"set processes: {cards}, a card for each"] if cards else []
        told = ", or ".join(ways) or "no division of its batch fits"
        lines[name] = f"GPU memory for {name}: about {needed:.0f} GB; for cards of {card_gb:.0f} GB {told}"
    return list(lines.values())


def needed_gb(job: Job, settings: Any, datasets: Datasets) -> float | None:
    """Memory in GB that a card must have for a job with these settings; None for no training, or if nobody knows."""
    peak = peaks.memory_gb(Job(job.id, job.kind, settings, job.out, job.file, job.inputs), datasets)
    return peaks.needed_gb(peak) if peak else None
