"""Small networks, and the commands that apply them to pictures on disk."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from pixelwise.cli import app
from pixelwise.data import semantics
from pixelwise.evaluation.generator import to_bytes
from pixelwise.models import build, checkpoint

OPTIONS = {"num_labels": 5, "tile": 8, "learned_factor": 8, "width": 8, "max_width": 16, "depth": 1, "mlp_width": 8}
DENOISER = {"channels": 1, "depth": 5, "width": 4}


def generator(path, **extra):
    torch.manual_seed(0)
    edge = extra.pop("instance_edge", False)
    options = OPTIONS | {"instance_edge": edge}
    checkpoint.save(path, build("asapnet", **options), "asapnet", options, extra)
    return path


def denoiser(path):
    torch.manual_seed(0)
    checkpoint.save(path, build("dncnn", **DENOISER), "dncnn", DENOISER)
    return path


def ids(height, width, seed=0):
    """A label map of blocks."""
    blocks = np.random.default_rng(seed).integers(0, 5, (-(-height // 6), -(-width // 6)), dtype=np.uint8)
    return np.kron(blocks, np.ones((6, 6), np.uint8))[:height, :width]


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def network(path, label, instance=None):
    """What the network makes of a map of legal size, uint8 [H, W, 3]."""
    module, _ = checkpoint.load(path)
    planes = [None if each is None else torch.from_numpy(each.astype(np.int64))[None] for each in (label, instance)]
    with torch.inference_mode():
        return to_bytes(module(semantics(planes[0], planes[1], 5)))[0]


def run(*words):
    app([str(word) for word in words], standalone_mode=False)


def read(path):
    return np.asarray(Image.open(path))
