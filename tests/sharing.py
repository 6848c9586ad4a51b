"""What the first worker to ask makes and all workers use; copies of the package that need not be compiled again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from pixelwise.planning.code import KNOWN, PACKAGE

READ = """
from pathlib import Path
from pixelwise.planning import code, graph
for name in ("tiny", "street", "paper"):
    for job in graph.plan(Path({params!r}), name).jobs:
        job.description()
code.keep()
"""


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder of this test run that `make` fills, whichever worker comes first; the others wait for it."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, made = base / name, base / f"{name}.made"
    with FileLock(base / f"{name}.lock"):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


def package(folder: Path) -> Path:
    """A copy of the package as `folder`, with the byte code of its files, whose times are as before."""
    return Path(shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("*.pyc.*")))


def know_sources(factory: pytest.TempPathFactory, folder: Path) -> None:
    """Give a folder in which commands will run what planning keeps about sources, so that they parse only new ones."""

    def make(place: Path) -> None:
        program = READ.format(params=str(PACKAGE.parents[1] / "params.yaml"))
        subprocess.run([sys.executable, "-c", program], cwd=place, check=True)

    known = made_once(factory, "sources", make) / KNOWN
    (folder / KNOWN).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(known, folder / KNOWN)
