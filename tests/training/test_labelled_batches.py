"""Batches of labelled photographs and random views of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pixelwise.data.pack import Pack
from pixelwise.errors import PixelwiseError
from pixelwise.training.labelled_batches import LabelledImages
from pixelwise.training.machine import Machine
from pixelwise.training.views import VOID, affine, view

HERE = Machine(torch.device("cpu"))


def test_pairs_are_mirrored_together(translation_data: Path) -> None:
    images, pack = LabelledImages(translation_data, HERE), Pack(translation_data, "train")
    planes, ids, pictures = images.pairs(torch.tensor([2, 5]), torch.tensor([False, True]), instance_edge=True)
    assert planes.shape == (2, 6, 32, 64) and pictures.shape == (2, 3, 32, 64)
    for row, number in enumerate((2, 5)):
        label, image = pack.label(number), pack.image(number)
        assert label is not None
        if row:
            label, image = label[:, ::-1], image[:, ::-1]
        assert np.array_equal(planes[row, :5].argmax(0).numpy(), label) and np.array_equal(ids[row].numpy(), label)
        assert np.array_equal(((pictures[row] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy(), image)
    assert 0 < planes[:, 5].mean() < 0.7
    assert images.pairs(torch.tensor([0]), torch.tensor([True]), instance_edge=False)[0].shape == (1, 5, 32, 64)


def test_values_are_those_of_the_official_loader(translation_data: Path) -> None:
    images = LabelledImages(translation_data, HERE)
    pictures = images.pictures(torch.tensor([0]), torch.tensor([False]))
    raw = torch.from_numpy(np.array(Pack(translation_data, "train").image(0))).permute(2, 0, 1)[None]
    assert torch.allclose(pictures, (raw / 255.0 - 0.5) / 0.5, atol=1e-6)


def test_limit(translation_data: Path, photo_data: Path) -> None:
    assert len(LabelledImages(translation_data, HERE, 4)) == 4
    with pytest.raises(PixelwiseError, match="images: 99"):
        LabelledImages(translation_data, HERE, 99)


def test_whole_view_is_the_photograph(translation_data: Path) -> None:
    images = LabelledImages(translation_data, HERE)
    index, mirrored = torch.arange(3), torch.zeros(3, dtype=torch.bool)
    pictures, labels = images.pictures(index, mirrored), images.labels(index, mirrored)
    maps = affine(3, (32, 64), (32, 64), None, 0.0, (0, 0))
    seen, classes = view(pictures, labels, maps, (32, 64))
    assert torch.allclose(seen, pictures, atol=1e-5) and torch.equal(classes, labels.long())


def test_crops_lie_on_whole_pixels_inside_and_agree(translation_data: Path) -> None:
    images = LabelledImages(translation_data, HERE)
    index, mirrored = torch.arange(9), torch.zeros(9, dtype=torch.bool)
    pictures, labels = images.pictures(index, mirrored), images.labels(index, mirrored)
    seen, classes = view(pictures, labels, affine(9, (32, 64), (20, 20), None, 0.0, (0, 1)), (20, 20))
    places = set()
    for i in range(9):
        found = [
            (y, x)
            for y in range(13)
            for x in range(45)
            if torch.allclose(seen[i], pictures[i, :, y : y + 20, x : x + 20], atol=1e-4)
        ]
        assert len(found) == 1
        (y, x) = found[0]
        assert torch.equal(classes[i], labels[i, y : y + 20, x : x + 20].long())
        places.add((y, x))
    assert len(places) > 5


def test_enlarged_and_turned_views_are_void_outside() -> None:
    pictures, labels = torch.ones(64, 3, 16, 16), torch.ones(64, 16, 16, dtype=torch.uint8)
    seen, classes = view(pictures, labels, affine(64, (16, 16), (16, 16), (0.5, 2.0), 45.0, (0,)), (16, 16))
    assert set(classes.unique().tolist()) == {1, VOID}
    assert (seen[:, 0][classes == 1] > 0.4).all() and (seen[:, 0][classes == VOID] < 0.6).all()
    maps = affine(1000, (16, 16), (16, 16), (0.5, 2.0), 10.0, (1,))
    zoom = 1 / maps[:, :, :2].det().sqrt()
    angle = torch.rad2deg(torch.atan2(maps[:, 0, 1], maps[:, 0, 0]))
    assert 0.5 <= zoom.min() < 0.55 and 1.95 < zoom.max() <= 2.0 and 9 < angle.abs().max() <= 10.01
