"""The run that Snakemake is at: which jobs run, ended and failed, how far each is, and what is left."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pixelwise.planning.jobs import Job
from pixelwise.planning.remaining import Expected, Pace, seconds_left
from pixelwise.terminal import progress
from pixelwise.terminal.progress import Progress

OVERDUE = 0.1
"""Share of its time so far that a job is taken to need still, once it takes longer than expected."""
ALONE = 1024
"""More cores than a machine has, as the rule of timings asks for: such a job runs alone."""


@dataclass(frozen=True)
class Running:
    """One job at work, since `begun` (seconds since 1970)."""

    id: str
    begun: float
    log: str = ""


class Run:
    """A run while it is made.

    Args:
        name: Of the run.
        jobs: Its jobs that are to be made, in topological order.
        expected: Gives job -> seconds that it should take; asked once, where it is first needed.
        capacity: Cores and cards of this machine; jobs at a time on a cluster.
        goes_on: Whether jobs start after another one failed.
    """

    def __init__(
        self,
        name: str,
        jobs: Sequence[Job],
        expected: Callable[[], Mapping[str, float | None]],
        capacity: tuple[int, int] | int,
        goes_on: bool,
    ) -> None:
        self.name, self.begun = name, time.time()
        self._jobs, self._expected, self._goes_on = jobs, expected, goes_on
        self._cluster = isinstance(capacity, int)
        self._capacity = (capacity, 0) if isinstance(capacity, int) else capacity
        self._known = {job.id: job for job in jobs}
        self.running: dict[str, Running] = {}
        self.taken: dict[str, float] = {}
        self.failed: set[str] = set()
        self._told: dict[Running, Progress] = {}

    @property
    def total(self) -> int:
        """Number of jobs to be made."""
        return len(self._known)

    def start(self, job: str, log: str = "") -> None:
        """A job has started."""
        self.running[job] = Running(job, time.time(), log)

    def end(self, job: str, failed: bool = False) -> float:
        """A job has ended; returns the seconds that it took."""
        begun = self.running.pop(job, None)
        took = time.time() - begun.begun if begun else 0.0
        if failed:
            self.failed.add(job)
        elif job in self._known:
            self.taken[job] = took
        return took

    def progress(self, running: Running) -> Progress | None:
        """What a job at work last told."""
        job = self._known.get(running.id)
        told = progress.read(Path(job.places.work, progress.FILE), running.begun) if job else None
        if told is not None:
            self._told[running] = told
        return self._told.get(running)  # the file goes with the work, the process a little later

    def left_of(self, running: Running, told: Progress | None, now: float) -> float | None:
        """Seconds that a job at work still takes: by its own pace, else by what was expected; None if unknown."""
        if told is not None and told.left is not None:
            return max(told.left - (now - told.time), 0.0)
        job = next((job for job in self._all if job.id == running.id), None)
        whole = self._pace().seconds(job) if job else None
        gone = now - running.begun
        return None if whole is None else max(whole - gone, gone * OVERDUE)

    def left(self, now: float) -> tuple[float, bool]:
        """Seconds until the run ends, and whether that is all: without it, some jobs' times are not known."""
        pace, waits = self._pace(), self._waiting()
        left = {job.id: pace.seconds(job) for job in waits}
        for name, running in self.running.items():
            if name in self._known:
                left[name] = self.left_of(running, self.progress(running), now)
        jobs = [job for job in self._all if job.id in left]
        at_work = [name for name in self.running if name in left]
        known = {name: seconds or 0.0 for name, seconds in left.items()}
        return seconds_left(jobs, known, at_work, *self._capacity), None not in left.values()

    def _waiting(self) -> list[Expected]:
        """Jobs that will still start."""
        if self.failed and not self._goes_on:
            return []
        blocked, found = set(self.failed), []
        for job in self._all:
            if blocked.intersection(job.after):
                blocked.add(job.id)
            elif job.id not in self.taken and job.id not in self.running and job.id not in blocked:
                found.append(job)
        return found

    def _pace(self) -> Pace:
        return Pace(self._all, self.taken)

    @functools.cached_property
    def _all(self) -> list[Expected]:
        seconds, makers = self._expected(), {job.out: job.id for job in self._jobs}
        return [
            Expected(
                job.id,
                seconds.get(job.id),
                tuple(makers[folder] for folder in job.inputs.values() if folder in makers),
                *((1, 0) if self._cluster else takes(job)),
            )
            for job in self._jobs
        ]


def takes(job: Job) -> tuple[int, int]:
    """Cores and cards of this machine that a job takes; a timing takes all cores."""
    threads = ALONE if job.step == "time" else getattr(job.settings, "threads", 1)
    return threads * job.processes, int(job.on_gpu) * job.processes


current: Run | None = None
"""The run of this process, for the logger of Snakemake."""


def begin(name: str, jobs: Sequence[Job], needed: set[str], capacity: tuple[int, int] | int, goes_on: bool) -> None:
    """Note that Snakemake begins to make the `needed` ones of a run's jobs, here or on a cluster (see `Run`)."""
    global current

    def asked() -> Mapping[str, float | None]:
        from pixelwise.claims import expected, limits  # a second, which a short run without a terminal saves

        return limits.expected(jobs) if isinstance(capacity, int) else expected.here(name, jobs)

    current = Run(name, [job for job in jobs if job.id in needed], asked, capacity, goes_on)
