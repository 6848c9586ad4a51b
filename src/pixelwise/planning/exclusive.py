"""One process at a time works on a run: while Snakemake plans and runs it, nothing else writes, replaces or plans it.

Two locks are needed. Snakemake holds `work/<run>.lock` from before it plans until it ends, and the kernel releases it
however the process dies. DVC knows nothing of it, and hashes and replaces outputs before and after its stages: so while
jobs run, Snakemake also stands in DVC's list of who works on which paths, and looks there before it plans. Inside a
stage of DVC, DVC stands there itself.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import psutil

from pixelwise.artifacts import flock, stamp
from pixelwise.errors import PixelwiseError
from pixelwise.planning.jobs import Job
from pixelwise.planning.staleness import planned_for, prepare

PATIENCE = 30.0
"""Seconds to wait for another process that only plans, or for a short command of DVC."""


class Turn:
    """This process's turn on a run, from before it plans until it ends.

    Args:
        run: Name of the run.
        program: The command that takes the turn, as DVC's list names it.

    Attributes:
        busy: Who else is at work on the run; empty if this process may write.
    """

    def __init__(self, run: str, program: str = "snakemake") -> None:
        self.run, self.busy = run, ""
        self._listed = Listed(run, program)
        self._seen: dict[str, tuple[int, int, int] | None] = {}
        self._lock = os.open(_parent(Path("work", f"{run}.lock")), os.O_RDWR | os.O_CREAT, 0o666)
        if not _within(lambda: self._locked() or self._holder().endswith("runs")) or not self._locked():
            self.busy = f"process {self._holder()}"
        else:
            self._say("plans")
            self.busy = self._listed.others("write")

    def plan(self, jobs: Sequence[Job], changed: Collection[str] = ()) -> list[str]:
        """`staleness.prepare(jobs, changed)`; beside a process that works on the run nothing is written.

        Raises:
            PixelwiseError: If another process works on the run, and for other settings or sources.
        """
        if self.busy:
            if not all(map(planned_for, jobs)):
                raise PixelwiseError(f"{self._where()}; other settings or sources can be planned when that has ended")
            return []
        stale = prepare(jobs, changed)
        self._seen = {path: stamp(path) for job in jobs for path in (job.file, job.manifest)}
        return stale

    def start(self) -> None:
        """Keep DVC away from the run until this process ends, since jobs will now run.

        Raises:
            PixelwiseError: If another process works on the run, or has replaced its files since they were planned.
        """
        listed = self._listed
        if not self.busy:
            _within(lambda: bool(listed.others("write")) or not listed.others("read"))  # who only reads ends soon
            self.busy = listed.enter()
        if self.busy:
            self.refuse()
        atexit.register(listed.leave)
        self._say("runs")
        if changed := [path for path, state in self._seen.items() if stamp(path) != state]:
            listed.leave()
            raise PixelwiseError(f"{changed[0]}: replaced by another process after it was planned; start again")

    def refuse(self) -> NoReturn:
        """Say that another process works on the run.

        Raises:
            PixelwiseError: Always.
        """
        raise PixelwiseError(f"{self._where()}; start again when that has ended")

    def end(self) -> None:
        """Give up the turn; the end of the process does that too."""
        self._listed.leave()
        os.close(self._lock)

    def _where(self) -> str:
        return f"run '{self.run}' is being worked on by {self.busy}"

    def _locked(self) -> bool:
        return flock(self._lock, shared=False)

    def _holder(self) -> str:
        return os.pread(self._lock, 100, 0).decode(errors="replace").strip()

    def _say(self, does: str) -> None:
        os.pwrite(self._lock, f"{os.getpid()}, which {does}".ljust(60).encode(), 0)


class Listed:
    """A run's place in DVC's list of who works on which paths; inside a stage of DVC, or without DVC, there is none."""

    def __init__(self, run: str, program: str) -> None:
        self._paths = [str(Path(folder, run).absolute()) for folder in ("data", "results")]
        self._entry = {"pid": os.getpid(), "cmd": " ".join([program, *sys.argv[1:]])}
        inside = "DVC_STAGE" in os.environ and os.path.realpath(os.environ.get("DVC_ROOT", "")) == os.path.realpath(".")
        self._used = Path(".dvc").is_dir() and not inside

    def others(self, *kinds: str) -> str:
        """Which living process reads or writes the run by the list; empty if none does."""
        if not self._used:
            return ""
        with _dvc_list() as entries:
            return self._others(entries, kinds)

    def enter(self) -> str:
        """Stand in the list, so that DVC leaves the run alone, unless another process works on it: then say which."""
        if not self._used:
            return ""
        with _dvc_list() as entries:
            if not (other := self._others(entries, ("write", "read"))):
                entries.setdefault("write", {}).update(dict.fromkeys(self._paths, self._entry))
        return other

    def leave(self) -> None:
        """Stand in the list no more."""
        if self._used:
            with _dvc_list() as entries:
                writers = entries.get("write", {})
                entries["write"] = {path: who for path, who in writers.items() if who != self._entry}

    def _others(self, entries: dict[str, Any], kinds: Sequence[str]) -> str:
        for kind in kinds:
            for path, found in entries.get(kind, {}).items():
                for entry in found if isinstance(found, list) else [found]:
                    touches = any(
                        f"{path}/".startswith(f"{own}/") or f"{own}/".startswith(f"{path}/") for own in self._paths
                    )
                    if touches and entry != self._entry and psutil.pid_exists(entry["pid"]):
                        return f"process {entry['pid']} ({entry['cmd']})"
        return ""


@contextmanager
def _dvc_list() -> Iterator[dict[str, Any]]:
    """DVC's list, read and changed as DVC does it: below `.dvc/tmp`, under a lock that is held for an instant."""
    file = Path(".dvc/tmp/rwlock")
    guard = os.open(_parent(Path(".dvc/tmp/rwlock.lock")), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        try:
            before = file.read_text(encoding="utf-8") if file.exists() else "{}"
            entries = json.loads(before)
        except ValueError:
            raise PixelwiseError(f"{file}: not readable as JSON; remove it if no command of DVC runs") from None
        yield entries
        if (after := json.dumps(entries)) != json.dumps(json.loads(before)):
            file.write_text(after, encoding="utf-8")
    finally:
        os.close(guard)


def _parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _within(done: Callable[[], bool]) -> bool:
    """Whether something becomes true while there is patience."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
