"""The perceptual loss against the golden file, and files of VGG19."""

import json
import zlib

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from pixelwise.errors import PixelwiseError
from pixelwise.models.perceptual_loss import VGG19, PerceptualLoss, load_vgg19


def normal(key, shape):
    return np.random.Generator(np.random.PCG64(zlib.crc32(key.encode()))).standard_normal(shape)


def filled():
    state = {}
    for key, tensor in VGG19().state_dict().items():
        value = normal(f"vgg19.{key}", tensor.shape)
        scale = np.sqrt(2 / np.prod(tensor.shape[1:])) if key.endswith("weight") else 0.02
        state[key] = torch.tensor(scale * value, dtype=torch.float32)
    return state


@pytest.mark.slow
def test_golden(golden, tmp_path):
    wanted = json.loads((golden / "vgg_perceptual_loss.json").read_text())
    path = tmp_path / "vgg19.safetensors"
    save_file(filled() | {"classifier.0.weight": torch.zeros(2, 2), "features.34.bias": torch.zeros(512)}, path)
    network = load_vgg19(path)
    image, target = (
        torch.tensor(np.tanh(normal(f"input/image/{tag}", (1, 3, 64, 96))), dtype=torch.float32)
        for tag in (wanted["x_tag"], wanted["y_tag"])
    )
    image.requires_grad_()
    taps = [nn.functional.l1_loss(a, b).item() for a, b in zip(network(image), network(target), strict=True)]
    assert taps == pytest.approx(wanted["l1_per_tap"], rel=1e-5)
    assert [list(tap.shape) for tap in network(image)] == wanted["tap_shapes"]
    loss = PerceptualLoss(network)(image, target)
    assert loss.item() == pytest.approx(wanted["loss"], rel=1e-5)
    (gradient,) = torch.autograd.grad(loss, image)
    assert gradient.abs().mean().item() == pytest.approx(wanted["grad_x_abs_mean"], rel=1e-3)
    assert gradient.flatten()[:8].tolist() == pytest.approx(wanted["grad_x_first8"], rel=1e-2, abs=2e-8)


@pytest.mark.slow
def test_wrong_file(tmp_path):
    state = filled()
    del state["features.5.weight"]
    save_file(state, tmp_path / "vgg.safetensors")
    with pytest.raises(PixelwiseError, match=r"vgg\.safetensors: features\.5\.weight is missing"):
        load_vgg19(tmp_path / "vgg.safetensors")
    with pytest.raises(PixelwiseError, match="no such file"):
        load_vgg19(tmp_path / "none.pth")
