"""What a job asks of a cluster: a wall limit and memory, from the estimates of `pixelwise plan`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pixelwise.claims import costs, peaks
from pixelwise.claims.predicted_records import Datasets
from pixelwise.planning.jobs import RUN_LOG, Job

MARGIN = 3.0
"""A first limit is so many times the estimate, which is rough; each further attempt gets as much again."""
LEAST, LONGEST = 30, 24 * 60
"""Minutes. Longer work goes on from its last checkpoint or finished condition in the next attempt."""
MEMORY, PREPARING = 16_000, 4_000
"""MB of main memory for what PyTorch, its inputs and a score need; for `prepare`, which reads one picture at a time."""


class Limits:
    """Limits of the jobs of a run, whatever the submitting machine is: a job that may use a card is taken to have one.

    Args:
        jobs: All jobs of the run.
        log: The run log beside them; what it says of a job comes before the table of costs.
    """

    def __init__(self, jobs: Sequence[Job], log: Path = RUN_LOG) -> None:
        self.datasets, self.document = Datasets(list(jobs)), costs.table()
        self.recorded = costs.from_log(jobs, self.datasets, log, "cuda") + costs.from_table(self.document)

    def minutes(self, job: Job) -> float | None:
        """Minutes that a job is expected to take; None where nothing like it was ever recorded."""
        scaling = costs.scaling_of(self.document, job, None)
        where = "cuda" if job.on_gpu else "cpu"
        seconds = costs.estimate(job, self.datasets, self.recorded, where, scaling).seconds
        return None if seconds is None else seconds / 60

    def runtime(self, job: Job, attempt: int = 1) -> int:
        """Minutes of wall time, from `LEAST` to `LONGEST`; `LONGEST` for what was never recorded.

        Args:
            job: One of the jobs.
            attempt: 1 for the first; more for one whose earlier attempts ended too soon.
        """
        estimate = self.minutes(job)
        return LONGEST if estimate is None else min(max(round(MARGIN * estimate), LEAST) * attempt, LONGEST)

    def memory(self, job: Job) -> int:
        """MB of main memory; a training on the processor keeps there what a card would hold."""
        if job.step == "prepare":
            return PREPARING
        peak = None if job.on_gpu else peaks.memory_gb(job, self.datasets)
        return MEMORY + round(1000 * peaks.needed_gb(peak)) if peak else MEMORY
