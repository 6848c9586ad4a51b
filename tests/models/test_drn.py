"""DRN-D (docs/reference/models.md, "DRN") against the golden file: statistics of every stage, crops, histogram."""

import hashlib
import json
import zlib

import numpy as np
import pytest
import torch

from pixelwise.errors import PixelwiseError
from pixelwise.models import build
from pixelwise.models.official.official_checkpoints import from_options, load_official


def draw(key, shape):
    return np.random.Generator(np.random.PCG64(zlib.crc32(key.encode()))).standard_normal(shape)


def filled(module, case):
    """The state dict of the golden file's fill rule."""
    state = {}
    for key, tensor in module.state_dict().items():
        shape, leaf = tuple(tensor.shape), key.rsplit(".", 1)[1]
        assert list(shape) == case["state_dict"][key]
        if key == "up.weight":
            taps = np.r_[1:16:2, 15:0:-2] / 16
            value = np.broadcast_to(np.outer(taps, taps), shape)
        elif leaf == "num_batches_tracked":
            value = np.zeros(shape)
        else:
            value = draw(key, shape)
            gain = case["overrides"].get(key, case["conv_gain"])
            if leaf == "running_mean":
                value = 0.1 * value
            elif leaf == "running_var":
                value = 1 + 0.2 * np.abs(value)
            elif len(shape) == 1:
                value = 1 + 0.1 * value if leaf == "weight" else 0.02 * value
            else:
                value = gain * np.sqrt(2 / np.prod(shape[1:])) * value
        state[key] = torch.tensor(np.asarray(value), dtype=tensor.dtype)
    assert set(state) == set(case["state_dict"])
    return state


def photograph(case, module):
    height, width = case["H"], case["W"]

    def integers(what, high, size):
        generator = np.random.Generator(np.random.PCG64(zlib.crc32(f"input/{what}/{case['tag']}".encode())))
        return generator.integers(0, high, size=size)

    blocks = integers("blocks", 192, (1, 3, -(-height // 8), -(-width // 8)))
    image = np.kron(blocks, np.ones((8, 8), int))[:, :, :height, :width] + integers("noise", 64, (1, 3, height, width))
    image = image.astype(np.uint8)
    assert hashlib.sha256(image.tobytes()).hexdigest() == case["image_sha256_uint8"]
    mean, std = (np.float32(values).reshape(1, 3, 1, 1) for values in (module.mean, module.std))
    return torch.from_numpy((image.astype(np.float32) / 255 - mean) / std)


def agrees(found, wanted, tolerance):
    """Statistics to 1e-4 relative, crops to the absolute tolerance."""
    assert list(found.shape) == wanted["shape"]
    flat = found.double()
    statistics = {"mean": flat.mean(), "std": flat.std(correction=0), "abs_mean": flat.abs().mean()}
    for name, value in statistics.items():
        assert value.item() == pytest.approx(wanted[name], rel=1e-4, abs=1e-5)
    if "crop" in wanted:
        top, left = wanted["crop_origin_yx"]
        crop = found[0, wanted["channels_shown"], top : top + 8, left : left + 8]
        assert torch.allclose(crop, torch.tensor(wanted["crop"]), atol=tolerance, rtol=0)
    if "corner_crop" in wanted:
        corner = torch.tensor(wanted["corner_crop"])
        assert torch.allclose(found[0, : len(corner), :8, :8], corner, atol=tolerance, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize("which", ["full", "reduced_width"])
def test_golden(golden, which):
    document = json.loads((golden / "drn_d22.json").read_text())
    case = document if which == "full" else document["reduced_width"]
    module = from_options("drn_d_22", {"num_classes": case["num_classes"], "channels": case["channels"]})
    load_official(module, filled(module, case))
    assert sum(p.numel() for p in module.parameters()) == case["num_parameters_total"]
    assert sum(p.numel() for p in module.base.parameters()) == case["num_parameters_base"]
    image = photograph(case, module)
    for stage, wanted in zip(module.stages(image), case["base_stages"], strict=True):
        agrees(stage, wanted, 2e-4)
    agrees(module.lowres_logits(image), case["lowres_logits"], 2e-4)
    logits = module(image)
    agrees(logits, case["logits"], 2e-4)
    agrees(torch.log_softmax(logits, 1), case["log_prob"], 5e-4)
    histogram = torch.bincount(logits.argmax(1).flatten(), minlength=case["num_classes"])
    moved = (histogram - torch.tensor(case["argmax_histogram"])).abs().sum()
    assert moved <= 2 * case["argmax_pixels_with_top2_gap_below_1e-3"]


@pytest.mark.parametrize(
    ("name", "count", "tensors", "trained"),
    [
        ("drn_d_22", 15_895_363, 128, 15_880_752 + 9_747),
        ("drn_d_38", 26_003_523, 208, 25_988_912 + 9_747),
        ("drn_d_54", 35_310_787, None, 35_296_176 + 9_747),
        ("drn_d_105", 54_302_915, 543, 54_288_304 + 9_747),
    ],
)
def test_sizes(name, count, tensors, trained):
    with torch.device("meta"):
        module = build(name)
    assert sum(p.numel() for p in module.parameters()) == count
    assert sum(p.numel() for p in module.parameters() if p.requires_grad) == trained
    if tensors is not None:
        assert sum(not key.endswith("tracked") for key in module.state_dict()) == tensors


def test_file_without_counters():
    """Released files predate `num_batches_tracked`; any other missing key is named."""
    widths = (4,) * 8
    source = build("drn_d_22", num_classes=3, widths=widths)
    state = {key: value for key, value in source.state_dict().items() if not key.endswith("num_batches_tracked")}
    wrapped = {f"module.{key}": value for key, value in state.items()}
    target = load_official(build("drn_d_22", num_classes=3, widths=widths), wrapped)
    assert all(torch.equal(target.state_dict()[key], value) for key, value in state.items())
    del state["base.4.0.bn1.running_var"]
    with pytest.raises(PixelwiseError, match=r"base\.4\.0\.bn1\.running_var is missing"):
        load_official(target, state)


@torch.no_grad()
def test_bottleneck_strides():
    """D-105's stride and dilation sit in the 3x3 convolution."""
    module = build("drn_d_54", widths=(4,) * 8)
    first = module.base[4][0]
    assert first.conv1.stride == (1, 1) and first.conv2.stride == (2, 2)
    assert module.base[6][0].conv2.dilation == (4, 4)
    assert module.eval()(torch.randn(1, 3, 40, 36)).shape == (1, 19, 40, 40)
