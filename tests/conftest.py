"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The pipeline's tests, the longest, come first, so that two workers end at about the same time."""
    items.sort(key=lambda item: "pipeline" not in item.path.parts)


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder with copies of the public data sets; the test is skipped where there is none."""
    folder = Path(os.environ.get("PIXELWISE_MIRROR") or ROOT.parent / "shared" / "mirror")
    if not folder.is_dir():
        pytest.skip("needs the public data sets: set PIXELWISE_MIRROR to a folder that holds copies of them")
    return folder.resolve()


@pytest.fixture(scope="session")
def golden() -> Path:
    """Folder with the numbers of the official implementations."""
    return ROOT / "tests" / "golden"
