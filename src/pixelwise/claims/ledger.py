"""The ledger: every recorded run and benchmark judged together, so that a claim is decided wherever it was decided."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pixelwise.artifacts import MANIFEST, read_json, read_manifest
from pixelwise.claims import judge
from pixelwise.claims.bench_pairs import as_timing
from pixelwise.claims.evidence import Item, load_below
from pixelwise.claims.findings import Run, Verdicts
from pixelwise.errors import PixelwiseError

NAME = "ledger"
"""What the ledger is called where a run is named."""
COMMIT = "commit.json"
"""File of a recorded run that says what was checked out when it was made; a benchmark's manifest says it itself."""
PLACES = {"recorded": "make reproduce PROFILE={name}", "bench": "make bench"}
"""Folder below `results` whose folders are judged -> the command that makes one of them again."""


def folders(results: Path) -> dict[str, Path]:
    """Name -> folder of every recorded run and benchmark: `recorded/tiny`, `bench/cpu`."""
    found = [path for place in PLACES for path in sorted((results / place).glob("*")) if path.is_dir()]
    return {path.relative_to(results).as_posix(): path for path in found if not path.name.startswith(".")}


def judged(results: Path) -> dict[str, Any]:
    """What `claims.json` holds, for all recorded runs and benchmarks together; nothing is written.

    Args:
        results: Folder that holds `recorded/` and `bench/`.

    Raises:
        PixelwiseError: If there is none of them.
    """
    runs, items, left_out = [], list[Item](), list[str]()
    for name, folder in folders(results).items():
        found, problems = load_below(folder)
        items += [replace(item, record=as_timing(item.record), run=name, file=f"{name}/{item.file}") for item in found]
        runs.append(_run(name, folder, found))
        left_out += problems
    if not items:
        raise PixelwiseError(f"{results}: no record of a run in recorded/ or bench/; 'make record' makes one")
    document = judge.judged(NAME, items, left_out) | {"runs": [run.model_dump() for run in runs]}
    return Verdicts.model_validate(document).model_dump(mode="json")


def _run(name: str, folder: Path, items: list[Item]) -> Run:
    place, _, short = name.partition("/")
    made = read_manifest(folder / MANIFEST)["job"] if (folder / MANIFEST).is_file() else {}
    known = {str(item.record.hardware.get("gpu") or item.record.hardware.get("cpu") or "") for item in items}
    return Run(
        name=name,
        commit=str(made.get("commit", "")) or commit_in(folder / COMMIT),
        command=str(made.get("command", "")) or PLACES[place].format(name=short),
        records=len(items),
        machines=sorted(known - {""}),
    )


def commit_in(path: Path) -> str:
    """The commit that a file holds; empty without the file."""
    document = read_json(path) if path.is_file() else {"commit": ""}
    if not isinstance(document, dict) or set(document) != {"commit"} or not isinstance(document["commit"], str):
        raise PixelwiseError(f"{path}: must hold the text 'commit' alone")
    return document["commit"]
