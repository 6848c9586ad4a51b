"""The finished micro run, and clones of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

from tests.pipeline.micro import Clone, fresh


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone in which `snakemake all`, then `dvc repro`, have run; made once for all workers, which copy it."""
    workers = os.environ.get("PYTEST_XDIST_WORKER") is not None
    shared = tmp_path_factory.getbasetemp().parent if workers else tmp_path_factory.getbasetemp()
    made = shared / "done"
    with FileLock(shared / "done.lock"):
        if not made.exists():
            clone = fresh(tmp_path_factory.mktemp("making") / "clone")
            clone.snakemake("all")
            clone.run("dvc", "repro")
            clone.commit("ran")
            clone.folder.rename(made)
    return Clone(made)


@pytest.fixture(scope="session")
def by_dvc(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone in which `dvc repro` alone has run."""
    clone = fresh(tmp_path_factory.mktemp("by_dvc") / "clone")
    clone.run("dvc", "repro")
    return clone


@pytest.fixture
def clone(done: Clone, tmp_path: Path) -> Clone:
    """A copy of the finished clone."""
    return done.copy(tmp_path / "clone")
