"""The processes of a timing, one after the other: each measures the whole group, with its own share of the calls.

Within a process times follow one another: its memory's layout and the machine's state are what they are. Another
process has others, so that the spread between processes is what a ratio of times is uncertain by.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing import connection
from pathlib import Path

from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.timed_conditions import Part, measure
from pixelwise.settings.evaluation import TimeSettings


def parts(settings: TimeSettings, work: Path) -> list[Part]:
    """What every process of a timing measured; a single one is this process itself.

    Args:
        settings: Of the whole timing.
        work: Holds a folder for each process.

    Raises:
        PixelwiseError: If a process fails, or they ran on different machines.
    """
    found = []
    for place in range(settings.processes):
        folder = work / f"process-{place}"
        folder.mkdir(parents=True, exist_ok=True)
        own = share(settings, place)
        found.append(_started(own, folder, place) if settings.processes > 1 else measure(own, folder))
        if found[place].machine != found[0].machine:
            raise PixelwiseError(
                f"{settings.name}: process {place + 1} ran on {found[place].machine}, the first on {found[0].machine}; "
                "times of different machines are not put together"
            )
    return found


def share(settings: TimeSettings, place: int) -> TimeSettings:
    """The settings of one process: its share of the calls, and orders of its own."""
    calls = -(-settings.calls // settings.processes)
    return settings.model_copy(update={"calls": calls, "processes": 1, "seed": settings.seed + place})


def _started(settings: TimeSettings, folder: Path, place: int) -> Part:
    """What a new process measures, in which nothing of this one is left."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(settings, folder, place == 0, theirs))
    process.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        process.join()
        raise PixelwiseError(
            f"{settings.name}: process {place + 1} of the timing ended by itself (exit status {process.exitcode}); "
            "what was timed before is kept: run again to go on"
        ) from None
    finally:
        process.kill()
        process.join()
        ours.close()
    if isinstance(answer, Exception):
        raise answer
    assert isinstance(answer, Part)
    return answer


def _measure(settings: TimeSettings, folder: Path, memory: bool, answer: connection.Connection) -> None:
    """Measure and answer; ends with the process that started this one, whatever ended that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()
    try:
        answer.send(measure(settings, folder, memory))
    except (PixelwiseError, MemoryError, RuntimeError) as error:
        answer.send(error)
    except Exception as error:
        answer.send(RuntimeError(f"{type(error).__name__}: {error}"))


def _follow(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
