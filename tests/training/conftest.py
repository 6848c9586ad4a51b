"""Tiny prepared data for training tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixelwise.artifacts import write_json
from pixelwise.data.pack_writing import Item, write_pack

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
        "dontcare": False,
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
