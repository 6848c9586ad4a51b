"""The micro run as if it had been made, and packages that are not really there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pixelwise import artifacts
from pixelwise.planning import environment, graph
from pixelwise.planning.graph import Plan
from pixelwise.planning.jobs import Job, input_hash
from tests.pipeline.micro import PARAMS

TRAIN = "train/photos/dncnn/seed0"


def named(plan: Plan, name: str) -> Job:
    return next(job for job in plan.jobs if job.id == name)


def make(plan: Plan, older: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Outputs of every job; `older` says of a job in what its description was another one when it ran."""
    for job in plan.jobs:
        out = Path(job.out)
        artifacts.empty(out)
        for name in ("result.txt", *job.shows):
            (out / name).write_text(job.id)
        inputs = {folder: input_hash(job.kind, folder) for folder in job.inputs.values()}
        artifacts.write_manifest(out, {**job.description(), **(older or {}).get(job.id, {})}, inputs)


def plan(**values: Any) -> Plan:
    return graph.plan_of({**PARAMS, **values})


def forget() -> None:
    for cached in (environment._holders, environment._installed, environment._packages, environment.locked):
        cached.cache_clear()


def planting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Yields a function that installs a package in some version before all others; it holds nothing."""

    def install(name: str, version: str, *modules: str) -> None:
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "top_level.txt").write_text("\n".join(modules or [name]) + "\n")
        forget()

    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    forget()
    yield install
    monkeypatch.undo()
    forget()
