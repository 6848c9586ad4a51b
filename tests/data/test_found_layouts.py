"""Folders that nearly are a known layout: whose split counts, which file is what, and what is said of the rest."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from pixelwise.data import check, readers
from pixelwise.data.survey import Survey, dataset, look
from pixelwise.errors import PixelwiseError
from tests.data.builders import png
from tests.data.people import LAYOUTS, drawn, jpg


def written(root: Path, images: str, labels: str, count: int = 4, start: int = 0) -> None:
    """Pairs by two names, such as `train/images/{}.jpg`."""
    for number, (photo, ids) in enumerate(drawn(count), start):
        (jpg if images.endswith("jpg") else png)(root / images.format(f"{number:02d}"), photo)
        png(root / labels.format(f"{number:02d}"), ids)


def seen(root: Path) -> Survey:
    """What `data new` sees, of which `data check` finds nothing wrong."""
    survey = look(root)
    reports = check.check(dataset(survey, None), root)
    assert not [line for report in reports.values() for line in report.defects]
    assert {split: report.count for split, report in reports.items()} == survey.counts
    return survey


def names(root: Path, survey: Survey, split: str) -> set[str]:
    return {entry.image.name for entry in readers.listing(root, split, dataset(survey, None)).entries}


def folders(survey: Survey) -> set[str]:
    return {line.split(" in ")[1].split(" fit")[0] for line in survey.left if "no pattern" in line}


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("{split}/images/{{}}.jpg", "{split}/labels/{{}}.png"),
        ("{split}/img/{{}}.jpg", "{split}/masks/{{}}.png"),
        ("images/{split}/{{}}.jpg", "labels/{split}/{{}}.png"),
        ("images/{split}/{{}}.jpg", "annotations/{split}/{{}}.png"),
        ("img_dir/{split}/{{}}.jpg", "ann_dir/{split}/{{}}.png"),
        ("set/deeper/images/{split}/{{}}.jpg", "set/deeper/labels/{split}/{{}}.png"),
        ("{split}/{{}}.jpg", "{split}/{{}}_mask.png"),
        ("{split}/{{}}.jpg", "{split}/{{}}.png"),
    ],
)
@pytest.mark.parametrize("val", ["valid", "test", "val"])
def test_the_split_that_a_user_made_counts(tmp_path: Path, images: str, labels: str, val: str) -> None:
    for split, start in (("train", 0), (val, 10)):
        written(tmp_path, images.format(split=split), labels.format(split=split), 4, start)
    survey = seen(tmp_path)
    assert survey.counts == {"train": 4, "val": 4} and not folders(survey)
    assert names(tmp_path, survey, "train") == {f"{number:02d}.jpg" for number in range(4)}
    assert names(tmp_path, survey, "val") == {f"{number:02d}.jpg" for number in range(10, 14)}


@pytest.mark.parametrize("words", [("images", "labels"), ("photos", "masks")])
def test_a_folder_beside_the_split_is_told(tmp_path: Path, words: tuple[str, str]) -> None:
    for folder, start in (("train", 0), ("val", 10), ("extra", 20)):
        written(tmp_path, f"{words[0]}/{folder}/{{}}.jpg", f"{words[1]}/{folder}/{{}}.png", 4 + start, start)
    survey = seen(tmp_path)
    assert survey.counts == {"train": 4, "val": 14}
    assert folders(survey) == {f"{word}/extra/" for word in words}
    assert f"24 pictures in {words[0]}/extra/ fit no pattern" in survey.left


def test_a_folder_that_is_called_test_alone_is_no_split(tmp_path: Path) -> None:
    for folder in ("street", "test"):
        written(tmp_path, f"images/{folder}/{{}}.jpg", f"labels/{folder}/{{}}.png", 4)
    assert sum(seen(tmp_path).counts.values()) == 8


def test_the_larger_of_two_sets_is_taken_and_the_other_told(tmp_path: Path) -> None:
    written(tmp_path, "a/images/{}.jpg", "a/labels/{}.png", 2)
    written(tmp_path, "b/images/{}.jpg", "b/labels/{}.png", 5)
    survey = seen(tmp_path)
    assert sum(survey.counts.values()) == 5 and folders(survey) == {"a/images/", "a/labels/"}


@pytest.mark.parametrize("images", ["scans/{}.jpg", "{}.jpg", "base/deeper/{}.jpg"])
def test_equal_names_in_one_folder(tmp_path: Path, images: str) -> None:
    written(tmp_path, images, images.replace(".jpg", ".png"), 5)
    survey = seen(tmp_path)
    assert sum(survey.counts.values()) == 5
    assert survey.options["labels"].endswith("{stem}.png") and survey.options["images"].endswith("{stem}.jpg")


@pytest.mark.parametrize("level", ["", "train"])
def test_halves_given_one_level_too_deep(tmp_path: Path, level: str) -> None:
    root = LAYOUTS["side_by_side"](tmp_path / "pairs", list(drawn(12, 7, (90, 120), 30)))
    for split in ("val", "test"):
        shutil.rmtree(root / split)
    survey = seen(root / level)
    assert sum(survey.counts.values()) == 4 and survey.options["direction"] == "BtoA"


def test_label_maps_alone_are_no_halves(tmp_path: Path) -> None:
    for number, (_, ids) in enumerate(drawn(4, 4)):
        png(tmp_path / f"{number}.png", ids)
    with pytest.raises(PixelwiseError, match="no pairs by any known layout"):
        look(tmp_path)


def moved(root: Path, way: str) -> Path:
    """Cityscapes as its two archives leave it."""
    for folder in ("gtFine", "leftImg8bit"):
        target = {"beside": root / f"{folder}_trainvaltest", "deep": root / "downloads" / "city"}[way]
        target.mkdir(parents=True, exist_ok=True)
        shutil.move(root / folder, target / folder)
    return root


@pytest.mark.parametrize("way", ["beside", "deep"])
def test_cityscapes_as_its_archives_unpack(tmp_path: Path, way: str) -> None:
    survey = seen(moved(LAYOUTS["cityscapes"](tmp_path / "city", list(drawn(12, 12))), way))
    assert survey.counts == {"train": 8, "val": 4} and survey.layout.name == "Cityscapes"
    assert survey.options["palette"] == "Cityscapes" and survey.options["coded"] == "index"
    assert survey.options["labels"].endswith("_gtFine_labelIds.png")
    assert survey.options["instances"].endswith("_gtFine_instanceIds.png")


@pytest.mark.parametrize("order", [1, -1])
def test_ids_before_colours_before_instances(tmp_path: Path, order: int) -> None:
    ends = ("_a_instances", "_color", "_labelIds")
    for number, (photo, ids) in enumerate(drawn(5)):
        jpg(tmp_path / f"photos/{number:02d}.jpg", photo)
        for end in ends[::order]:
            png(tmp_path / f"gt/{number:02d}{end}.png", ids)
    survey = seen(tmp_path)
    assert survey.options["labels"] == "gt/**/{stem}_labelIds.png"
    assert survey.options["instances"] == "gt/**/{stem}_a_instances.png"


def other(name: str) -> Iterator[str]:
    yield name.upper()
    yield unicodedata.normalize("NFD", name)


@pytest.mark.parametrize("label", [*other("été_{}"), "Été_{}"])
def test_names_that_differ_in_case_or_in_the_form_of_accents(tmp_path: Path, label: str) -> None:
    written(tmp_path, "photos/été_{}.jpg", f"masks/{label}.png", 5)
    (tmp_path / "train.txt").write_text(f"{label.format('00')}\n{label.format('01')}\n", encoding="utf-8")
    survey = seen(tmp_path)
    assert survey.counts == {"train": 2, "val": 3}
    assert names(tmp_path, survey, "train") == {"été_00.jpg", "été_01.jpg"}


def test_two_that_differ_in_case_alone_are_not_guessed(tmp_path: Path) -> None:
    written(tmp_path, "images/{}.jpg", "labels/{}.png", 3)
    photo, ids = next(drawn(1))
    for path in ("images/a.jpg", "images/A.jpg"):
        jpg(tmp_path / path, photo)
    png(tmp_path / "labels/a.png", ids)
    survey = seen(tmp_path)
    assert sum(survey.counts.values()) == 4 and "1 photograph without a label map, left out: A.jpg" in survey.left


def test_a_few_label_maps_of_another_name_are_told(tmp_path: Path) -> None:
    written(tmp_path, "photos/{}.jpg", "masks/{}_mask.png", 5)
    png(tmp_path / "masks/new.png", next(drawn(1))[1])
    assert "1 picture in masks/ fits no pattern" in seen(tmp_path).left


def test_pictures_of_other_kinds_are_told(tmp_path: Path) -> None:
    written(tmp_path, "photos/{}.jpg", "masks/{}.png", 4)
    for name in ("photos/a.heic", "photos/b.HEIC", "masks/c.pdf", "d.gif"):
        (tmp_path / name).write_bytes(b"")
    told = [line for line in seen(tmp_path).left if " not read" in line]
    assert [line.split(";")[0] for line in told] == [
        "1 .pdf file is not read: c.pdf",
        "2 .heic files are not read: a.heic, b.HEIC",
    ]
    shutil.rmtree(tmp_path / "photos")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/00.heic").write_bytes(b"")
    with pytest.raises(
        PixelwiseError, match=r"masks/ \(4\); of formats that are not read: 1 .gif, 1 .pdf, 1 .heic; give"
    ):
        look(tmp_path)


@pytest.mark.parametrize("labels", ["{}/{{}}.png", "{}/{{}}_mask.png", "masks/{}/{{}}.png"])
def test_folders_whose_names_say_nothing(tmp_path: Path, labels: str) -> None:
    for folder in ("alley", "beach", "city"):
        written(tmp_path, f"{folder}/{{}}.jpg", labels.format(folder), 3)
    survey = seen(tmp_path)
    assert sum(survey.counts.values()) == 9 and not folders(survey)


@pytest.mark.parametrize("words", [("rgb", "masks"), ("images", "labels")])
def test_many_scenes_with_folders_of_their_own(tmp_path: Path, words: tuple[str, str]) -> None:
    for scene in range(14):
        written(tmp_path, f"s{scene}/{words[0]}/{{}}.jpg", f"s{scene}/{words[1]}/{{}}.png", 2)
    survey = seen(tmp_path)
    assert sum(survey.counts.values()) == 28 and not folders(survey)


def test_a_folder_inside_the_folder_of_label_maps(tmp_path: Path) -> None:
    written(tmp_path, "images/{}.jpg", "annotations/trimaps/{}.png", 5)
    assert sum(seen(tmp_path).counts.values()) == 5


@pytest.mark.parametrize("folders", [("images", "labels"), ("photos", "masks")])
def test_every_picture_in_two_formats(tmp_path: Path, folders: tuple[str, str]) -> None:
    for suffix in ("jpg", "png"):
        written(tmp_path, f"{folders[0]}/{{}}.{suffix}", f"{folders[1]}/{{}}.png", 5)
    for number, (photo, _) in enumerate(drawn(5)):
        jpg(tmp_path / folders[1] / f"{number:02d}.jpg", photo)
    survey = seen(tmp_path)
    assert sum(survey.counts.values()) == 5 and survey.options["coded"] == "index"
    assert survey.options["labels"].endswith(".png") and survey.options["images"].endswith(".jpg")
