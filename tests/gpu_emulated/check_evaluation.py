"""Generation, restoration, features and segmentation on an emulated card give what the processor gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pixelwise.evaluation import features
from pixelwise.evaluation.apply.denoise import denoise
from pixelwise.evaluation.generator import Generator
from pixelwise.evaluation.hardware import select_device
from pixelwise.evaluation.restorer import Restorer
from pixelwise.evaluation.segmenter_protocols import PROTOCOLS, Segmenter
from pixelwise.models import build, checkpoint
from tests.gpu_emulated import made
from tests.gpu_emulated.card import state
from tests.gpu_emulated.machine_stubs import emulated

CARD = torch.device("cuda")


def saved(folder: Path, name: str, **options: Any) -> Path:
    torch.manual_seed(0)
    checkpoint.save(folder / f"{name}.safetensors", build(name, **options).eval(), name, options)
    return folder / f"{name}.safetensors"


def both(function: Any) -> tuple[Any, Any]:
    """The result on the processor and on the card."""
    expected = function(torch.device("cpu"))
    with emulated():
        select_device("cuda", 1)
        found = function(CARD)
        assert any(kind.startswith("copy from host") for kind, _ in state.log), "nothing was computed on the card"
    return expected, found


@pytest.mark.parametrize("name", ["asapnet", "spade_pix2pixhd"])
def test_generation(name, tmp_path):
    path = saved(tmp_path, name, num_labels=5, **made.OPTIONS[name])
    labels = np.random.default_rng(0).integers(0, 5, (2, 64, 128), np.uint8)
    expected, found = both(lambda device: Generator(path, device)(labels, labels.astype(np.int32)))
    assert found.dtype == np.uint8 and np.abs(found.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("tiled", [False, True])
def test_restoration(tiled, tmp_path):
    options = {"dense_channels": 1, "output_channels": 1, "instance_edge": False, "residual": True, "output": "linear"}
    path = saved(tmp_path, "asapnet", **made.ASAP, **options) if tiled else saved(tmp_path, "dncnn", depth=3, width=4)
    image = np.random.default_rng(0).random((50, 70), np.float32)
    expected, found = both(lambda device: Restorer(path, device)(image))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_picture_of_ones_own_is_denoised_on_the_card(tmp_path):
    from PIL import Image

    path = saved(tmp_path, "dncnn", depth=3, width=4)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60), np.uint8)).save(tmp_path / "in.png")
    with emulated():
        denoise(tmp_path / "in.png", tmp_path / "card.png", path)
        assert any(place.startswith("evaluation/restorer") for _, place in state.log)
    denoise(tmp_path / "in.png", tmp_path / "host.png", path, device="cpu")
    pictures = [np.asarray(Image.open(tmp_path / name), int) for name in ("card.png", "host.png")]
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


class Small(nn.Module):
    """In the place of the Inception network, whose weights are not here: 2048 numbers of a picture."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv2d(3, features.DIMENSIONS, 9, 9)

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        return [self.layer(image).mean((2, 3), keepdim=True)]


@pytest.mark.parametrize("resize", ["pytorch-fid", "clean-fid"])
def test_features(resize):
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 48, 3), np.uint8)
    network = Small().eval()
    expected = features.extract(lambda i: pictures[i], 3, network, resize, 2)
    with emulated():
        select_device("cuda", 1)
        found = features.extract(lambda i: pictures[i], 3, Small().eval().to(CARD), resize, 2)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("protocol", list(PROTOCOLS))
def test_segmentation(protocol, tmp_path):
    path = saved(tmp_path, "segmenter", num_classes=3, stages=1, width=8)
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 128, 3), np.uint8)
    expected, found = both(lambda device: Segmenter(path, 3, device).classify(images, PROTOCOLS[protocol], (128, 256)))
    assert (found != expected).mean() < 1e-3
