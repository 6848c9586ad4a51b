"""Photographs inside scikit-image, and seeded noise."""

from __future__ import annotations

import numpy as np
import pytest
import skimage
from PIL import Image
from skimage import data

from pixelwise.artifacts import sha256
from pixelwise.data import installed_photographs as photos
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import evaluation_noise


def test_split_is_fixed_gray_and_of_moderate_size(tmp_path):
    photos.write(tmp_path / "a")
    photos.write(tmp_path / "b")
    names = {split: sorted(p.name for p in (tmp_path / "a" / split).iterdir()) for split in ("train", "val")}
    assert len(names["train"]) == len(photos.TRAIN) and len(names["val"]) == 5
    assert not set(names["train"]) & set(names["val"])
    for path in sorted((tmp_path / "a").rglob("*.png")):
        assert sha256(path) == sha256(tmp_path / "b" / path.relative_to(tmp_path / "a"))
        with Image.open(path) as image:
            side = photos.VAL_SIDE if path.parent.name == "val" else photos.TRAIN_SIDE
            assert image.mode == "L" and max(image.size) <= side and min(image.size) >= 172


def test_luma_is_the_stated_formula(tmp_path):
    photos.write(tmp_path)
    colour = data.astronaut()[128:384, 128:384].astype(float)
    expected = colour @ np.array([0.299, 0.587, 0.114])
    found = np.asarray(Image.open(tmp_path / "val" / "astronaut.png"))
    assert np.abs(found - expected).max() <= 0.51
    assert np.array_equal(np.asarray(Image.open(tmp_path / "val" / "camera.png")), data.camera()[128:384, 128:384])


def test_missing_pictures_are_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(photos, "VAL", ("nothing.png",))
    with pytest.raises(PixelwiseError, match=r"nothing\.png.*needs the pictures inside scikit-image"):
        photos.write(tmp_path)
    assert skimage.__version__


def test_noise_is_the_published_protocols():
    np.random.seed(0)
    expected = np.random.normal(0, 25 / 255.0, (5, 7))
    assert np.array_equal(evaluation_noise.gaussian((5, 7), 25), expected)
    image = np.full((64, 64), 250, np.uint8)
    noisy = evaluation_noise.add_noise(image, 25)
    assert noisy.dtype == np.float32 and noisy.max() > 1  # not clipped
    assert np.array_equal(noisy, evaluation_noise.add_noise(image, 25))
    assert not np.array_equal(noisy, evaluation_noise.add_noise(image, 25, seed=1))
    assert np.allclose(noisy - image / 255, evaluation_noise.gaussian((64, 64), 25), atol=1e-6)
