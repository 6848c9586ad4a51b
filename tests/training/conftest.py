"""Tiny prepared data and settings for training tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixelwise.artifacts import write_json
from pixelwise.data.pack import Item, write_pack
from pixelwise.settings.training import AdversarialSettings, DenoisingSettings, SegmentationSettings

LABELS = 5


@pytest.fixture(scope="session")
def translation_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine labelled photographs of 32x64 pixels whose colours follow from the labels."""
    folder = tmp_path_factory.mktemp("translation")
    rng = np.random.default_rng(0)
    palette = rng.integers(0, 256, (LABELS, 3))
    items = []
    for i in range(9):
        label = np.kron(rng.integers(0, LABELS, (4, 8)), np.ones((8, 8))).astype(np.uint8)
        image = (palette[label] + rng.integers(-20, 20, (32, 64, 3))).clip(0, 255).astype(np.uint8)
        items.append(Item(f"scene{i}", image, label, label.astype(np.int32)))
    write_pack(folder, "train", items)
    facts = {
        "kind": "streets",
        "task": "translation",
        "synthetic": True,
        "num_labels": LABELS,
        "has_instances": True,
        "eval_map": [255, 0, 1, 2, 2],
        "eval_names": ["a", "b", "c"],
        "height": 32,
        "width": 64,
        "channels": 3,
    }
    write_json(folder / "dataset.json", facts)
    return folder


@pytest.fixture(scope="session")
def photo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four smooth gray photographs of different sizes."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(1)
    sizes = [(40, 56), (56, 40), (48, 48), (33, 70)]
    coarse = [rng.integers(0, 256, (h // 8 + 1, w // 8 + 1)) for h, w in sizes]
    images = [np.kron(c, np.ones((8, 8)))[:h, :w].astype(np.uint8) for c, (h, w) in zip(coarse, sizes, strict=True)]
    write_pack(folder, "train", [Item(f"photo{i}", image) for i, image in enumerate(images)])
    write_json(folder / "dataset.json", {"kind": "photos", "task": "restoration", "synthetic": False, "channels": 1})
    return folder


NARROW = {"width": 4, "max_width": 8, "depth": 1, "mlp_width": 8}


def gan_settings(**changes: object) -> AdversarialSettings:
    """A GAN that takes milliseconds per step."""
    values = {
        "architecture": "asapnet",
        "options": NARROW,
        "discriminator_options": {"width": 4, "layers": 3},
        "batch": 2,
        "presentations": 24,
        "perceptual": 0,
        "learning_rate": 1e-3,
        "device": "cpu",
        "log_every": 5,
        "checkpoint_every": 3,
    }
    return AdversarialSettings.model_validate(values | changes)


def denoising_settings(**changes: object) -> DenoisingSettings:
    """A DnCNN that takes milliseconds per step."""
    values = {
        "architecture": "dncnn",
        "options": {"depth": 4, "width": 8},
        "batch": 4,
        "steps": 12,
        "patch": 16,
        "stride": 5,
        "scales": [1.0, 0.8],
        "device": "cpu",
        "log_every": 5,
        "checkpoint_every": 3,
    }
    return DenoisingSettings.model_validate(values | changes)


def segmentation_settings(**changes: object) -> SegmentationSettings:
    """A segmenter of one stage."""
    values = {
        "architecture": "segmenter",
        "options": {"stages": 1, "width": 8},
        "batch": 3,
        "presentations": 24,
        "device": "cpu",
        "log_every": 5,
        "checkpoint_every": 3,
    }
    return SegmentationSettings.model_validate(values | changes)
