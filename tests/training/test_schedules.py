"""Learning rates to the epoch, against the published tables."""

from __future__ import annotations

import pytest

from pixelwise.errors import PixelwiseError
from pixelwise.training.schedules import epoch_of, linear_decay, poly, staged, stepped, total_steps, two_time_scales


def official_decay(constant: int, decay: int, rate: float) -> list[float]:
    """The official update, written as its code acts: at the end of an epoch, on the rate that it keeps."""
    rates, current = [], rate
    for epoch in range(1, constant + decay + 1):
        rates.append(current)
        if epoch > constant:
            current -= rate / decay
    return rates


@pytest.mark.parametrize(("constant", "decay"), [(200, 100), (50, 0), (100, 100), (50, 50)])
def test_linear_decay_is_the_official_update(constant: int, decay: int) -> None:
    rates = [2e-4 * linear_decay(epoch, constant, decay) for epoch in range(1, constant + decay + 1)]
    assert rates == pytest.approx(official_decay(constant, decay, 2e-4), rel=1e-9)


def test_asapnet_rates_at_the_published_epochs() -> None:
    generator, discriminator = two_time_scales(2e-4, ttur=True)
    assert (generator, discriminator) == (1e-4, 4e-4)
    assert two_time_scales(2e-4, ttur=False) == (2e-4, 2e-4)
    assert [linear_decay(epoch, 200, 100) for epoch in (1, 200, 201)] == [1.0, 1.0, 1.0]
    assert linear_decay(202, 200, 100) == pytest.approx(0.99)
    assert linear_decay(300, 200, 100) == pytest.approx(0.01)


def test_dncnn_and_drn_rates() -> None:
    assert [staged(epoch, (30, 20), 0.1) for epoch in (1, 30)] == [1.0, 1.0]
    assert [staged(epoch, (30, 20), 0.1) for epoch in (31, 50)] == pytest.approx([0.1, 0.1])
    assert [stepped(epoch, 100) for epoch in (1, 100, 101, 201, 250)] == pytest.approx([1, 1, 0.1, 0.01, 0.01])
    assert [poly(epoch, 500) for epoch in (1, 251)] == pytest.approx([1.0, 0.5**0.9])


def test_epochs_are_those_of_whole_passes_and_keep_their_shape_otherwise() -> None:
    assert [epoch_of(step, 300 * 92, 300) for step in (0, 91, 92, 300 * 92 - 1)] == [1, 1, 2, 300]
    short = [linear_decay(epoch_of(step, 10, 300), 200, 100) for step in range(10)]
    assert short[:7] == [1.0] * 7 and short[7] == pytest.approx(0.9) and 0 < short[9] < 0.4


def test_total_steps() -> None:
    assert total_steps(2975, 32, 300) == 300 * 92
    assert total_steps(10, 4, 300, presentations=41) == 10
    with pytest.raises(PixelwiseError, match="batch: 4; the training split has 3 examples"):
        total_steps(3, 4, 1)
    with pytest.raises(PixelwiseError, match="presentations: 3"):
        total_steps(8, 4, 1, presentations=3)
