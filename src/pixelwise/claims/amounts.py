"""Amounts of work of timings and restorations, in the units in which costs are recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pixelwise.planning.jobs import Job
from pixelwise.settings.restoration import DEBLURRED

PIXELS = 256 * 512
"""Unit of image size in which work is counted."""
ROUNDS = 90
"""Rounds after which a timing with `narrow` ends, as a guess: three looks at its interval on a GPU."""
BM3D = 24
"""BM3D takes as long as so many times all other methods without training (`restore/*/baselines` of street-cpu)."""
LEVELS = 3
"""Noise levels of the denoising protocols, where the settings name none."""
WIDTHS = frozenset({"width", "max_width", "mlp_width", "depth", "stages", "blocks", "variant"})
"""Options that change a network's amount of work most."""


def timing_work(settings: Any) -> float:
    """Images of 256x512 in all calls of a timing."""
    conditions = len(settings.precisions) * len(settings.modes) * len(settings.scopes) * sum(settings.batches)
    sizes = sum(height * width for height, width in settings.sizes) / PIXELS
    rounds = settings.calls if settings.narrow is None else min(settings.calls, ROUNDS)
    return float((settings.warmup * settings.processes + rounds) * conditions * sizes * len(settings.models))


def restoration_work(settings: Any, images: int) -> float:
    """Images times noise levels; for the methods without training, BM3D counts more."""
    levels = len(settings.sigmas) if settings.sigmas else 1 if settings.protocol in DEBLURRED else LEVELS
    work = float(images * levels)
    chosen = settings.baselines or (() if settings.protocol in DEBLURRED else ("bm3d",))
    if settings.name == "baselines" and "bm3d" in chosen:
        limit = images if settings.bm3d_limit is None else min(images, settings.bm3d_limit)
        work += BM3D * limit * levels
    return work


def setup(job: Job, scaling: Mapping[str, Any]) -> float:
    """Seconds that a timing needs to make, compile and record its models, by the table; 0 for other jobs."""
    seconds: Mapping[str, float] | None = scaling.get("setup")
    if job.kind != "time" or seconds is None:
        return 0.0
    settings: Any = job.settings
    each = len(settings.sizes) * len(settings.batches) * len(settings.precisions) * len(settings.scopes)
    each *= settings.processes
    return float(each * len(settings.models) * sum(seconds[mode] for mode in settings.modes))


def different(mine: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[int, int]:
    """How many options of two networks differ: of those that matter most, and of all."""
    names = {name for name in {*mine, *other} if mine.get(name) != other.get(name)}
    return len(names & WIDTHS), len(names)
