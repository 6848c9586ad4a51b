"""What is known to go wrong before the first job: files that do not pair or open, trainings that do not fit."""

from __future__ import annotations

from collections.abc import Iterator, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset, FetchSettings
from pixelwise.settings.fit import Misfit, Size, problem
from pixelwise.settings.training_base import TrainingSettings

if TYPE_CHECKING:
    from pixelwise.planning.graph import Plan
    from pixelwise.planning.origins import Origins
    from pixelwise.settings.profile import Profile


def said(misfit: Misfit, origins: Origins, entry: str, dataset: str) -> str:
    """A misfit in words, with the place of the key to change; of one that nobody wrote, where it belongs."""
    path = ("datasets", dataset) if misfit.of_data else ("train", entry)
    if origins.written(*path, misfit.key):
        return f"params.yaml: {origins.place(*path, misfit.key)}: {misfit.value}; {misfit.why}"
    place = f"params.yaml: {origins.place(*path)}"
    if misfit.of_data:
        return f"{place}: set height and width; {misfit.why}"
    return f"{place}: set {misfit.key}, which is {misfit.value} where nothing is said; {misfit.why}"


class Run(Protocol):
    """What is looked at of a planned run."""

    @property
    def profile(self) -> Profile:
        """The profile."""

    @property
    def origins(self) -> Origins | None:
        """Where its values stand."""

    def of(self, *steps: str) -> list[Any]:
        """The jobs of these steps."""


def misfits(run: Run, name: str, count: int | None, sizes: set[Size]) -> Iterator[str]:
    """What trainings on one data set would refuse, now that its files have been looked at."""
    if run.origins is None:
        return
    for job in (job for job in run.of("train") if isinstance(job.settings, TrainingSettings)):
        _, data, entry, _ = job.id.split("/")
        if data == name and (misfit := problem(job.settings, run.profile.datasets[name], count, sizes)):
            yield said(misfit, run.origins, entry, name)


def check(run: Plan, stale: Set[str]) -> None:
    """Look at the user's own files, as far as they are here, for data sets of which a job is to run.

    Raises:
        PixelwiseError: With the first thing that would stop the run, and how many more there are.
    """
    found = list(dict.fromkeys(problems(run, stale)))
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise PixelwiseError(found[0] + more)


def problems(run: Plan, stale: Set[str]) -> Iterator[str]:
    """One line for each thing that would stop the run, of data sets that are read from the user's folders."""
    from pixelwise.data import roots

    for job in run.of("fetch"):
        if not isinstance(job.settings, FetchSettings):
            continue
        name, dataset = job.settings.name, job.settings.dataset
        trainings = {other.id for other in run.of("train") if other.id.split("/")[1] == name}
        if roots.brought(dataset) is None or not stale & {job.id, f"prepare/{name}", *trainings}:
            continue
        try:
            root = roots.locate(dataset)
        except PixelwiseError:  # `graph.preflight` says so
            continue
        yield from _looked(run, name, dataset, root)


def _looked(run: Plan, name: str, dataset: Dataset, root: Path) -> Iterator[str]:
    from pixelwise.data.check_example import headers, sizes_of
    from pixelwise.data.readers import SPLITS, label_table, listing, select

    try:
        table = label_table(dataset)
        splits = {split: select(listing(root, split, dataset), root, split, dataset) for split in SPLITS}
    except PixelwiseError as error:
        yield str(error)
        return
    entries = [entry for found in splits.values() for entry in found.entries]
    yield from (line for found in splits.values() for line in found.defects)
    yield from (line for entry in entries for line in headers(entry))
    if table is not None:
        yield from (f"{root}: no {split} pairs" for split, found in splits.items() if not found.entries)
    yield from misfits(run, name, len(splits["train"].entries), sizes_of(entries, dataset))
