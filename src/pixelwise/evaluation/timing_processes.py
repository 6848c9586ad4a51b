"""The processes of a timing, one after the other: each measures the whole group, with its own share of the calls.

Within a process times follow one another: its memory's layout and the machine's state are what they are. Another
process has others, so that the spread between processes is what a ratio of times is uncertain by.
"""

from __future__ import annotations

from pathlib import Path

from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import fresh_process
from pixelwise.evaluation.timed_conditions import Part, measure
from pixelwise.settings.evaluation import TimeSettings
from pixelwise.terminal import progress


def parts(settings: TimeSettings, work: Path) -> list[Part]:
    """What every process of a timing measured; a single one is this process itself.

    Args:
        settings: Of the whole timing.
        work: Holds a folder for each process; what was timed before an error is kept there.

    Raises:
        PixelwiseError: If a process fails, or they ran on different machines.
    """
    found: list[Part] = []
    for place in range(settings.processes):
        folder = work / f"process-{place}"
        folder.mkdir(parents=True, exist_ok=True)
        if settings.processes > 1:
            progress.tell(place, settings.processes, "processes")
        arguments = share(settings, place), folder, place == 0
        if settings.processes == 1:
            found.append(measure(*arguments))
        else:
            name = f"{settings.name}: process {place + 1} of the timing"
            found.append(fresh_process.call(name, measure, *arguments))
        if found[place].machine != found[0].machine:
            raise PixelwiseError(
                f"{settings.name}: process {place + 1} ran on {found[place].machine}, the first on {found[0].machine}; "
                "times of different machines are not put together"
            )
    return found


def share(settings: TimeSettings, place: int) -> TimeSettings:
    """The settings of one process: its share of the calls, and weights, inputs and orders of its own."""
    calls = -(-settings.calls // settings.processes)
    return settings.model_copy(update={"calls": calls, "processes": 1, "seed": settings.seed + place})
