"""GPU memory of training jobs, from peaks that were counted for steps on a device without values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pixelwise.claims import costs
from pixelwise.claims.predicted_records import Datasets
from pixelwise.errors import PixelwiseError
from pixelwise.planning.jobs import Job

TABLE = Path(__file__).with_name("emulated_peaks.yaml")
KINDS = ("adversarial", "denoising", "segmentation")
WIDTHS = frozenset({"width", "max_width", "mlp_width", "norm_hidden", "depth", "stages", "blocks", "fine"})
WIDTHS |= {"tile", "learned_factor", "downsamplings", "num_upsampling_layers"}
"""Options that change how much a network keeps."""
SHARE, OWN = 1.1, 1.0
"""What a card must have beyond the peak: a tenth for cuDNN's work space and gaps, and 1 GB for CUDA itself."""


def facts(job: Job) -> dict[str, Any]:
    """What decides a training job's memory, beside images and pixels."""
    settings: Any = job.settings
    perceptual = bool(getattr(settings, "perceptual", 0)) or getattr(settings, "loss", "") == "perceptual"
    return {
        "kind": job.kind,
        "architecture": settings.architecture,
        "options": dict(settings.options),
        "discriminator": getattr(settings, "discriminator", None),
        "perceptual": perceptual,
        "bf16": settings.precision == "bf16",
    }


def images(job: Job) -> int:
    """Images or patches that are on one card at a time."""
    settings: Any = job.settings
    return int(settings.batch // (settings.accumulate * settings.processes))


def megapixels(job: Job, datasets: Datasets) -> float:
    """10^6 pixels of one of them."""
    settings: Any = job.settings
    if job.kind == "denoising":
        return float(settings.patch**2 / 1e6)
    height, width = datasets.size(job)
    pixels, side = (height or 360) * (width or 480), getattr(settings, "crop", None)
    return float((min(pixels, side**2) if side else pixels) / 1e6)


@cache
def table(path: Path = TABLE) -> tuple[dict[str, Any], ...]:
    """The committed peaks.

    Raises:
        PixelwiseError: If they cannot be read.
    """
    try:
        return tuple(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise PixelwiseError(f"{path.name}: not readable as YAML ({' '.join(str(error).split())})") from None


def _distance(entry: Mapping[str, Any], wanted: Mapping[str, Any], size: float) -> tuple[float, ...]:
    """How far an entry is from a job, the most important first."""
    mine, theirs = entry["options"].items(), wanted["options"].items()
    different = {name for name, value in mine if wanted["options"].get(name) != value}
    different |= {name for name, value in theirs if entry["options"].get(name) != value}
    losses = sum(entry[name] != wanted[name] for name in ("discriminator", "perceptual"))
    off = max(entry["megapixels"], size) / min(entry["megapixels"], size)
    return len(different & WIDTHS), losses, entry["bf16"] != wanted["bf16"], off, len(different)


def counted_gb(job: Job, datasets: Datasets) -> float | None:
    """Peak of a training job in GB, by the most similar one that was counted; None if none has its network."""
    if job.kind not in KINDS:
        return None
    wanted, size = facts(job), megapixels(job, datasets)
    alike = [entry for entry in table() if all(entry[name] == wanted[name] for name in ("kind", "architecture"))]
    if not alike:
        return None
    best = min(alike, key=lambda entry: _distance(entry, wanted, size))
    return float(best["fixed"] + best["slope"] * images(job) * size)


def memory_gb(job: Job, datasets: Datasets) -> float | None:
    """Peak of a training job in GB: as counted, else by what its networks declare; None if nobody knows."""
    peak = counted_gb(job, datasets)
    return costs.memory_gb(job, datasets, costs.table()) if peak is None and job.kind in KINDS else peak


def needed_gb(peak: float) -> float:
    """Memory that a card must have for a peak."""
    return SHARE * peak + OWN
