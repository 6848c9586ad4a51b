"""Pictures that a camera stored turned: photographs and label maps are read as every viewer shows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelwise.data import check, read_images
from pixelwise.data.decoding import header
from pixelwise.data.survey import look
from pixelwise.evaluation.apply.own_picture import UPRIGHT
from pixelwise.settings.data import Dataset
from tests.data.builders import custom

TURNED = "turned upright, as the EXIF orientation says"


def exif(orientation: int) -> Image.Exif:
    made = Image.Exif()
    made[274] = orientation
    return made


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", [".jpg", ".png", ".tif", ".webp"])
def test_a_photograph_is_read_upright(tmp_path: Path, ending: str, orientation: int) -> None:
    stored, path = np.random.default_rng(0).integers(0, 256, (10, 14, 3), dtype=np.uint8), tmp_path / f"a{ending}"
    Image.fromarray(stored).save(path, exif=exif(orientation), **({"lossless": True} if ending == ".webp" else {}))
    if ending == ".jpg":
        stored = np.asarray(Image.open(path))
    expected = UPRIGHT[orientation](stored)
    np.testing.assert_array_equal(np.asarray(read_images.read(path)), expected)
    assert (header(path).height, header(path).width) == expected.shape[:2]


@pytest.mark.parametrize("orientation", [3, 6, 8])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_label_map_is_read_upright(tmp_path: Path, orientation: int, kind: type[np.generic]) -> None:
    stored = np.random.default_rng(0).integers(0, 200, (10, 14)).astype(kind)
    for ending in (".png", ".tif"):
        Image.fromarray(stored).save(tmp_path / f"a{ending}", exif=exif(orientation))
        found = read_images.read_ids(tmp_path / f"a{ending}")
        np.testing.assert_array_equal(found, UPRIGHT[orientation](stored))


def phone(root: Path, orientation: int, turn: int) -> Path:
    """Label maps of 8x12 pixels and photographs that a telephone stored turned."""
    custom(root, [f"{number:02d}" for number in range(12)])
    for path in sorted((root / "images").iterdir()):
        photo = np.asarray(Image.open(path))
        path.unlink()
        Image.fromarray(np.rot90(photo, turn)).save(path.with_suffix(".jpg"), exif=exif(orientation))
    return root


@pytest.mark.parametrize(("orientation", "turn"), [(6, 1), (8, -1)])
def test_photographs_of_a_telephone_are_training_data(tmp_path: Path, orientation: int, turn: int) -> None:
    root = phone(tmp_path / "mine", orientation, turn)
    survey = look(root)
    assert not survey.left_out and sum(survey.counts.values()) == 12 and survey.sizes == {(8, 12): 12}
    assert f"12 photographs are {TURNED}." in survey.rule
    reports = check.check(Dataset(kind="custom", root=str(root), num_labels=4), root)
    counts = {split: report.count for split, report in reports.items()}
    assert not any(report.defects for report in reports.values()) and sum(counts.values()) == 12
    for split, report in reports.items():
        assert report.notes[-1] == f"{counts[split]} photograph{'s are' if counts[split] > 1 else ' is'} {TURNED}"
        assert report.sizes == {"8x12": counts[split]}


def test_a_label_map_that_was_drawn_on_the_turned_photograph_is_told(tmp_path: Path) -> None:
    root = phone(tmp_path / "mine", 6, 0)
    lines = check.check(Dataset(kind="custom", root=str(root), num_labels=4), root)["train"].defects
    assert lines and all("8x12 pixels (height x width); its image" in line for line in lines)
    assert all(line.endswith("has 12x8, turned upright") for line in lines)
