"""What the Snakefile sets up before it plans: this clone's source, this environment, and the cards of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from pixelwise.cards import builds, found
from pixelwise.errors import PixelwiseError
from pixelwise.planning.jobs import Job

PROCESSOR = frozenset({"inspect", "convert"})
"""Kinds of job that never use a card, whatever the profile's `compute` says."""


def run_this_checkout(root: Path) -> None:
    """Put a clone's `src` before any installed copy, and this interpreter's folder first, for all child processes."""
    paths = {"PYTHONPATH": str(root / "src"), "PATH": str(Path(sys.executable).parent)}
    for name, first in paths.items():
        rest = [part for part in os.environ.get(name, "").split(os.pathsep) if part and part != first]
        os.environ[name] = os.pathsep.join([first, *rest])


def gpus() -> int:
    """Number of graphics cards that CUDA would be offered here, as far as files show it."""
    return found.count()


def on_card(job: Job) -> bool:
    """Whether a job computes on a card where there is one: methods without training (BM3D) and counts never do."""
    device = getattr(job.settings, "device", "cpu")
    baselines = job.kind == "restore" and getattr(job.settings, "name", "") == "baselines"
    return device != "cpu" and not baselines and job.kind not in PROCESSOR


def preflight(jobs: Iterable[Job], stale: Iterable[str]) -> None:
    """Refuse a run whose jobs would need a card that is there but that PyTorch cannot use.

    Raises:
        PixelwiseError: With one line that says why, and how to install what could.
    """
    waiting = set(stale)
    if any(job.id in waiting and on_card(job) for job in jobs) and (line := builds.problem(found.cards())):
        raise PixelwiseError(f"{line}; {builds.PROCESSOR}")
