"""The run log: one JSON line for every end of a job that any subcommand ran."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field

from pixelwise.files import listings
from pixelwise.settings.base import Settings
from pixelwise.settings.base import Text as Word


class LogLine(Settings):
    """One line. Lines of earlier versions lack the processor's seconds, or the settings.

    Attributes:
        seconds: From the start to the end of this attempt.
        cpu_seconds: Of all its threads and children.
        settings: Digest of what decides how long it takes (`planning.jobs.effort`).
    """

    job: Word = ""
    kind: Word = ""
    out: Word
    status: Literal["done", "failed"]
    seconds: float = Field(ge=0, le=1e9)
    cpu_seconds: float | None = Field(default=None, ge=0, le=1e12)
    settings: Word = ""


def read(path: Path) -> tuple[list[LogLine], list[str]]:
    """The lines of a log, none if there is no log; and one line of text for each that is none of the log.

    Raises:
        PixelwiseError: If the file is not readable as text.
    """
    return listings.log(path, LogLine, "the run log") if path.is_file() else ([], [])


def finished(lines: Iterable[LogLine]) -> list[list[LogLine]]:
    """The attempts of each job that ended well, the last of which is its end.

    Those before it failed with the same settings: it went on from them if it is of a kind that goes on.
    """
    attempts: dict[tuple[str, str], list[LogLine]] = {}
    found = []
    for line in lines:
        name = line.out, line.settings
        attempts.setdefault(name, []).append(line)
        if line.status == "done":
            found.append(attempts.pop(name))
    return found
