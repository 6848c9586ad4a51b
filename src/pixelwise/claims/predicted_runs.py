"""What the jobs of a plan would run, known before they run; the data's own options are left at their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pixelwise.data.published_weights import hash_of, name_of
from pixelwise.evaluation.subjects import at_level, built, deviations, method, oracle
from pixelwise.planning.jobs import Job
from pixelwise.record import Run
from pixelwise.settings.models import ConvertSettings
from pixelwise.settings.training import TrainingSettings
from pixelwise.settings.training import deviations as listed

FLOORS = {"real": "photographs", "shuffled": "shuffled"}
"""Subjects of scores that no network made -> the method that their records name."""


def maker(job: Job, by_out: Mapping[str, Job]) -> Job | None:
    """The training or conversion whose network an evaluation scores; None for floors and baselines."""
    found = by_out.get(job.inputs.get("model", "")) or by_out.get(job.inputs.get("images", ""))
    if found is not None and found.step == "generate":
        found = by_out.get(found.inputs.get("model", ""))
    return found


def scored(job: Job, by_out: Mapping[str, Job], sigma: float | None = None) -> Run | None:
    """The network, floor or baseline of a job that scores.

    Args:
        job: The job.
        by_out: Output folder -> job.
        sigma: Noise level at which a denoiser is scored.
    """
    name = str(getattr(job.settings, "name", ""))
    found = maker(job, by_out)
    if found is None:
        return method(FLOORS.get(name, name))
    settings: Any = found.settings
    if isinstance(settings, ConvertSettings):
        return built(settings.architecture, settings.options, **_released(found, by_out))
    if not isinstance(settings, TrainingSettings):
        return None
    here = {name: value for name, _, value in listed(settings)}
    changed = deviations(settings.recipe, here)
    prepared: Any = by_out[found.inputs["data"]].settings
    facts = {"recipe": settings.recipe, "deviations": changed, "data": prepared.dataset.kind}
    run = built(settings.architecture, settings.options, **facts)
    if getattr(settings, "lowres_input", "") == "clean":
        return oracle(run)
    return run if sigma is None else at_level(run, getattr(settings, "sigma", None), sigma)


def _released(conversion: Job, by_out: Mapping[str, Job]) -> dict[str, Any]:
    """Hash and name of the released weights; the user's own file is unknown until it is read."""
    source: Any = by_out[conversion.inputs["weights"]].settings
    known = None if source.file is not None else hash_of(source.name)
    return {} if known is None else {"weights": name_of(known), "weights_sha256": known}
