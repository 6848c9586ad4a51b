"""DnCNN against the golden files of both public variants, folded and not, and against the released weights."""

import io
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from pixelwise.errors import PixelwiseError
from pixelwise.models import build
from pixelwise.models.architectures.dncnn import fold
from pixelwise.models.official.official_checkpoints import from_options, load_official
from tests.models.golden_case import close


@torch.no_grad()
@pytest.mark.parametrize("file", ["dncnn17_saoyan_c1", "dncnn20_saoyan_c3"])
def test_saoyan(file, read_golden):
    case = read_golden(file)
    module = load_official(from_options("dncnn", case.options), case.below("param/"))
    noisy = case.tensors["input/noisy"]
    close(module.noise(noisy), case.tensors["output/predicted_noise"], 1e-4, 2e-5)
    close(module(noisy).clamp(0, 1), case.tensors["output/denoised_clamped"], 1e-4, 2e-5)
    assert sum(p.numel() for p in module.parameters()) == case.config["nparams"]
    close(fold(module)(noisy), module(noisy), 1e-4, 2e-5)


def unfolded(case):
    """The state dict before folding.

    The file's `param/` convolutions alias the folded ones (they equal `merged/`); its batch norms are the original
    ones; dividing the fold out gives back the network that made `output/denoised`.
    """
    state = case.below("param/")
    convs = [key for key in state if state[key].dim() == 4]
    for key in convs:
        place = int(key.split(".")[1])
        norm = f"model.{place + 1}"
        if f"{norm}.running_var" in state:
            scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + case.options["bn_eps"])
            state[key] = state[key] / scale.view(-1, 1, 1, 1)
            bias = (state[f"model.{place}.bias"] - state[f"{norm}.bias"]) / scale + state[f"{norm}.running_mean"]
            state[f"model.{place}.bias"] = bias
    return state


@torch.no_grad()
@pytest.mark.parametrize("file", ["dncnn17_kair_c1", "dncnn20_kair_c3"])
def test_kair(file, read_golden):
    case = read_golden(file)
    noisy, wanted = case.tensors["input/noisy"], case.tensors["output/denoised"]
    folded = case.below("merged/")
    assert torch.equal(folded["model.2.weight"], case.tensors["param/model.2.weight"]), "see unfolded()"
    module = load_official(from_options("dncnn", case.options), unfolded(case))
    assert sum(p.numel() for p in module.parameters()) == case.config["nparams_BR"]
    close(module(noisy), wanted, 1e-4, 2e-5)
    merged = from_options("dncnn", {**case.options, "act_mode": "R"})
    assert sum(p.numel() for p in merged.parameters()) == case.config["nparams_R"]
    for state in (folded, unfolded(case)):
        close(load_official(merged, state)(noisy), wanted, 1e-4, 2e-5)
    close(load_official(module, folded)(noisy), wanted, 1e-4, 2e-5)


def test_batch_norm_settings():
    assert build("dncnn").norms[0].eps == 1e-5 and build("dncnn").norms[0].momentum == 0.1
    kair = build("dncnn", variant="kair").norms[0]
    assert kair.eps == 1e-4 and kair.momentum == 0.9
    with pytest.raises(PixelwiseError, match="variant 'x'; allowed are saoyan, kair, merged"):
        build("dncnn", variant="x")
    with pytest.raises(PixelwiseError, match=r"\(1, 3, 8, 8\)"):
        build("dncnn")(torch.zeros(1, 3, 8, 8))


@pytest.mark.slow
@torch.no_grad()
def test_released_weights(mirror):
    """PSNR of the released DnCNN at sigma 25 on the first images of BSD68 in KAIR's protocol.

    The protocol is docs/reference/protocols.md, "Denoising scores". The expected mean over all 68 images is 29.233 dB;
    a subset is judged by values that the full run gave.
    """
    (weights,) = mirror.glob("cszn/KAIR/raw/*/model_zoo/dncnn_25.pth")
    (archive,) = mirror.glob("cszn/DnCNN/archive/*.zip")
    module = load_official(build("dncnn", variant="merged"), weights)
    scores = {}
    with zipfile.ZipFile(archive) as content:
        names = sorted(name for name in content.namelist() if "/BSD68/" in name and name.endswith(".png"))
        for name in names[: len(PSNR)]:
            clean = np.asarray(Image.open(io.BytesIO(content.read(name))).convert("L"))
            np.random.seed(0)
            noisy = np.float32(clean / 255.0) + np.random.normal(0, 25 / 255.0, clean.shape)
            result = module(torch.from_numpy(noisy).float()[None, None])[0, 0].clamp(0, 1).numpy()
            error = np.float64((result * 255.0).round()) - clean
            scores[name.rsplit("/", 1)[1]] = 10 * np.log10(255**2 / np.mean(error**2))
    assert scores == pytest.approx(PSNR, abs=0.005)


PSNR = {"test001.png": 25.961, "test002.png": 30.287, "test003.png": 30.171}
