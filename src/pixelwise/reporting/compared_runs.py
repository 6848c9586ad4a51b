"""What `pixelwise compare` reads: records, settings and curves of one entry of a run, whether finished or kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pixelwise.artifacts import MANIFEST, read_manifest
from pixelwise.claims.evidence import Item, load_below
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import read_json
from pixelwise.planning.jobs import RECORDED
from pixelwise.reporting import curves, naming

RESULTS = Path("results")
SCORED = ("fid", "segmentation", "restoration", "latency")
"""Kinds of record that say how good or fast an entry is."""


@dataclass(frozen=True)
class Run:
    """A run's folder, with what is in it.

    Attributes:
        folder: Such as results/tiny or results/recorded/tiny.
        items: Its records of `SCORED`.
        trainings: Folder of each training job, by its id.
        left_out: One line for each file that is damaged or was changed.
    """

    folder: Path
    items: tuple[Item, ...]
    trainings: dict[str, Path]
    left_out: tuple[str, ...]

    @property
    def entries(self) -> list[str]:
        """Names of what was scored, or trained."""
        scored = {item.record.model for item in self.items if "/" not in item.record.model}
        return sorted(scored | {curves.parts(job)[1] for job in self.trainings})


@dataclass(frozen=True)
class Side:
    """One of the two things compared: an entry of a run."""

    run: Run
    entry: str

    @property
    def items(self) -> list[Item]:
        """Its records."""
        return [item for item in self.run.items if item.record.model == self.entry]

    @property
    def trainings(self) -> dict[str, Path]:
        """Its training jobs, one for each seed and data set."""
        return {job: path for job, path in self.run.trainings.items() if curves.parts(job)[1] == self.entry}

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.entry} of {self.run.folder}"


def read(folder: Path) -> Run:
    """Read a run.

    Args:
        folder: Its folder, or its name below results/.

    Raises:
        PixelwiseError: If there is none, or if nothing in it was scored or trained.
    """
    place = folder if folder.is_dir() else RESULTS / folder
    if not place.is_dir():
        there = [str(path.parent) for base in (RESULTS, RECORDED) for path in sorted(base.glob("*/summary"))]
        raise PixelwiseError(f"{folder}: no such folder; runs here are {', '.join(there) or 'none'}")
    items, left_out = load_below(place)
    jobs = {f"train/{path.parent.relative_to(place / 'train').as_posix()}": path.parent for path in _manifests(place)}
    found = Run(place, tuple(item for item in items if item.record.kind in SCORED), jobs, tuple(left_out))
    if not found.entries:
        raise PixelwiseError(f"{place}: nothing was scored or trained in it; a run such as {RECORDED}/tiny is needed")
    return found


def _manifests(folder: Path) -> list[Path]:
    """Manifests of finished training jobs, `train/<dataset>/<name>/seed<k>`."""
    return sorted((folder / "train").glob(f"*/*/seed*/{MANIFEST}"))


def pairs(first: Run, second: Run, entries: Sequence[str]) -> list[tuple[Side, Side]]:
    """What is compared with what.

    Args:
        first: Run A.
        second: Run B, which may be the same.
        entries: An entry of A and one of B; empty compares every network that both have with itself.

    Raises:
        PixelwiseError: If a run has no such entry, or if they have none in common.
    """
    if entries:
        for run, entry in zip((first, second), entries, strict=True):
            if entry not in run.entries:
                raise PixelwiseError(f"--entries: {entry!r} is not in {run.folder}; it has {', '.join(run.entries)}")
        return [(Side(first, entries[0]), Side(second, entries[1]))]
    common = [name for name in first.entries if name in second.entries and naming.learned(name)]
    if not common:
        both = f"{first.folder} has {', '.join(first.entries)}; {second.folder} has {', '.join(second.entries)}"
        raise PixelwiseError(f"no entry in common: {both}; name one of each by --entries")
    return [(Side(first, name), Side(second, name)) for name in common]


def settings(side: Side) -> dict[str, str]:
    """What an entry was made by: every setting of its training, or of converted weights, under its dotted name."""
    found: dict[str, str] = {}
    for path in side.trainings.values():
        found |= flat(read_manifest(path / MANIFEST)["job"].get("settings", {}))
        if (path / "training.json").is_file():
            made = read_json(path / "training.json")
            kept = {name: made.get(name) for name in ("dataset", "steps", "presentations", "parameters", "device")}
            found |= flat({name: value for name, value in kept.items() if value is not None})
    return found


def told(side: Side) -> dict[str, str]:
    """What the records of an entry say of the network, its recipe and the deviations from it."""
    subject = next((item.record.subject for item in side.items if item.record.subject is not None), None)
    if subject is None:
        return {}
    return flat(subject.model_dump(mode="json", exclude={"network", "training", "treatment", "method"}))


def flat(document: dict[str, Any], before: str = "") -> dict[str, str]:
    """Nested settings as one level of text.

    >>> flat({"options": {"width": 8}, "betas": [0, 1], "ema": None})
    {'options.width': '8', 'betas': '[0, 1]', 'ema': 'none'}
    """
    found: dict[str, str] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            found |= flat(value, f"{before}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            found[f"{before}{name}"] = "none" if value is None else text
    return found


def differing(first: Side, second: Side) -> list[tuple[str, str, str]]:
    """Settings that are not the same: name, value of A, value of B; a dash where there is no such setting."""
    kept = bool(first.trainings and second.trainings)
    a, b = ((settings if kept else told)(side) for side in (first, second))
    names = [name for name in dict.fromkeys([*a, *b]) if a.get(name) != b.get(name) and name != "seed"]
    return [(name, a.get(name, "-"), b.get(name, "-")) for name in names]


def training_curves(side: Side) -> pd.DataFrame:
    """The training curves of an entry: from its jobs, or from the summary of a run that keeps no `loss.csv`."""
    found = curves.gather(side.trainings)
    if found.empty and (side.run.folder / "summary" / "curves.csv").is_file():
        every = curves.read(side.run.folder / "summary")
        found = every[every["model"].eq(side.entry)]
    return found
