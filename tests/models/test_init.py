"""Official initialisations: measured standard deviations and the stale alias of spectral norm.

Source: docs/reference/models.md, "Initialisation in ASAP-Net and SPADE".
"""

import math

import pytest
import torch

from pixelwise.errors import PixelwiseError
from pixelwise.models import build
from pixelwise.models.architectures.dncnn import initialise as dncnn
from pixelwise.training import initialise


def test_xavier_of_the_generator():
    torch.manual_seed(0)
    module = build("asapnet", max_width=256, depth=1)
    initialise.network(module, "asapnet", "xavier")
    assert float(module.lowres.layers[0].conv.weight.detach().std()) == pytest.approx(9.5e-4, rel=0.03)
    inner = module.lowres.layers[-1].conv.weight
    assert float(inner.detach().std()) == pytest.approx(0.02 * math.sqrt(2 / (2 * 9 * 256)), rel=0.01)
    assert float(module.lowres.head.bias.abs().max()) == 0
    assert all(float(layer.norm.weight.min()) == 1 for layer in module.lowres.layers)


def test_full_width_standard_deviations():
    """The values measured on the official network: 2.08e-4 between 1024 channels, 2.17e-4 in the last layer."""
    assert 0.02 * math.sqrt(2 / (2 * 9 * 1024)) == pytest.approx(2.08e-4, rel=2e-3)
    assert 0.02 * math.sqrt(2 / (1024 + 16003)) == pytest.approx(2.17e-4, rel=2e-3)


def test_stale_alias():
    """On the official GPU path spectral weights keep torch's default, on the CPU they become Xavier."""
    for stale in (False, True):
        torch.manual_seed(0)
        module = build("multiscale_discriminator", width=16)
        before = [layer.weight_orig.clone() for layer in module.scales[0].layers[1:4]]
        initialise.network(module, "multiscale_discriminator", "official" if stale else "xavier")
        after = [layer.weight_orig for layer in module.scales[0].layers[1:4]]
        assert all(torch.equal(a, b) == stale for a, b in zip(before, after, strict=True))
        fan_in, fan_out = 16 * 16, 32 * 16
        xavier, default = 0.02 * math.sqrt(2 / (fan_in + fan_out)), 1 / math.sqrt(3 * fan_in)
        assert float(after[0].detach().std()) == pytest.approx(default if stale else xavier, rel=0.05)
        assert float(module.scales[0].layers[0].bias.abs().max()) == 0
        plain = module.scales[0].layers[0].weight
        assert float(plain.detach().std()) == pytest.approx(0.02 * math.sqrt(2 / (16 * (39 + 16))), rel=0.05)


def test_normal_of_pix2pixhd():
    torch.manual_seed(0)
    module = build("pix2pixhd_global", width=16, blocks=1)
    bias = module.trunk.first.bias.clone()
    initialise.network(module, "pix2pixhd_global", "normal")
    assert float(module.trunk.up[0].weight.detach().std()) == pytest.approx(0.02, rel=0.02)
    assert torch.equal(module.trunk.first.bias, bias), "biases keep torch's default"


@pytest.mark.parametrize("scheme", ["matconvnet", "matconvnet_1.0", "saoyan", "kair"])
def test_dncnn(scheme):
    torch.manual_seed(0)
    module = build("dncnn", depth=10, variant="kair")
    dncnn(module, scheme)
    spread = math.sqrt(2 / (9 * 64))
    scales = torch.cat([norm.weight.detach() for norm in module.norms])
    weight = module.convs[3].weight.detach()
    assert all(float(norm.bias.abs().max()) == 0 for norm in module.norms)
    assert all(float(conv.bias.abs().max()) == 0 for conv in module.convs)
    if scheme == "kair":
        rows = weight.flatten(1)
        assert torch.allclose(rows @ rows.T, 0.04 * torch.eye(64), atol=1e-5)
        assert 0.1 <= float(scales.min()) < float(scales.max()) <= 1
        return
    assert float(weight.std()) == pytest.approx(spread, rel=0.02)
    if scheme == "saoyan":
        assert float(scales.abs().max()) == pytest.approx(0.025) and float(scales.abs().min()) < 0.025
    elif scheme == "matconvnet":
        assert float(scales.abs().min()) == pytest.approx(0.025) and float(scales.min()) < 0 < float(scales.max())
        assert float(module.convs[0].weight.detach().std()) == pytest.approx(spread, rel=0.1), "not by fan-in"
    else:
        assert float(scales.std()) == pytest.approx(spread, rel=0.1)


def test_drn_and_unknown():
    torch.manual_seed(0)
    module = build("drn_d_22")
    up = module.up.weight.clone()
    initialise.network(module, "drn_d_22", "official")
    assert float(module.base[6][1].conv2.weight.detach().std()) == pytest.approx(math.sqrt(2 / (9 * 512)), rel=0.01)
    assert torch.equal(module.up.weight, up) and float(module.seg.bias.abs().max()) == 0
    with pytest.raises(PixelwiseError, match="'zeros'; allowed are matconvnet"):
        dncnn(build("dncnn"), "zeros")
    with pytest.raises(PixelwiseError, match="segmenter: initialisation 'matconvnet'; the model declares no such"):
        initialise.network(build("segmenter", stages=1), "segmenter", "matconvnet")


def test_a_scheme_that_fits_no_layer_is_refused():
    with pytest.raises(PixelwiseError, match="dncnn: initialisation 'xavier' fits none of its layers"):
        initialise.network(torch.nn.Sequential(torch.nn.GroupNorm(1, 4)), "dncnn", "xavier")
    module = build("dncnn", width=4)
    before = [value.clone() for value in module.parameters()]
    initialise.network(module, "dncnn", "pytorch")
    assert all(torch.equal(old, new) for old, new in zip(before, module.parameters(), strict=True))
