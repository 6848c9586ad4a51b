"""Drawn street scenes: format, determinism, agreement of labels, instances and pictures."""

from __future__ import annotations

import time

import numpy as np
import pytest
from cityscapesscripts.helpers.labels import labels
from PIL import Image

from pixelwise.artifacts import sha256
from pixelwise.data.scenery import canvas as c
from pixelwise.data.scenery import drawing as streets
from pixelwise.errors import PixelwiseError

WITH_INSTANCES = {label.id for label in labels if label.hasInstances and label.id >= 0}


def scenes(n, height=64, width=128):
    return [streets.scene(np.random.default_rng([7, i]), height, width, i) for i in range(n)]


def test_files_have_the_official_layout_and_bit_depths(tmp_path):
    streets.draw(tmp_path, 4, 2, 64, 128, 0)
    images = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*_leftImg8bit.png"))
    assert len(images) == 6
    assert images[0] == "leftImg8bit/train/drawnburg/drawnburg_000000_000019_leftImg8bit.png"
    for name in images:
        stem = name.replace("leftImg8bit/", "gtFine/", 1).removesuffix("_leftImg8bit.png")
        with (
            Image.open(tmp_path / name) as image,
            Image.open(tmp_path / f"{stem}_gtFine_labelIds.png") as label,
            Image.open(tmp_path / f"{stem}_gtFine_instanceIds.png") as instance,
        ):
            assert (image.mode, label.mode, instance.mode) == ("RGB", "L", "I;16")
            assert image.size == label.size == instance.size == (128, 64)
    assert len(list(tmp_path.rglob("*.png"))) == 18


def test_bytes_depend_on_the_seed_alone(tmp_path):
    for folder, train, seed in (("a", 2, 3), ("b", 3, 3), ("c", 2, 4)):
        streets.draw(tmp_path / folder, train, 1, 48, 96, seed)
    files = {
        folder: {p.relative_to(tmp_path / folder): sha256(p) for p in sorted((tmp_path / folder).rglob("*.png"))}
        for folder in "abc"
    }
    assert files["a"].items() <= files["b"].items()
    assert not set(files["a"].values()) & set(files["c"].values())


def test_instance_ids_follow_the_official_rule():
    for _, label, instance in scenes(12):
        counted = instance >= 1000
        assert np.array_equal(np.where(counted, instance // 1000, instance), label)
        assert set(np.unique(label[counted])) <= WITH_INSTANCES
        assert not set(np.unique(label[~counted])) & WITH_INSTANCES


def test_scenes_hold_the_classes_of_a_street():
    seen = np.zeros(256, int)
    for _, label, _ in scenes(40):
        assert label.max() <= 33
        seen += np.bincount(label.ravel(), minlength=256) > 0
    # own bonnet, borders, road, pavement, building, pole, sign, vegetation, sky, car
    always = (1, 2, 3, 7, 8, 11, 17, 20, 21, 23, 26)
    assert all(seen[k] >= 32 for k in always), {k: seen[k] for k in always}
    often = {4, 5, 9, 12, 13, 19, 22, 24, 25, 27, 28, 32, 33}
    assert all(seen[k] >= 4 for k in often), {k: seen[k] for k in often}


def test_perspective_puts_sky_above_and_road_below_the_horizon():
    for _, label, _ in scenes(8):
        assert not (label[40:] == 23).any()
        assert not (label[:24] == 7).any()
        assert (label[44:56] == 7).mean() > 0.2


def test_classes_differ_in_colour_or_texture():
    """A nearest-mean classifier on colour and local contrast beats chance by far, so a segmenter can learn."""
    features, targets = [], []
    for image, label, _ in scenes(16):
        x = image.astype(float)
        contrast = np.abs(x - np.roll(x, 1, 1)).mean(2) + np.abs(x - np.roll(x, 1, 0)).mean(2)
        features.append(np.dstack([x, contrast]).reshape(-1, 4))
        targets.append(label.ravel())
    half = len(features) // 2
    train, test = np.concatenate(features[:half]), np.concatenate(features[half:])
    y, truth = np.concatenate(targets[:half]), np.concatenate(targets[half:])
    classes = (7, 11, 21, 23)
    means = np.stack([train[y == k].mean(0) / train.std(0) for k in classes])
    kept = np.isin(truth, classes)
    guess = np.argmin(((test[kept][:, None] / train.std(0) - means) ** 2).sum(2), axis=1)
    assert (np.asarray(classes)[guess] == truth[kept]).mean() > 0.6


def test_nearer_surfaces_hide_farther_ones_and_surfaces_are_clipped_at_the_camera():
    canvas = c.Canvas(c.Camera(40, 80, 60.0, 40.0, 20.0, 1.3), (0.0, 1.0, 0.0))
    canvas.paint([(-9, 0, -5), (9, 0, -5), (9, 0, 50), (-9, 0, 50)], c.Surface(7, (0.3, 0.3, 0.3)))
    canvas.paint([(-1, 0, 10), (1, 0, 10), (1, 2, 10), (-1, 2, 10)], c.Surface(26, (0.3, 0.3, 0.3)))
    canvas.paint([(-1, 0, 12), (1, 0, 12), (1, 2, 12)], c.Surface(11, (0, 0, 0)), outward=(0.0, 0.0, 1.0))
    numbers = canvas.numbers()
    assert numbers[39, 40] == 1 and numbers[22, 40] == 2 and numbers[5, 40] == 0
    assert len(canvas.surfaces) == 3  # the back face was left out


def test_speed():
    streets.scene(np.random.default_rng(0), 128, 256)
    start = time.process_time()
    for i in range(10):
        streets.scene(np.random.default_rng(i), 128, 256)
    assert (time.process_time() - start) / 10 < 0.2, "200 scenes of 128x256 should take about ten seconds on one core"


@pytest.mark.parametrize(("train", "height"), [(-1, 64), (1, 8)])
def test_impossible_requests_are_refused(tmp_path, train, height):
    with pytest.raises(PixelwiseError, match="streets:"):
        streets.draw(tmp_path, train, 0, height, 128, 0)


def test_a_killed_run_draws_only_what_is_missing(tmp_path, monkeypatch):
    streets.draw(tmp_path, 3, 1, 32, 64, 0)
    files = sorted(tmp_path.rglob("*.png"))
    before = {path: path.read_bytes() for path in files}
    lost = next(path for path in files if path.name == "drawnstadt_000001_000019_gtFine_labelIds.png")
    lost.unlink()
    drawn = []
    real = streets.scene
    monkeypatch.setattr(streets, "scene", lambda *arguments: drawn.append(arguments) or real(*arguments))
    streets.draw(tmp_path, 3, 1, 32, 64, 0)
    assert len(drawn) == 1 and {path: path.read_bytes() for path in sorted(tmp_path.rglob("*.png"))} == before
