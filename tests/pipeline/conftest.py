"""The finished micro run, and clones of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.micro import Clone, fresh


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone in which `snakemake all`, then `dvc repro`, have run; tests work on copies of it."""
    clone = fresh(tmp_path_factory.mktemp("done") / "clone")
    clone.snakemake("all")
    clone.run("dvc", "repro")
    clone.commit("ran")
    return clone


@pytest.fixture
def clone(done: Clone, tmp_path: Path) -> Clone:
    """A copy of the finished clone."""
    return done.copy(tmp_path / "clone")


@pytest.fixture
def new_clone(tmp_path: Path) -> Callable[[str], Clone]:
    """Makes clones in which nothing has run."""
    return lambda name: fresh(tmp_path / name)
