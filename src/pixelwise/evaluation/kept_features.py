"""Features of pictures that a job computes once and keeps."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pixelwise.artifacts import atomic
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import compared_pictures, features
from pixelwise.evaluation.statistics import FloatArray


class Extractor:
    """Features of pictures; the network is loaded when it is first needed, and what was computed is kept in `work`.

    Args:
        inception: Folder of the network's weights.
        device: Where it computes.
        batch: Pictures per forward pass.
        work: Folder that keeps the features.
    """

    def __init__(self, inception: Path, device: torch.device, batch: int, work: Path) -> None:
        self.inception, self.device, self.batch, self.work = inception, device, batch, work

    @functools.cached_property
    def network(self) -> nn.Module:
        """The Inception network."""
        return features.load_inception(self.inception, self.device)

    def features(self, role: str, pictures: compared_pictures.Pictures, resize: str) -> FloatArray:
        """Features of all pictures, float64 [n, 2048]."""
        path = self.work / f"{role}-{resize}.npy"
        if not path.exists():
            with atomic(path) as temporary:
                np.save(temporary, features.extract(pictures.read, len(pictures), self.network, resize, self.batch))
        return _kept(path, len(pictures))


def _kept(path: Path, count: int) -> FloatArray:
    """Features that were kept in a file.

    Raises:
        PixelwiseError: If it does not hold `count` rows of finite features.
    """
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise PixelwiseError(f"{path}: not readable ({error}); delete it to compute the features anew") from None
    if found.ndim != 2 or len(found) != count or found.dtype.kind != "f" or not np.isfinite(found).all():
        raise PixelwiseError(f"{path}: not the features of {count} images; delete it to compute them anew")
    return np.asarray(found)
