"""Small stand-ins: an Inception network of seeded random weights, a prepared pack, generated images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_fid import inception
from safetensors.torch import save_file

from pixelwise.artifacts import write_json
from pixelwise.data.pack_writing import Item, write_pack

PALETTE = [[128, 64, 128], [70, 70, 70], [107, 142, 35], [70, 130, 180], [220, 20, 60]]
EVAL_MAP = [0, 1, 2, 255, 0]
"""Five label ids, three evaluation classes; id 3 is void and ids 0 and 4 are one class."""


def scene(seed: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A label map of rectangles and a picture of it: each label its colour, shaded and noisy."""
    rng = np.random.default_rng(seed)
    label = np.zeros((height, width), np.uint8)
    for _ in range(8):
        top, left = rng.integers(0, height - 4), rng.integers(0, width - 4)
        label[top : top + rng.integers(4, height), left : left + rng.integers(4, width)] = rng.integers(0, 5)
    shade = np.linspace(0.85, 1.1, height)[:, None, None] * rng.uniform(0.9, 1.05)
    image = np.asarray(PALETTE, float)[label] * shade + rng.normal(0, 12, (height, width, 3))
    return label, image.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """Ten scenes of 32x64 in the format of the prepare step."""
    folder = tmp_path_factory.mktemp("prepared")
    items = []
    for i in range(10):
        label, image = scene(i, 32, 64)
        items.append(Item(f"scene_{i:02d}", image, label, label.astype(np.int32)))
    names = write_pack(folder, "val", items)
    facts = {"kind": "test", "task": "translation", "synthetic": True, "num_labels": 5, "palette": PALETTE}
    facts |= {"label_names": list("abcde"), "has_instances": True, "eval_map": EVAL_MAP, "eval_names": ["x", "y", "z"]}
    facts |= {"height": 32, "width": 64, "channels": 3, "splits": {"val": {"n": 10, "names": names}}}
    write_json(folder / "dataset.json", facts)
    return folder


@pytest.fixture(scope="session")
def generated(prepared, tmp_path_factory) -> Path:
    """Pictures for the ten label maps that differ from the photographs, in the format of the generate step."""
    folder = tmp_path_factory.mktemp("generated")
    names = [f"scene_{i:02d}" for i in range(10)]
    (folder / "images").mkdir()
    for i, name in enumerate(names):
        _, image = scene(i, 32, 64)
        noise = np.random.default_rng(100 + i).normal(0, 70, image.shape)
        Image.fromarray((image * 0.7 + 40 + noise).clip(0, 255).astype(np.uint8)).save(
            folder / "images" / f"{name}.png"
        )
    write_json(folder / "generation.json", {"names": names, "n": 10, "short": False, "weights_sha256": "ab" * 32})
    return folder


@pytest.fixture(scope="session")
def inception_folder(tmp_path_factory) -> Path:
    """Output of the weights step, but with random weights scaled so that activations keep their size."""
    folder = tmp_path_factory.mktemp("inception")
    generator = torch.Generator().manual_seed(0)
    captured = {}

    def grab(self, state, strict=True):
        captured.update(self.state_dict())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(inception.torchvision.models.Inception3, "load_state_dict", grab)
        inception.fid_inception_v3()
    state = {}
    for name, tensor in captured.items():
        if name.endswith("num_batches_tracked"):
            continue
        if tensor.dim() == 4:
            scale = (2 / tensor[0].numel()) ** 0.5
            state[name] = torch.randn(tensor.shape, generator=generator) * scale
        else:
            state[name] = tensor.clone()
    save_file(state, folder / "inception.safetensors")
    return folder


@pytest.fixture
def work(tmp_path) -> Iterator[Path]:
    """An empty folder for a step's own state."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder
