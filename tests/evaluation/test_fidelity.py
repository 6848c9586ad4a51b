"""PSNR, SSIM and blockiness: independent implementations and properties."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d
from torchmetrics.functional.image import structural_similarity_index_measure

from pixelwise.evaluation.metrics.restoration.blockiness import blockiness
from pixelwise.evaluation.metrics.restoration.psnr import psnr
from pixelwise.evaluation.metrics.restoration.ssim import ssim
from pixelwise.evaluation.restored_image import quantise


def pair(shape=(40, 52), seed=0):
    rng = np.random.default_rng(seed)
    clean = np.clip(rng.normal(0.5, 0.2, shape), 0, 1)
    return clean, clean + rng.normal(0, 0.1, shape)


def ssim_by_hand(x, y):
    """Wang et al. 2004 with an 11 x 11 Gaussian window, written down directly; border of 5 pixels left out."""
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    taps /= taps.sum()

    def smooth(a):
        return correlate1d(correlate1d(a, taps, axis=0), taps, axis=1)[5:-5, 5:-5]

    mx, my = smooth(x), smooth(y)
    vx, vy, cov = smooth(x * x) - mx**2, smooth(y * y) - my**2, smooth(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    return (((2 * mx * my + c1) * (2 * cov + c2)) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


@pytest.mark.parametrize("shape", [(40, 52), (33, 64)])
def test_gray_scores_agree_with_formulas_written_down_directly(shape):
    clean, noisy = pair(shape)
    assert psnr(clean, noisy) == pytest.approx(-10 * np.log10(((clean - noisy) ** 2).mean()), abs=1e-9)
    assert ssim(clean, noisy) == pytest.approx(ssim_by_hand(clean, noisy), abs=1e-6)


def test_colour_is_the_mean_over_channels():
    clean, noisy = pair((40, 52, 3))
    assert ssim(clean, noisy) == pytest.approx(
        np.mean([ssim(clean[..., k], noisy[..., k]) for k in range(3)]), abs=1e-9
    )
    assert psnr(clean, noisy) == pytest.approx(-10 * np.log10(((clean - noisy) ** 2).mean()), abs=1e-9)


def test_ssim_is_near_torchmetrics_which_differs_at_the_border_only():
    clean, noisy = pair((128, 160))
    x, y = (torch.from_numpy(a)[None, None] for a in (clean, noisy))
    theirs = float(structural_similarity_index_measure(y, x, data_range=1.0, sigma=1.5))
    assert ssim(clean, noisy) == pytest.approx(theirs, abs=5e-3)


def test_quantise_rounds_to_even_and_clips():
    assert np.array_equal(quantise(np.array([-0.2, 0.5 / 255, 1.5 / 255, 3.0])) * 255, [0, 0, 2, 255])


def test_white_noise_and_smooth_images_have_no_grid():
    rng = np.random.default_rng(1)
    assert blockiness(rng.normal(size=(512, 512)), 16) == pytest.approx(1, abs=0.02)
    ramp = np.add.outer(np.arange(64.0), np.arange(96.0))
    assert blockiness(ramp, 8) == pytest.approx(1, abs=1e-12)
    assert blockiness(np.zeros((40, 40)), 16) == 1.0


@pytest.mark.parametrize("period", [4, 8, 16])
def test_tiles_of_one_value_reach_the_largest_value_at_their_own_period_only(period):
    tiles = np.random.default_rng(2).normal(size=(20, 20))
    blocky = np.kron(tiles, np.ones((period, period)))
    own = blockiness(blocky, period)
    assert own == pytest.approx((20 * period - 1) / 19, rel=1e-9)
    assert blockiness(np.roll(blocky, period // 2, (0, 1)), period) < 1
    assert blockiness(blocky, 2 * period) < own


def test_blockiness_grows_with_the_grid_and_ignores_scale_and_offset():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(128, 128))
    steps = np.kron(rng.normal(size=(8, 8)), np.ones((16, 16)))
    values = [blockiness(noise + strength * steps, 16) for strength in (0, 1, 3, 10)]
    assert values == sorted(values) and values[-1] > 3
    assert blockiness(5 * (noise + steps) - 2, 16) == pytest.approx(values[1])
    assert blockiness(np.dstack([noise + steps] * 3), 16) == pytest.approx(values[1])


def test_blockiness_without_borders_is_refused():
    with pytest.raises(ValueError, match="no tile border"):
        blockiness(np.zeros((16, 16)), 16)
