"""Floors, oracles and BM3D: numbers of docs/reference/sources.md, "Own computations", and properties."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pixelwise.evaluation import baselines
from pixelwise.evaluation.cases import Case, Cases
from pixelwise.evaluation.evaluation_noise import add_noise
from pixelwise.evaluation.metrics.restoration.psnr import psnr
from pixelwise.evaluation.protocols import PROTOCOLS
from pixelwise.evaluation.restored_image import quantise
from tests.evaluation import berkeley

# docs/reference/sources.md, "Own computations": dB, mean over the 68 images; given to two digits.
SECTION_8 = {
    "identity": {15: 24.61, 25: 20.18, 50: 14.16},
    "identity_8bit": {15: 24.80, 25: 20.48, 50: 14.92},
    "pointwise_oracle": {15: 25.05, 25: 21.08, 50: 16.66},
    "tile_mean": {15: 19.97, 25: 19.95, 50: 19.89},
    "tile_wiener": {15: 27.62, 25: 24.78, 50: 21.93},
    "tile_wiener_oracle": {15: 27.70, 25: 24.91, 50: 22.21},
}
TILED = ("tile_mean", "tile_wiener", "tile_wiener_oracle")


@pytest.fixture(scope="module")
def bsd68(mirror, tmp_path_factory):
    return berkeley.gray_set(mirror, tmp_path_factory.mktemp("bsd68"), "BSD68", "bsd68")


def means(cases, names=tuple(SECTION_8)):
    methods = {name: baselines.build(name, 16, lambda: cases) for name in names}
    return {name: np.mean([psnr(case.clean, f(case)) for case in cases]) for name, f in methods.items()}


@pytest.mark.parametrize("sigma", [15, 25, 50])
def test_floors_of_the_protocol_equal_section_8_of_the_claims(bsd68, sigma):
    """Within 0.02 dB of the numbers there, which are rounded to 0.01.

    The oracle is on whole tiles there; here it also has the narrow tiles at the border, which it fits more closely.
    """
    cases = list(Cases(PROTOCOLS["bsd68"], berkeley.val(bsd68), "bsd68").at(float(sigma)))
    assert len(cases) == 68
    for name, mean in means(cases).items():
        tolerance = 0.03 if name == "tile_wiener_oracle" else 0.025
        assert mean == pytest.approx(SECTION_8[name][sigma], abs=tolerance), name


@pytest.mark.parametrize("sigma", [15, 25, 50])
def test_floors_equal_section_8_exactly_with_its_own_noise_and_whole_tiles(bsd68, sigma):
    """The own computations drew the noise of all images from one generator; tile methods saw whole tiles only."""
    rng, pack = np.random.default_rng(0), berkeley.val(bsd68)
    cases = []
    for i, name in enumerate(pack.names):
        clean = np.asarray(pack.image(i)) / 255
        cases.append(Case(name, clean, clean + rng.normal(0, sigma / 255, clean.shape), float(sigma)))
    whole = []
    for c in cases:
        cut = tuple(slice(0, side // 16 * 16) for side in c.clean.shape)
        whole.append(Case(c.name, c.clean[cut], c.degraded[cut], c.sigma))
    found = means(cases, ("identity", "identity_8bit")) | means(whole, TILED)
    for name, mean in found.items():
        assert mean == pytest.approx(SECTION_8[name][sigma], abs=0.006), name


def case(clean, sigma=25.0):
    clean = clean.astype(np.uint8)
    return Case("x", clean / 255, add_noise(clean, sigma), sigma)


def picture(shape=(45, 70), seed=0):
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    image = 128 + 60 * np.sin(rows / 7) + 50 * np.cos(columns / 9) + rng.normal(0, 5, shape[:2])
    image = np.clip(image, 0, 255)
    return image if len(shape) == 2 else np.dstack([image, image[::-1], 255 - image])


@pytest.mark.parametrize("shape", [(45, 70), (45, 70, 3), (16, 16)])
def test_tile_means_are_means_of_tiles(shape):
    image = picture(shape)
    means = baselines.tile_means(image, 16)
    assert means.shape == image.shape
    for top in range(0, shape[0], 16):
        for left in range(0, shape[1], 16):
            tile = (slice(top, top + 16), slice(left, left + 16))
            assert np.allclose(means[tile], image[tile].mean(axis=(0, 1)))


def test_oracle_is_the_regression_within_each_tile_and_bounds_the_realisable_map():
    one = case(picture())
    oracle = baselines.tile_wiener_oracle(one, 16)
    tile = (slice(16, 32), slice(32, 48))
    slope, offset = np.polyfit(one.degraded[tile].ravel(), one.clean[tile].ravel(), 1)
    assert np.allclose(oracle[tile], offset + slope * one.degraded[tile], atol=1e-6)
    errors = [psnr(one.clean, f(one, 16)) for f in (baselines.tile_mean, baselines.tile_wiener)]
    assert psnr(one.clean, oracle) >= max(errors)


def test_smaller_tiles_bound_larger_ones_from_above():
    one = case(picture((64, 64)))
    values = [psnr(one.clean, baselines.tile_wiener_oracle(one, tile)) for tile in (32, 16, 8, 4)]
    assert values == sorted(values)


def test_pointwise_oracle_beats_every_other_curve():
    cases = [case(picture(seed=k)) for k in range(3)]
    oracle = baselines.PointwiseOracle(cases)
    best = np.mean([((c.clean - oracle(c)) ** 2).mean() for c in cases])
    for curve in (lambda y: y, lambda y: np.clip(y, 0, 1), lambda y: 0.5 + 0.7 * (y - 0.5)):
        rounded = [np.rint(c.degraded.astype(float) * 255) / 255 for c in cases]
        assert best < np.mean([((c.clean - curve(y)) ** 2).mean() for c, y in zip(cases, rounded, strict=True)])


def test_wiener_of_pure_noise_is_nearly_the_mean():
    one = case(np.full((64, 64), 128.0), 50.0)
    gain = (baselines.tile_wiener(one, 16) - baselines.tile_mean(one, 16)).std() / one.degraded.std()
    assert gain < 0.15


def test_minmax_uses_the_whole_range():
    stretched = baselines.identity_minmax(case(picture()))
    assert stretched.min() == 0 and stretched.max() == 1


def test_bm3d_equals_values_computed_once(bsd68, golden):
    """The whole set was run by hand with the same function; see `whole_set` in the file."""
    stored = json.loads((golden / "bm3d_bsd68.json").read_text())
    cases = Cases(PROTOCOLS["bsd68"], berkeley.val(bsd68), "bsd68")
    one = cases.case(stored["crop"]["index"], 25.0)
    rows, columns = (slice(*span) for span in stored["crop"]["window"])
    crop = Case(one.name, one.clean[rows, columns], one.degraded[rows, columns], 25.0)
    estimate = baselines.bm3d(crop)
    assert psnr(crop.clean, estimate) == pytest.approx(stored["crop"]["psnr"], abs=0.01)
    assert psnr(crop.clean, quantise(estimate)) == pytest.approx(stored["crop"]["psnr_8bit"], abs=0.01)
    assert abs(stored["whole_set"]["psnr_8bit"] - 28.57) < 0.1  # cszn/DnCNN README


def test_unknown_baselines_are_refused():
    with pytest.raises(Exception, match="baseline nothing"):
        baselines.build("nothing", 16, list)
