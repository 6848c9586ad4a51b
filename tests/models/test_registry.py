"""Names, parameter counts, arithmetic and sizes of all architectures."""

import subprocess
import sys

import pytest
import torch

from pixelwise.errors import PixelwiseError
from pixelwise.models import build, declarations, registry
from pixelwise.models.flops import count


def meta(name, **options):
    return registry.skeleton(name, **options).eval()


@pytest.mark.parametrize(
    ("name", "options", "wanted"),
    [
        ("asapnet", {}, 83_201_411),
        ("pix2pixhd_global", {}, 182_546_755),
        ("spade_pix2pixhd", {}, 182_525_379),
        ("spade_pix2pixhd", {"spectral": True}, 182_525_379),
        ("pix2pixhd_local", {}, 182_857_059),
        ("multiscale_discriminator", {}, 5_601_410),
        ("dncnn", {}, 556_032),
        ("dncnn", {"depth": 20}, 667_008),
        ("dncnn", {"variant": "kair"}, 557_057),
        ("dncnn", {"depth": 20, "channels": 3, "variant": "merged"}, 668_227),
    ],
)
def test_parameter_counts(name, options, wanted):
    """docs/reference/models.md, "Sizes and arithmetic" and "DnCNN variants"."""
    assert sum(p.numel() for p in meta(name, **options).parameters()) == wanted


@pytest.mark.parametrize(
    ("name", "gflop"),
    [("asapnet", 97.8), ("spade_pix2pixhd", 244.7), ("drn_d_22", 68), ("drn_d_38", 110), ("drn_d_105", 226)],
)
def test_flops_at_256x512(name, gflop):
    """docs/reference/models.md, "Sizes and arithmetic", 2 per multiply-add."""
    channels = 3 if name.startswith("drn") else 36
    found = count(meta(name), torch.empty(1, channels, 256, 512, device="meta")) / 1e9
    assert found == pytest.approx(gflop, abs=0.05 if gflop % 1 else 0.8)


@torch.no_grad()
@pytest.mark.parametrize("name", declarations.models())
def test_every_model_runs(name):
    options = {
        "asapnet": {"width": 4, "max_width": 8, "mlp_width": 8, "depth": 1},
        "dncnn": {"width": 4},
        "segmenter": {"stages": 2, "width": 8},
    }.get(name, {"widths": (4,) * 8} if name.startswith("drn") else {"width": 4})
    module = build(name, **options).eval()
    if "discriminator" in name:
        results = module(torch.randn(1, 39, 64, 64))
        assert [len(features) for features in results] == [5, 5] and results[0][-1].shape[1] == 1
        assert results[0][0].shape[-1] > results[1][0].shape[-1], "full resolution comes first"
        return
    channels = {"dncnn": 1, "segmenter": 3}.get(name, 3 if name.startswith("drn") else 36)
    outputs = {"dncnn": 1}.get(name, 19 if channels == 3 else 3)
    for shape in ((2, channels, 64, 64), (1, channels, 64, 128)):
        assert module(torch.randn(shape)).shape == (shape[0], outputs, *shape[2:])


@pytest.mark.parametrize(
    ("name", "shape"),
    [("pix2pixhd_global", (1, 36, 40, 64)), ("pix2pixhd_local", (1, 36, 48, 64)), ("spade_pix2pixhd", (1, 35, 64, 64))],
)
def test_illegal_sizes(name, shape):
    with pytest.raises(PixelwiseError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
        build(name, width=2)(torch.zeros(shape))


def test_errors_name_what_is_allowed():
    with pytest.raises(PixelwiseError, match="model 'unet'; allowed are asapnet, "):
        build("unet")
    with pytest.raises(PixelwiseError, match="dncnn: option 'deepth'; allowed are channels, depth, width, variant"):
        build("dncnn", deepth=3)
    with pytest.raises(PixelwiseError, match="model 'unet'"):
        declarations.modules("unet")
    with pytest.raises(PixelwiseError, match=r"\(1, 38, 64, 64\)"):
        build("multiscale_discriminator", width=4)(torch.zeros(1, 38, 64, 64))
    with pytest.raises(PixelwiseError, match="scales 0"):
        build("pix2pixhd_discriminator", scales=0)


def test_reading_the_registry_imports_no_torch():
    code = "import sys; from pixelwise.models import declarations, registry; declarations.models()"
    code += "; import pixelwise.data; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    own = "pixelwise.models.architectures.asapnet"
    assert declarations.modules("asapnet") == [own, f"{own}#functions/asapnet", "pixelwise.models.network_options"]
