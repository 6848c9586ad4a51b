"""How far a job is, for whoever watches it: `work/<output>/progress.json`, written at most once a second.

It changes no result, belongs to no job's validity, and is gone when the job ends. Without a job there is no file, and
whatever is told goes nowhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

FILE = "progress.json"
SECONDS_BETWEEN = 1.0
Item = TypeVar("Item")


@dataclass(frozen=True)
class Progress:
    """What a job last told.

    Attributes:
        done: What is done of `of`, in `unit` (steps, images, conditions, bytes).
        values: The latest means of its losses, by name.
        rate: Per second, in `rate_unit`; 0 if not known yet.
        left: Seconds that remain at the pace so far; None if not known yet.
        time: When it was told, in seconds since 1970.
    """

    done: float
    of: float
    unit: str
    values: Mapping[str, float] = field(default_factory=dict)
    rate: float = 0.0
    rate_unit: str = ""
    left: float | None = None
    time: float = 0.0


class _Place:
    """Where the running job tells how far it is, and since when it counts."""

    def __init__(self, file: Path, pictures: Path) -> None:
        self.file, self.pictures = file, pictures
        self.counted: tuple[str, float] | None = None
        self.whole = False
        self.first, self.begun, self.last, self.written = 0.0, 0.0, 0.0, 0.0


_place: _Place | None = None


@contextlib.contextmanager
def of_job(work: Path, pictures: Path, keep: bool = False) -> Iterator[None]:
    """Let a job tell how far it is in `work/progress.json`.

    Args:
        work: Folder of the job.
        pictures: Where it may show what it learns.
        keep: Whether the file stays at the end, for the process that started this one to remove.
    """
    global _place
    before, _place = _place, _Place(work / FILE, pictures)
    try:
        yield
    finally:
        if not keep:
            with contextlib.suppress(OSError):
                (work / FILE).unlink(missing_ok=True)
        _place = before


def pictures() -> Path | None:
    """Folder in `logs/` for what the running job shows on its way, which stays when it ends; None without a job."""
    return None if _place is None else _place.pictures


def tell(
    done: float,
    of: float,
    unit: str,
    values: Mapping[str, float] | None = None,
    *,
    each: int = 1,
    rate_unit: str = "",
    part: bool = False,
) -> None:
    """Say that `done` of `of` are done; the first call for a unit is where its pace is counted from.

    Args:
        done: What is done.
        of: What there is to do.
        unit: Steps, images, conditions, bytes.
        values: Losses to show.
        each: Examples in each of `unit`, for the rate.
        rate_unit: What the rate counts, if not `unit`.
        part: Whether that is a part of the job, whose pace says nothing of its end. It is not told where the whole is.
    """
    place, now = _place, time.time()
    if place is None or (part and place.whole):
        return
    if place.counted != (unit, of) or done < place.last:
        place.counted, place.first, place.begun, place.written = (unit, of), done, now, 0.0
    place.whole, place.last = not part, done
    if now - place.written < SECONDS_BETWEEN and done < of:
        return
    place.written = now
    pace = (done - place.first) / (now - place.begun) if now > place.begun and done > place.first else 0.0
    left = (of - done) / pace if pace and not part else None
    told = Progress(done, of, unit, dict(values or {}), pace * each, rate_unit or unit, left, now)
    _write(place.file, told)


def through(items: Sequence[Item], unit: str) -> Iterator[Item]:
    """The items one after the other; tells how many of them are done."""
    for number, item in enumerate(items):
        tell(number, len(items), unit)
        yield item


class Counter:
    """Counts what a job does, one after the other.

    Args:
        of: How many there are to do.
        unit: What is counted.
    """

    def __init__(self, of: int, unit: str) -> None:
        self.of, self.unit, self.done = of, unit, 0
        tell(0, of, unit)

    def one(self) -> None:
        """One more is done."""
        self.done += 1
        tell(self.done, self.of, self.unit)


def _write(file: Path, told: Progress) -> None:
    """Replace the file; a full disk is no reason to stop a job for."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        try:
            beside.write_text(json.dumps(asdict(told)), encoding="utf-8")
            os.replace(beside, file)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


def read(file: Path, since: float = 0.0) -> Progress | None:
    """What a job told; None if it told nothing since then, or if the file is none of ours."""
    try:
        document = json.loads(file.read_bytes())
        told = Progress(**document)
        numbers = [told.done, told.of, told.rate, told.time, *told.values.values(), *filter(None, [told.left])]
        known = all(isinstance(number, int | float) for number in numbers) and isinstance(told.unit, str)
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return told if known and told.time >= since else None
