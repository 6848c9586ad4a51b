from __future__ import annotations

import json
import resource

import numpy as np
import pytest
from PIL import Image

from pixelwise.data import fetch, prepare
from pixelwise.data.kinds.cityscapes import ROOT
from pixelwise.data.pack import Pack, read_facts
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset, FetchSettings, PrepareSettings
from tests.data.builders import cityscapes, custom, png

PHOTO = "leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png"
LABEL = "gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png"
INSTANCE = "gtFine/train/aachen/aachen_000000_000019_gtFine_instanceIds.png"


def make(dataset, folder):
    """Run both steps; returns the folder of prepared data."""
    raw, out = folder / "raw", folder / "prepared"
    raw.mkdir(parents=True)
    out.mkdir()
    fetch.run(FetchSettings(name="set", dataset=dataset), {}, raw, folder)
    prepare.run(PrepareSettings(name="set", dataset=dataset), {"raw": raw}, out, folder)
    return out


@pytest.fixture
def city(tmp_path, monkeypatch):
    monkeypatch.delenv(ROOT, raising=False)
    return cityscapes(tmp_path / "official")


def settings(root, **changes):
    return Dataset(**{"kind": "cityscapes", "root": root and str(root), "height": 16, "width": 32} | changes)


def test_official_layout(city, tmp_path):
    out = make(settings(city), tmp_path)
    facts, pack = read_facts(out), Pack(out, "train")
    assert facts["task"] == "translation" and facts["has_instances"] and not facts["synthetic"]
    assert (facts["num_labels"], len(facts["eval_names"]), facts["channels"]) == (35, 19, 3)
    assert facts["splits"]["train"] == {"n": 3, "names": pack.names} and facts["splits"]["val"]["n"] == 2
    index = pack.names.index("aachen_000000_000019")
    photo = Image.open(city / PHOTO).resize((32, 16), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(pack.image(index), np.asarray(photo))
    for role, path in ((pack.label, LABEL), (pack.instance, INSTANCE)):
        nearest = np.asarray(Image.open(city / path)).astype(np.int64)[1::2, 1::2]
        np.testing.assert_array_equal(role(index), nearest)
    assert pack.instance(index).max() == 33_003


def test_environment_names_the_root_and_no_path_enters_the_outputs(city, tmp_path, monkeypatch):
    monkeypatch.setenv(ROOT, str(city))
    out = make(settings(None), tmp_path / "run")
    for path in (*out.iterdir(), *(tmp_path / "run/raw").iterdir()):
        assert str(tmp_path).encode() not in path.read_bytes()


def test_two_runs_give_the_same_bytes(city, tmp_path):
    first, second = (make(settings(city), tmp_path / name) for name in ("a", "b"))
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir()) and len(names) == 9
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def test_drawn_scenes_need_no_special_case(tmp_path):
    drawn = Dataset(kind="streets", height=32, width=64, train=2, val=1, seed=3)
    out = make(drawn, tmp_path)
    facts = read_facts(out)
    assert facts["synthetic"] and facts["num_labels"] == 35 and facts["has_instances"]
    assert Pack(out, "train").images.shape == (2, 32, 64, 3)


def damage(city, case):
    rng = np.random.default_rng(0)
    if case == "partner":
        (city / INSTANCE).unlink()
    elif case == "id":
        png(city / LABEL, np.full((32, 64), 77, np.uint8))
    elif case == "void id":
        png(city / LABEL, np.full((32, 64), 255, np.uint8))
    elif case == "size":
        png(city / LABEL, np.full((32, 63), 7, np.uint8))
    elif case == "unreadable":
        (city / PHOTO).write_bytes(b"not an image")
    elif case == "truncated":
        (city / PHOTO).write_bytes((city / PHOTO).read_bytes()[:400])
    elif case == "colour labels":
        png(city / LABEL, rng.integers(0, 256, (32, 64, 3), dtype=np.uint8))


