from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixelwise.data import cityscapes_layout as reader
from pixelwise.data import readers, roots
from pixelwise.data.examples import Entry
from pixelwise.data.kinds.cityscapes import LOGIN, ROOT
from pixelwise.data.layout import natural
from pixelwise.data.splitting import by_hash
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset
from tests.data.builders import cityscapes, custom, png

# fyu/drn, datasets/cityscapes/prepare_data.py: id -> trainId of the 19 classes, all others void.
TRAIN_IDS = {7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9, 23: 10, 24: 11, 25: 12, 26: 13}
TRAIN_IDS |= {27: 14, 28: 15, 31: 16, 32: 17, 33: 18}
ORDER = ["road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation"]
ORDER += ["terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"]
CITY = Dataset(kind="cityscapes", height=16, width=32)


def names(found):
    return [entry.name for entry in found.entries]


def test_natural_order_sorts_numbers_by_value():
    assert sorted(["img10", "img9", "img2b", "img2", "a100"], key=natural) == ["a100", "img2", "img2b", "img9", "img10"]


def test_cityscapes_table_is_the_publishers():
    table = reader.labels(CITY)
    assert len(table.names) == len(table.palette) == len(table.eval_map) == 35
    assert {number: target for number, target in enumerate(table.eval_map) if target != 255} == TRAIN_IDS
    assert list(table.eval_names) == ORDER
    assert table.names[7] == "road" and table.palette[7] == (128, 64, 128) and table.allowed == "0 to 34"


def test_cityscapes_pairs_by_city_sequence_and_frame(tmp_path):
    root = cityscapes(tmp_path, train=4)
    found = readers.listing(root, "train", CITY)
    assert names(found) == [
        "aachen_000000_000019",
        "aachen_000002_000021",
        "ulm_000001_000020",
        "ulm_000003_000022",
    ]
    assert not found.defects
    for entry in found.entries:
        assert all(path.name.startswith(entry.name) for path in entry.files.values()) and len(entry.files) == 3


def test_cityscapes_missing_partners_are_all_named(tmp_path):
    root = cityscapes(tmp_path, train=4)
    (root / "gtFine/train/ulm/ulm_000001_000020_gtFine_labelIds.png").unlink()
    (root / "leftImg8bit/train/aachen/aachen_000002_000021_leftImg8bit.png").unlink()
    found = readers.listing(root, "train", CITY)
    assert len(found.entries) == 2 and len(found.defects) == 2
    assert "aachen_000002_000021_gtFine_labelIds.png: no image" in found.defects[0]
    assert "ulm_000001_000020_leftImg8bit.png: no label" in found.defects[1]


def test_same_key_twice_is_a_defect(tmp_path):
    root = cityscapes(tmp_path)
    png(root / "leftImg8bit/train/other/aachen_000000_000019_leftImg8bit.png", np.zeros((2, 2, 3), np.uint8))
    assert any("same name" in line for line in readers.listing(root, "train", CITY).defects)


def test_limits_take_the_first_and_refuse_more_than_there_are(tmp_path):
    root = cityscapes(tmp_path, train=4)
    for limit, count in ((None, 4), (2, 2), (0, 0)):
        dataset = CITY.model_copy(update={"train": limit})
        found = readers.select(readers.listing(root, "train", dataset), root, "train", dataset)
        assert names(found) == names(readers.listing(root, "train", dataset))[:count]
    dataset = CITY.model_copy(update={"train": 5})
    with pytest.raises(PixelwiseError, match="4 train examples of cityscapes; train asks for 5"):
        readers.select(readers.listing(root, "train", dataset), root, "train", dataset)


def test_custom_folders_per_split(tmp_path):
    custom(tmp_path, ["a/x10", "a/x9", "b/x1"], "train_")
    custom(tmp_path, ["v"], "val_")
    dataset = Dataset(kind="custom", root=str(tmp_path), num_labels=4)
    found = readers.listing(tmp_path, "train", dataset)
    assert names(found) == ["a_x9", "a_x10", "b_x1"] and found.entries[0].instance is None
    assert names(readers.listing(tmp_path, "val", dataset)) == ["v"]


def test_custom_single_folders_split_off_the_last(tmp_path):
    custom(tmp_path, [f"s{i}" for i in range(12)])
    png(tmp_path / "instances" / "s0.png", np.zeros((8, 12), np.uint16))
    dataset = Dataset(kind="custom", root=str(tmp_path), num_labels=4, val=2)
    found = readers.listing(tmp_path, "train", dataset)
    assert len(found.defects) == 11 and "no instance of the name s1" in found.defects[0]
    for i in range(1, 12):
        png(tmp_path / "instances" / f"s{i}.png", np.zeros((8, 12), np.uint16))
    assert names(readers.listing(tmp_path, "train", dataset)) == [f"s{i}" for i in range(10)]
    assert names(readers.listing(tmp_path, "val", dataset)) == ["s10", "s11"]
    hashed = dataset.model_copy(update={"val": None})
    train, val = (names(readers.listing(tmp_path, split, hashed)) for split in ("train", "val"))
    assert len(train) + len(val) == 12 and not set(train) & set(val) and val
    with pytest.raises(PixelwiseError, match="val: 12; of its 12 pairs some must be left to train on"):
        readers.listing(tmp_path, "val", dataset.model_copy(update={"val": 12}))


