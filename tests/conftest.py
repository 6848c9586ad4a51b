"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Read once, before any test changes the environment.
MIRROR = Path(os.environ.get("PIXELWISE_MIRROR") or ROOT.parent / "shared" / "mirror")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whole folders as slow; files with slow tests come first, so that the workers end together.

    The very first is one that makes a run of its own: the other worker makes the run that all others copy meanwhile.
    """
    pipeline, fuzz = ROOT / "tests" / "pipeline", ROOT / "tests" / "fuzz"
    for item in items:
        if item.path.is_relative_to(pipeline) or item.path.is_relative_to(fuzz):
            item.add_marker(pytest.mark.slow)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    first = pipeline / "test_sequences.py"
    items.sort(key=lambda item: (item.path not in slow, not item.path.is_relative_to(pipeline), item.path != first))


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder with copies of the public data sets; the test is skipped where there is none."""
    if not MIRROR.is_dir():
        pytest.skip("needs the public data sets: set PIXELWISE_MIRROR to a folder that holds copies of them")
    return MIRROR.resolve()


@pytest.fixture(scope="session")
def golden() -> Path:
    """Folder with the numbers of the official implementations."""
    return ROOT / "tests" / "golden"