CASES = {
    "partner": r"aachen_000000_000019_leftImg8bit\.png: no instance of the name aachen_000000_000019",
    "id": r"labelIds\.png: label id 77; allowed are 0 to 34",
    "void id": r"labelIds\.png: label id 255; allowed are 0 to 34",
    "size": r"labelIds\.png: 32x63 pixels \(height x width\); its image .* 32x64",
    "unreadable": r"leftImg8bit\.png: not a readable image",
    "truncated": r"leftImg8bit\.png: not a readable image",
    "colour labels": r"labelIds\.png: colour image; a map holds one id per pixel",
}


@pytest.mark.parametrize("case", CASES)
def test_defect_is_one_line_and_leaves_nothing(city, tmp_path, case):
    damage(city, case)
    with pytest.raises(PixelwiseError, match=CASES[case]) as error:
        make(settings(city), tmp_path)
    assert "\n" not in str(error.value)
    assert list((tmp_path / "prepared").iterdir()) == []


def test_files_changed_after_the_fetch_are_noticed(city, tmp_path):
    make(settings(city), tmp_path)
    again = PrepareSettings(name="set", dataset=settings(city))
    png(city / PHOTO, np.zeros((32, 64, 3), np.uint8))
    with pytest.raises(PixelwiseError, match=r"leftImg8bit\.png: sha256 .* fetch the data again"):
        prepare.run(again, {"raw": tmp_path / "raw"}, tmp_path / "prepared", tmp_path)


def test_files_added_after_the_fetch_are_noticed(city, tmp_path):
    make(settings(city, train=2), tmp_path)
    again = PrepareSettings(name="set", dataset=settings(city, train=3))
    with pytest.raises(PixelwiseError, match="not there when the data were fetched"):
        prepare.run(again, {"raw": tmp_path / "raw"}, tmp_path / "prepared", tmp_path)


def test_full_disk_leaves_nothing(city, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    try:
        with pytest.raises(OSError, match=r"File too large"):
            make(settings(city), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "prepared").iterdir()) == []


def test_custom_pairs_with_dontcare_and_without_instances(tmp_path):
    root = custom(tmp_path / "own", ["a/1", "a/2", "b/1"], labels=3)
    png(root / "labels/a/1.png", np.full((8, 12), 255, np.uint8))
    plain = Dataset(kind="custom", root=str(root), num_labels=3, val=1)
    with pytest.raises(PixelwiseError, match="label id 255; allowed are 0 to 2"):
        make(plain, tmp_path / "plain")
    out = make(plain.model_copy(update={"dontcare": True}), tmp_path / "run")
    facts, pack = read_facts(out), Pack(out, "train")
    assert facts["num_labels"] == 4 and facts["eval_map"] == [0, 1, 2, 255] and not facts["has_instances"]
    assert facts["dontcare"]
    assert pack.names == ["a_1", "a_2"] and pack.instances is None and (pack.label(0) == 3).all()


def test_deblurring_pairs(tmp_path):
    for split in ("train", "test"):
        for folder, value in (("sharp", 200), ("blur", 100)):
            png(tmp_path / "gopro" / split / "G" / folder / "1.png", np.full((6, 8, 3), value, np.uint8))
    out = make(Dataset(kind="gopro", root=str(tmp_path / "gopro"), height=3, width=4), tmp_path / "run")
    facts, pack = read_facts(out), Pack(out, "train")
    assert facts["task"] == "restoration" and facts["has_blurred"] and facts["num_labels"] == 0
    assert (pack.image(0) == 200).all() and (pack.blurred(0) == 100).all() and pack.image(0).shape == (3, 4, 3)


def test_photos_keep_their_size(tmp_path):
    out = make(Dataset(kind="photos"), tmp_path)
    facts = read_facts(out)
    assert facts["task"] == "restoration" and facts["channels"] == 1 and facts["height"] is None
    assert json.loads((out / "val.json").read_text())["names"] == Pack(out, "val").names
