"""Pictures of each label's mean colour: the floor that a generator has to pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelwise.artifacts import read_json, write_json
from pixelwise.data.pack import Item, Pack, write_pack
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import mean_colour
from pixelwise.evaluation.compared_pictures import generated
from pixelwise.settings.evaluation import GenerateSettings
from tests.evaluation.conftest import scene


def data(folder: Path, train: list[tuple[np.ndarray, np.ndarray]], val: list[tuple[np.ndarray, np.ndarray]]) -> Path:
    for split, pairs in (("train", train), ("val", val)):
        write_pack(folder, split, [Item(f"{split}_{i}", image, label) for i, (label, image) in enumerate(pairs)])
    write_json(folder / "dataset.json", {"kind": "test", "synthetic": False, "num_labels": 5})
    return folder


def made(data: Path, out: Path, **settings) -> Path:
    out.mkdir()
    mean_colour.run(GenerateSettings(name="mean_colour", dataset="scenes", **settings), {"data": data}, out, out)
    return out


def test_each_pixel_has_the_mean_colour_of_its_label_in_the_training_photographs(tmp_path):
    train, val = [scene(i, 32, 64) for i in range(3)], [scene(9, 48, 16)]
    out = made(data(tmp_path, train, val), tmp_path / "out")
    labels, images = np.stack([label for label, _ in train]), np.stack([image for _, image in train])
    picture = np.asarray(Image.open(out / "images" / "val_0.png"))
    for label in range(5):
        expected = images[labels == label].mean(axis=0)
        assert (np.abs(picture[val[0][0] == label] - expected) <= 0.5).all()


def test_a_label_that_no_training_photograph_has_gets_the_mean_of_all(tmp_path):
    train = [(np.zeros((4, 4), np.uint8), np.full((4, 4, 3), value, np.uint8)) for value in (10, 30)]
    out = made(data(tmp_path, train, [(np.full((4, 6), 255, np.uint8), np.zeros((4, 6, 3), np.uint8))]), tmp_path / "o")
    assert (np.asarray(Image.open(out / "images" / "val_0.png")) == 20).all()


def test_scores_read_them_as_a_method_without_weights(tmp_path):
    folder = data(tmp_path, [scene(i, 32, 64) for i in range(2)], [scene(i, 32, 64) for i in range(5, 9)])
    out = made(folder, tmp_path / "out", limit=3)
    found = generated(out, Pack(folder, "val"), None)
    assert len(found) == 3 and found.weights_sha256 is None
    assert found.run is not None and (found.run.method, found.run.architecture) == ("mean_colour", None)
    assert read_json(out / "generation.json")["n"] == 3


def test_photographs_without_label_maps_are_refused(tmp_path):
    for split in ("train", "val"):
        write_pack(tmp_path, split, [Item("a", np.zeros((4, 4, 3), np.uint8))])
    write_json(tmp_path / "dataset.json", {"kind": "test", "synthetic": False})
    with pytest.raises(PixelwiseError, match="no label maps in split train"):
        made(tmp_path, tmp_path / "out")
