"""What the Snakefile sets up before it plans: this clone's source, this environment, and the cards of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from pixelwise.cards import builds, found
from pixelwise.errors import PixelwiseError
from pixelwise.planning.jobs import Job


def run_this_checkout(root: Path) -> None:
    """Put a clone's `src` before any installed copy, and this interpreter's folder first, for all child processes."""
    paths = {"PYTHONPATH": str(root / "src"), "PATH": str(Path(sys.executable).parent)}
    for name, first in paths.items():
        rest = [part for part in os.environ.get(name, "").split(os.pathsep) if part and part != first]
        os.environ[name] = os.pathsep.join([first, *rest])


def one_environment(methods: Iterable[object]) -> None:
    """Refuse environments that Snakemake would build for the jobs: all of them run in the one that runs Snakemake.

    Args:
        methods: Snakemake's `--software-deployment-method`.

    Raises:
        PixelwiseError: If conda is among them.
    """
    if any(str(method) == "conda" for method in methods):
        raise PixelwiseError(
            "--software-deployment-method (--sdm) conda: not supported; "
            "`make install` builds the environment of all jobs from requirements.lock"
        )


def gpus() -> int:
    """Number of graphics cards that CUDA would be offered here, as far as files show it."""
    return found.count()


def preflight(jobs: Iterable[Job], stale: Iterable[str]) -> None:
    """Refuse a run whose jobs would need a card that is there but that PyTorch cannot use.

    Raises:
        PixelwiseError: With one line that says why, and how to install what could.
    """
    waiting = set(stale)
    if any(job.id in waiting and job.on_gpu for job in jobs) and (line := builds.problem(found.cards())):
        raise PixelwiseError(f"{line}; {builds.PROCESSOR}")


def enough_cards(jobs: Iterable[Job], stale: Iterable[str], cards: int) -> None:
    """Refuse a run of which a training has more processes than this machine has cards; 0 cards are none to count.

    Raises:
        PixelwiseError: With the first such job.
    """
    waiting = set(stale)
    for job in jobs:
        if job.id in waiting and job.on_gpu and job.processes > cards > 0:
            raise PixelwiseError(
                f"{job.id}: processes: {job.processes}; each needs a graphics card, and this machine has {cards}"
            )
