"""Several processes of one training: started as `torchrun` starts them, ended together, and heard with one voice.

The process that was asked for the job holds its locks and leases its cards; the others compute. Each is started as
`python -m pixelwise.planning.processes JOB STEP STATE`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

import psutil

from pixelwise import net
from pixelwise.artifacts import write_json
from pixelwise.errors import PixelwiseError
from pixelwise.planning import paths
from pixelwise.settings.base import Settings
from pixelwise.terminal import progress

FOLDER = "processes"
"""Below the folder of resume state: what the processes but the first print, and how they failed."""
_DIES_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux' prctl."""


def start(file: Path, step: str, state: Path, count: int, settings: Settings) -> None:
    """Run a training in several processes, and wait for them.

    Args:
        file: Its job file.
        step: Its step.
        state: Folder of its resume state.
        count: How many processes.
        settings: Its settings.

    Raises:
        PixelwiseError: If there are fewer cards than processes, or with the line of the process that failed first.
    """
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, Std
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    from pixelwise.cards.selecting import reserve

    notes = state / FOLDER
    if (cards := reserve(getattr(settings, "device", "cpu"), count)) is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = cards
    shutil.rmtree(notes, ignore_errors=True)
    notes.mkdir()
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id="training",
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",
        local_addr="127.0.0.1",
        max_restarts=0,
        signals_to_handle="SIGQUIT",  # all others are passed on, and no process is killed while it saves
        logs_specs=DefaultLogsSpecs(log_dir=str(notes), redirects=dict.fromkeys(range(1, count), Std.ALL)),
    )
    for name in [name for name in logging.root.manager.loggerDict if name.startswith("torch.distributed.elastic")]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what fails is told in one line below
    with _signals_passed_on():
        try:
            elastic_launch(config, sys.executable)("-m", __name__, str(file), step, str(state))
        except ChildFailedError as error:
            ended = {rank + 1: failure.exitcode for rank, failure in error.failures.items()}
            raise PixelwiseError(_why(file, ended, count, _first(notes))) from None


@contextlib.contextmanager
def _signals_passed_on() -> Iterator[None]:
    """Let the processes save their state and end by themselves; before they are there, a signal does what it did."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        if not (children := psutil.Process().children()) and callable(old := before[signal.Signals(number)]):
            old(number, frame)
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.send_signal(number)

    before = {number: signal.getsignal(number) for number in net.SIGNALS}
    for number in net.SIGNALS:
        signal.signal(number, pass_on)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _why(file: Path, ended: Mapping[int, int], count: int, told: str) -> str:
    """One line for processes that failed together.

    Where a signal such as the kernel's for want of memory ended one, the others lose it and complain of that. But where
    one failed by itself, the others get SIGTERM from the one that started them, maybe while they end.

    Args:
        file: The job file.
        ended: Status of each process that failed, by its number from 1; below zero for a signal.
        count: How many processes there were.
        told: The line of the process that failed first; empty if none left one.
    """
    signals = {number: signal.Signals(-code) for number, code in sorted(ended.items()) if code < 0}
    for number, sent in signals.items():
        if not (told and sent is signal.SIGTERM):
            return f"{file}: process {number} of {count} was ended by {sent.name}"
    return told or f"{file}: its processes ended with status {max(ended.values())}"


def _first(notes: Path) -> str:
    """The line of the process that failed first: the others fail because it does."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in notes.glob("failed*.json")]
    told = sorted((note["time"], note["line"]) for note in found if note["line"])
    return str(told[0][1]) if told else ""


def _compute(file: Path, step: str, state: Path) -> int:
    """What one of the processes does; the first tells how far they are.

    A failure is noted for the process that started it, which alone tells it.
    """
    from pixelwise.planning import execute

    try:
        job, settings = execute.load(file, step)
        places = paths.checked(file, step, job["id"], job["out"], job["inputs"])
        first = progress.of_job(Path(places.work), Path(places.shown), keep=True)
        with first if os.environ["RANK"] == "0" else contextlib.nullcontext():
            execute.compute(file, job, settings, state)
    except BaseException as error:
        status, line = net.told(error, default=str(file))
        note = {"time": time.time(), "line": line}
        write_json(state / FOLDER / f"failed{os.environ['RANK']}.json", note)
        return status
    return 0


def main() -> None:
    """Be one of the processes; none outlives the one that started it, which holds the job's lock."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, int(signal.SIGKILL))
    file, step, state = sys.argv[1:]
    net.run(lambda: _compute(Path(file), step, Path(state)))


if __name__ == "__main__":
    main()
