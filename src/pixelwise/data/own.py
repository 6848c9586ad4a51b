"""The user's own files, read where they lie: a change after `fetch` or `weights` is noticed while planning.

The output of a job lists what it read (`files.csv`, `source.json`). When a file was last hashed, and what it was then,
is noted in `work/<output>/seen.json`: a file whose size and times are still those is not read again.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pixelwise.artifacts import read_json, sha256, write_text
from pixelwise.data import roots
from pixelwise.errors import PixelwiseError
from pixelwise.planning.jobs import Job
from pixelwise.settings.data import Dataset, FetchSettings, WeightsSettings
from pixelwise.terminal.screen import say

FILES = "files.csv"
SOURCE = "source.json"
SEEN = "seen.json"
EVERY = 30.0
"""Seconds of hashing that a kill may lose."""


class Seen:
    """Hashes of files, each taken again only where size, modification or change time differ.

    Args:
        folder: Where they are noted.
    """

    def __init__(self, folder: Path) -> None:
        self.note, self.changed, self.saved = folder / SEEN, False, time.monotonic()
        try:
            known = read_json(self.note)
        except PixelwiseError:  # not there, or damaged: every file is hashed
            known = {}
        self.known: dict[str, list[object]] = known if isinstance(known, dict) else {}

    def sha256(self, path: Path) -> str:
        """SHA-256 of a file."""
        facts = os.stat(path)
        now = [facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns]
        noted = self.known.get(str(path))
        if isinstance(noted, list) and noted[:-1] == now:
            return str(noted[-1])
        self.known[str(path)] = [*now, sha256(path)]
        self.changed = True
        if time.monotonic() > self.saved + EVERY:
            self.save()
        return str(self.known[str(path)][-1])

    def save(self) -> None:
        """Write the notes, if there is something new."""
        if self.changed:
            write_text(self.note, json.dumps(self.known, sort_keys=True))
            self.changed, self.saved = False, time.monotonic()


def listed(root: Path, dataset: Dataset, tell: Callable[[str], None] = lambda _: None) -> Iterator[Path]:
    """The user's files that a data set's settings ask for, both splits in order; `tell` is given what was left out.

    Raises:
        PixelwiseError: If a partner is missing or there are too few.
    """
    from pixelwise.data.readers import SPLITS, besides, listing, select

    yield from besides(root, dataset)
    for split in SPLITS:
        found = select(listing(root, split, dataset), root, split, dataset).sound()
        for line in found.notes:
            tell(line)
        yield from (path for entry in found.entries for path in entry.files.values())


def _present(job: Job) -> dict[str, str] | None:
    """Path, as the list of the job's output has it, and SHA-256 of each of the user's files; None if he has none here.

    Raises:
        PixelwiseError: If they make no data set any more.
        OSError: If a file can't be read.
    """
    settings, seen = job.settings, Seen(Path("work") / job.out)
    if isinstance(settings, FetchSettings):
        try:
            root = roots.locate(settings.dataset)
        except PixelwiseError:
            return None
        found = {path.relative_to(root).as_posix(): path for path in listed(root, settings.dataset)}
    else:
        assert isinstance(settings, WeightsSettings) and settings.file is not None
        found = {settings.file: Path(settings.file)}
        if not found[settings.file].is_file():
            return None
    hashes = {name: seen.sha256(path) for name, path in found.items()}
    seen.save()
    return hashes


def _fetched(job: Job) -> dict[str, str] | None:
    """What the job's output lists, as `_present`; None if it lists nothing."""
    try:
        if isinstance(job.settings, WeightsSettings):
            return {str(job.settings.file): str(read_json(Path(job.out) / SOURCE)["sha256"])}
        with open(Path(job.out) / FILES, encoding="utf-8", newline="") as stream:
            return {row["path"]: row["sha256"] for row in csv.DictReader(stream)}
    except (PixelwiseError, OSError, ValueError, KeyError, TypeError):
        return None


def _reads_own(job: Job) -> bool:
    if isinstance(job.settings, FetchSettings):
        return roots.brought(job.settings.dataset) is not None
    return isinstance(job.settings, WeightsSettings) and job.settings.file is not None


def changed(jobs: Iterable[Job]) -> dict[str, str]:
    """Those jobs whose output lists other files of the user than are there now, with a line that names the first.

    Where the user's files are not here at all, such as in a clone that got its data by `dvc pull`, the output stands.
    """
    found = {}
    for job in filter(_reads_own, jobs):
        if (fetched := _fetched(job)) is None:
            continue
        try:
            present = _present(job)
        except (PixelwiseError, OSError) as error:
            found[job.id] = f"{job.id}: {error}"
            continue
        if present is not None and present != fetched:
            first = min(name for name in {**present, **fetched} if present.get(name) != fetched.get(name))
            what = "is new" if first not in fetched else "is gone" if first not in present else "has changed"
            found[job.id] = f"{job.id}: {first} {what} since it was fetched"
    return found


def noticed(jobs: Iterable[Job]) -> set[str]:
    """Ids of the jobs that `changed` gives, after a line on standard error for each."""
    found = changed(jobs)
    for line in found.values():
        say(f"pixelwise: {line}")
    return set(found)


def digest(jobs: Iterable[Job]) -> dict[str, dict[str, str] | str]:
    """What DVC compares, since it plans without Snakemake: for each job that reads the user's files, their hashes."""
    found: dict[str, dict[str, str] | str] = {}
    for job in filter(_reads_own, jobs):
        try:
            found[job.id] = _present(job) or "not here"
        except (PixelwiseError, OSError) as error:
            found[job.id] = str(error)
    return found
