"""What a job asks of a cluster: a wall limit and memory, from the estimates of `pixelwise plan`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pixelwise.claims import costs, peaks
from pixelwise.claims.predicted_records import Datasets
from pixelwise.planning.jobs import RUN_LOG, Job

MARGIN = 3.0
"""A first limit is so many times the estimate, which is rough; each further attempt gets as much again."""
LEAST, LONGEST = 30, 24 * 60
"""Minutes. Longer work goes on from its last checkpoint or finished condition in the next attempt."""
MEMORY, PREPARING = 16_000, 4_000
"""MB of main memory for what PyTorch, its inputs and a score need in each process; for `prepare`, which reads one
picture at a time."""


class Limits:
    """Limits of the jobs of a run, whatever the submitting machine is: a job that may use a card is taken to have one.

    Args:
        jobs: All jobs of the run.
        log: The run log beside them; what it says of a job comes before the table of costs. Memory needs no log.
    """

    def __init__(self, jobs: Sequence[Job], log: Path = RUN_LOG) -> None:
        self._jobs, self._log, self.datasets = jobs, log, Datasets(list(jobs))

    @cached_property
    def document(self) -> dict[str, Any]:
        """The table of costs."""
        return costs.table()

    @cached_property
    def recorded(self) -> list[costs.Recorded]:
        """What jobs took before."""
        logged = costs.from_log(self._jobs, self.datasets, self._log, "cuda")
        return logged + costs.from_table(self.document)

    def seconds(self, job: Job) -> float | None:
        """Seconds that a job is expected to take; None where nothing like it was ever recorded."""
        scaling = costs.scaling_of(self.document, job, None)
        where = "cuda" if job.on_gpu else "cpu"
        return costs.estimate(job, self.datasets, self.recorded, where, scaling).seconds

    def runtime(self, job: Job, attempt: int = 1) -> int:
        """Minutes of wall time, from `LEAST` to `LONGEST`; `LONGEST` for what was never recorded.

        Args:
            job: One of the jobs.
            attempt: 1 for the first; more for one whose earlier attempts ended too soon.
        """
        estimate = self.seconds(job)
        if estimate is None:
            return LONGEST
        return min(max(round(MARGIN * estimate / 60), LEAST) * attempt, LONGEST)

    def memory(self, job: Job, attempt: int = 1) -> int:
        """MB of main memory of all its processes; one on the processor keeps there what a card would hold.

        Args:
            job: One of the jobs.
            attempt: 1 for the first; later ones get twice as much, since the first may have ended for want of memory,
                and no more than that, since they may have met their wall limits.
        """
        attempt = min(attempt, 2)
        if job.step == "prepare":
            return PREPARING * attempt
        peak = None if job.on_gpu else peaks.memory_gb(job, self.datasets)
        return (MEMORY + (round(1000 * peaks.needed_gb(peak)) if peak else 0)) * job.processes * attempt


def expected(jobs: Sequence[Job]) -> dict[str, float | None]:
    """Job -> seconds that it is expected to take on a cluster; None if nothing like it was ever recorded."""
    limits = Limits(jobs)
    return {job.id: limits.seconds(job) for job in jobs}
