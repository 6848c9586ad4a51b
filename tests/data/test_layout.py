"""Finding images below a folder, and taking so many of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelwise.data.layout import Entry, Listing
from pixelwise.data.readers import select
from pixelwise.data.walking import images_below
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset


def test_linked_folders_are_followed(tmp_path: Path) -> None:
    for city in ("elsewhere", "root/near"):
        (tmp_path / city).mkdir(parents=True)
        (tmp_path / city / "a.png").touch()
    (tmp_path / "root/far").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "root/near/.b.png").touch()
    (tmp_path / "root/near/c.txt").touch()
    found = [path.relative_to(tmp_path).as_posix() for path in images_below(tmp_path / "root", ".png").paths]
    assert found == ["root/far/a.png", "root/near/a.png"]


def test_a_bound_takes_what_is_there_and_a_number_demands_it(tmp_path: Path) -> None:
    listing = Listing([Entry(name, tmp_path / name) for name in "abc"], [])
    bound = Dataset(kind="cityscapes", train=6, at_most=True)
    assert len(select(listing, tmp_path, "train", bound).entries) == 3
    with pytest.raises(PixelwiseError, match="train asks for 6"):
        select(listing, tmp_path, "train", bound.model_copy(update={"at_most": False}))
