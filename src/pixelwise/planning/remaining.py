"""How long a run still takes: what its jobs left are expected to take, corrected by what finished ones took."""

from __future__ import annotations

import heapq
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

START = 4.0
"""Seconds that a job's process takes to start, until finished jobs tell."""
SHORT = 5.0
"""Jobs expected to take less say how long a start takes; the others say how fast this machine is."""
TRUST = 30.0
"""Seconds of finished work that count as much as the estimate itself."""


@dataclass(frozen=True)
class Expected:
    """One job of a run.

    Attributes:
        id: Its name.
        seconds: What `pixelwise plan` expects; None if nothing like it was ever recorded.
        after: Ids of the jobs whose outputs it reads.
        threads: Cores that it takes.
        gpus: Cards that it takes.
    """

    id: str
    seconds: float | None
    after: tuple[str, ...] = ()
    threads: int = 1
    gpus: int = 0

    @property
    def step(self) -> str:
        """The kind of its work."""
        return self.id.partition("/")[0]


class Pace:
    """What jobs took beside what was expected.

    Args:
        jobs: All jobs of the run.
        taken: Job -> seconds from start to end, of those that have ended.
    """

    def __init__(self, jobs: Sequence[Expected], taken: Mapping[str, float]) -> None:
        pairs = [(job, job.seconds, taken[job.id]) for job in jobs if job.id in taken and job.seconds is not None]
        starts = [max(took - expected, 0.0) for _, expected, took in pairs if expected < SHORT]
        self.start = statistics.median(starts) if starts else START
        longer = [
            (job.step, expected, max(took - self.start, 0.0)) for job, expected, took in pairs if expected >= SHORT
        ]
        self._all = self._ratio([(expected, took) for _, expected, took in longer])
        self._of = {step: self._ratio([x[1:] for x in longer if x[0] == step]) for step in {x[0] for x in longer}}
        seen: dict[str, list[float]] = {}
        for job in jobs:
            if job.id in taken:
                seen.setdefault(job.step, []).append(taken[job.id])
        self._seen = {step: statistics.fmean(found) for step, found in seen.items()}

    @staticmethod
    def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
        return (TRUST + sum(took for _, took in pairs)) / (TRUST + sum(expected for expected, _ in pairs))

    def seconds(self, job: Expected) -> float | None:
        """What a job will take, from start to end; None if neither the table nor this run says."""
        if job.seconds is None:
            return self._seen.get(job.step)
        return self.start + job.seconds * self._of.get(job.step, self._all)


def seconds_left(
    jobs: Sequence[Expected], left: Mapping[str, float], running: Sequence[str], cores: int, gpus: int
) -> float:
    """Seconds until the last job ends, if free cores and cards always take the next job that is ready.

    Args:
        jobs: Jobs of the run in topological order.
        left: Job -> seconds that it still takes, of all that have not ended.
        running: Which of them run.
        cores: Cores of this machine, or jobs at a time on a cluster.
        gpus: Cards, or 0 where jobs are not counted by them.

    Returns:
        The end of a greedy schedule.
    """
    known = {job.id: job for job in jobs}
    now, free, cards = 0.0, cores, gpus
    at_work: list[tuple[float, str]] = []
    waiting = [job for job in jobs if job.id in left and job.id not in running]
    unfinished = set(left)

    def begin(job: Expected) -> None:
        nonlocal free, cards
        free, cards = free - min(job.threads, cores), cards - min(job.gpus, gpus)
        heapq.heappush(at_work, (now + left[job.id], job.id))

    for name in running:
        begin(known[name])
    while waiting or at_work:
        for job in list(waiting):
            fits = min(job.threads, cores) <= free and min(job.gpus, gpus) <= cards
            if fits and unfinished.isdisjoint(job.after):
                waiting.remove(job)
                begin(job)
        if not at_work:
            break  # what they wait for will not be made in this run
        now, ended = heapq.heappop(at_work)
        unfinished.discard(ended)
        free, cards = free + min(known[ended].threads, cores), cards + min(known[ended].gpus, gpus)
    return now
