"""The finished micro run, and clones of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipeline.forks import Server
from tests.pipeline.micro import Clone, fresh
from tests.pseudo_terminal import recorded
from tests.sharing import made_once


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Starts the commands of this worker's clones."""
    made = Server(tmp_path_factory.mktemp("server") / "server")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Clone:
    """A clone in which `snakemake all`, then `make push`, have run; made once for all workers, which copy it.

    What a process from nothing trains is compared with it where Snakemake is killed (`test_versions`).
    """

    def make(folder: Path) -> None:
        clone = fresh(folder / "clone", server)
        with recorded() as terminal:
            given = {"cwd": clone.folder, "errors": terminal.handle, "TERM": "xterm"}
            status, output = server.start("snakemake", "--cores", "2", "all", **given).wait()
        terminal.save(folder / "terminal.json")
        assert status == 0, output
        clone.run("dvc", "remote", "add", "-d", "shelf", str(folder / "remote"))
        clone.make("push")
        clone.commit("ran")

    return Clone(made_once(tmp_path_factory, "done", make) / "clone", server)


@pytest.fixture(scope="session")
def by_dvc(tmp_path_factory: pytest.TempPathFactory, done: Clone) -> Clone:
    """A clone with data and trained models alone, of which DVC knows nothing, in which `dvc repro` has then run."""
    clone = done.copy(tmp_path_factory.mktemp("by_dvc") / "clone")
    (clone.folder / "dvc.lock").unlink()
    results = clone.folder / "results/micro"
    made = [folder for folder in results.iterdir() if folder.name not in ("jobs", "train")]
    for folder in (clone.folder / ".dvc/cache", *made):
        shutil.rmtree(folder)
    clone.run("dvc", "repro")
    return clone


@pytest.fixture
def clone(done: Clone, tmp_path: Path) -> Clone:
    """A copy of the finished clone."""
    return done.copy(tmp_path / "clone")


@pytest.fixture
def new_clone(tmp_path: Path, server: Server) -> Callable[[str], Clone]:
    """Makes clones in which nothing has run."""
    return lambda name: fresh(tmp_path / name, server)