def test_custom_pictures_of_a_kind_that_is_not_read(tmp_path):
    custom(tmp_path, ["a", "b"])
    for name in ("images/c.gif", "labels/c.gif", "images/notes.txt", "images/.d.gif"):
        (tmp_path / name).write_bytes(b"")
    found = readers.listing(tmp_path, "train", Dataset(kind="custom", root=str(tmp_path), num_labels=4, val=1))
    assert names(found) == ["a"] and not found.defects
    assert [line for line in found.notes if line.startswith("2 .gif files are not read: c.gif, c.gif; .png, .jpg")]


def test_custom_without_either_layout(tmp_path):
    with pytest.raises(PixelwiseError, match="no pictures inside"):
        readers.listing(tmp_path, "train", Dataset(kind="custom", root=str(tmp_path), num_labels=4))


def test_custom_labels_with_dontcare():
    table = readers.label_table(Dataset(kind="custom", root=".", num_labels=3, dontcare=True))
    assert table is not None and table.eval_map == (0, 1, 2, 255) and table.allowed == "0 to 2 and 255"
    assert len(set(table.palette)) == 4


def test_gopro_pairs_of_sharp_and_blurred(tmp_path):
    for split, sequence in (("train", "GOPR1"), ("train", "GOPR2"), ("test", "GOPR3")):
        for folder in ("sharp", "blur", "blur_gamma"):
            png(tmp_path / split / sequence / folder / "000001.png", np.zeros((4, 4, 3), np.uint8))
    dataset = Dataset(kind="gopro", root=str(tmp_path))
    found = readers.listing(tmp_path, "train", dataset)
    assert names(found) == ["GOPR1_000001", "GOPR2_000001"] and not found.defects
    assert found.entries[0].image.parent.name == "sharp" and found.entries[0].blurred.parent.name == "blur"
    assert names(readers.listing(tmp_path, "val", dataset)) == ["GOPR3_000001"]


def test_facades_thirteen_ids_and_the_last_for_validation(tmp_path):
    for number in range(1, 101):
        png(tmp_path / "base" / f"cmp_b{number:04d}.png", np.ones((4, 4), np.uint8))
        png(tmp_path / "base" / f"cmp_b{number:04d}.jpg", np.ones((4, 4, 3), np.uint8))
    dataset = Dataset(kind="facades")
    assert len(readers.listing(tmp_path, "train", dataset).entries) == 22
    assert names(readers.listing(tmp_path, "val", dataset))[-1] == "cmp_b0100"
    table = readers.label_table(dataset)
    assert table is not None and len(table.names) == 13 and table.eval_map[0] == 255 and len(table.eval_names) == 12


@pytest.fixture
def no_cityscapes(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in (ROOT, *LOGIN):
        monkeypatch.delenv(name, raising=False)


def test_preflight_says_how_to_get_cityscapes(no_cityscapes, monkeypatch, tmp_path):
    dataset = Dataset(kind="cityscapes")
    with pytest.raises(PixelwiseError, match=r"set CITYSCAPES_ROOT .*register.*csDownload"):
        roots.preflight(dataset)
    for name in LOGIN:
        monkeypatch.setenv(name, "x")
    roots.preflight(dataset)
    monkeypatch.setenv(ROOT, str(tmp_path / "nowhere"))
    with pytest.raises(PixelwiseError, match="no such folder"):
        roots.preflight(dataset)
    monkeypatch.setenv(ROOT, str(tmp_path))
    with pytest.raises(PixelwiseError, match=r"no leftImg8bit/train/ inside"):
        roots.preflight(dataset)
    cityscapes(tmp_path)
    roots.preflight(dataset)
    roots.preflight(Dataset(kind="camvid"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "camvid", "heigth": 3}, "heigth"),
        ({"kind": "camvid", "height": 3}, "given together"),
        ({"kind": "streets", "height": 3, "width": 3}, "streets needs"),
        ({"kind": "custom", "num_labels": 3}, "custom needs root"),
        ({"kind": "custom", "root": "."}, "custom needs num_labels"),
        ({"kind": "camvids"}, "camvid"),
    ],
)
def test_wrong_settings(values, message):
    with pytest.raises(ValueError, match=message):
        Dataset(**values)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 18, 101])
def test_a_fifth_validates_however_few_there_are(count):
    entries = [Entry(f"IMG_{number:04d}", Path("a.jpg"), Path("a.png")) for number in range(count)]
    parts = by_hash(entries)
    assert len(parts["val"]) == (max(1, round(count / 5)) if count > 1 else 0)
    assert [entry.name for entry in parts["val"]] == sorted(entry.name for entry in by_hash(entries[::-1])["val"])
    assert {entry.name for found in parts.values() for entry in found} == {entry.name for entry in entries}
