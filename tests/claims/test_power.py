from __future__ import annotations

import re

import numpy as np
import pytest

from pixelwise.claims.power import half_width, needed, seeds_for


def test_half_width_is_students():
    assert half_width(2.0, 2) == pytest.approx(12.706 * 2 / np.sqrt(2), rel=1e-3)
    assert half_width(2.0, 10) == pytest.approx(2.262 * 2 / np.sqrt(10), rel=1e-3)
    assert half_width(2.0, 1) == 0


@pytest.mark.parametrize(("spread", "half"), [(1.0, 1.0), (1.0, 0.5), (3.0, 0.4), (0.1, 10.0)])
def test_seeds_for_is_the_least_number(spread, half):
    count = seeds_for(spread, half)
    assert half_width(spread, count) < half
    assert count == 2 or half_width(spread, count - 1) >= half


def number(text: str, unit: str) -> int:
    return int(re.search(rf"([\d,]+) {unit}", text).group(1).replace(",", ""))


def test_images_scale_with_the_square():
    assert number(needed(0.5, 100, 1.0, 1, None), "images") == 400


def test_the_number_of_images_settles_it_in_simulation():
    rng = np.random.default_rng(0)
    effect, spread, n = 0.2, 2.0, 50
    images = number(needed(effect, n, 1.96 * spread / np.sqrt(n), 1, None), "images")
    settled = 0
    for _ in range(300):
        draw = rng.normal(effect, spread, images)
        settled += draw.mean() - 1.96 * draw.std() / np.sqrt(images) > 0
    assert 0.35 < settled / 300 < 0.65  # the estimate staying where it is means one half


def test_both_kinds_of_error_may_have_to_shrink():
    text = needed(0.5, 100, 1.0, 2, 0.5)
    assert "images" in text and "seeds" in text
    assert "images" not in needed(2.0, 100, 1.0, 2, 1.0)
    assert "seeds" not in needed(1.0, 100, 2.0, 3, 0.1)


def test_nothing_settles_an_estimate_on_the_border():
    assert "no number" in needed(0.0, 100, 1.0, 2, 0.5)
