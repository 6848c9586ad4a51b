"""Winograd's convolution equals the direct one, forwards and backwards, and is used only where it pays."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pixelwise.models.fast import winograd_training
from pixelwise.models.fast.winograd_training import convolve, winograd_conv2d
from pixelwise.models.lowres_stream import ConvNormReLU


@pytest.mark.parametrize("shape", [(1, 2, 4, 6), (3, 2, 5, 7), (2, 3, 3, 4)])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("at_a_time", [256, 3])
def test_values_and_gradients(shape, padding, at_a_time, monkeypatch):
    monkeypatch.setattr(winograd_training, "AT_A_TIME", at_a_time)  # 3: the last part is a smaller one
    torch.manual_seed(0)
    image = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, shape[1], 3, 3, dtype=torch.float64, requires_grad=True)
    found, wanted = winograd_conv2d(image, weight, padding), F.conv2d(image, weight, padding=padding)
    assert torch.allclose(found, wanted, atol=1e-12)
    direction = torch.randn_like(wanted)
    for mine, theirs in zip(
        torch.autograd.grad(found, (image, weight), direction),
        torch.autograd.grad(wanted, (image, weight), direction),
        strict=True,
    ):
        assert torch.allclose(mine, theirs, atol=1e-12)


def test_rounding_is_that_of_a_direct_convolution():
    torch.manual_seed(0)
    image, weight = torch.randn(1, 256, 8, 8), 0.02 * torch.randn(64, 256, 3, 3)
    exact = F.conv2d(image.double(), weight.double(), padding=1)
    direct = (F.conv2d(image, weight, padding=1) - exact).abs().max()
    assert (winograd_conv2d(image, weight, 1) - exact).abs().max() < 4 * direct


@pytest.mark.parametrize("padding", ["zero", "reflection"])
def test_used_in_training_only(padding, monkeypatch):
    monkeypatch.setattr(winograd_training, "LEAST_PATCHES", 8)
    calls = []
    monkeypatch.setattr(winograd_training, "winograd_conv2d", lambda *a: calls.append(1) or winograd_conv2d(*a))
    torch.manual_seed(0)
    layer = ConvNormReLU(256, 256, 1, padding)
    image = torch.randn(2, 256, 4, 4)
    trained = layer(image)
    assert len(calls) == 1
    with torch.no_grad():
        assert torch.allclose(layer(image), trained, atol=1e-4)
    assert len(calls) == 1
    layer(image[:1, :, :2, :2])
    convolve(nn.Conv2d(256, 256, 3, 2, 1, bias=False), image)
    convolve(nn.Conv2d(256, 8, 3, 1, 1, bias=False), image)
    convolve(nn.Conv2d(256, 256, 3, 1, 1), image)
    assert len(calls) == 1
