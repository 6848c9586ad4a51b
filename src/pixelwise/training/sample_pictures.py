"""What a network in training makes of fixed validation pictures: the parts that all kinds of training share.

Nothing of the training changes: no weight, no running mean, and no state of a random generator.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pixelwise.data.pack import Pack

Row = list[NDArray[np.uint8]]
"""Pictures of one example, uint8 [H, W, 3] each: what goes in, what comes out, what is wanted."""
COUNT = 3
"""Examples of a sample picture."""


@contextmanager
def evaluating(module: nn.Module) -> Iterator[nn.Module]:
    """A network as it computes when trained, without gradients; afterwards each layer is in its mode again."""
    modes = {layer: layer.training for layer in module.modules()}
    try:
        with torch.no_grad():
            yield module.eval()
    finally:
        for layer, mode in modes.items():
            layer.training = mode


def validation(folder: Path) -> Iterator[tuple[Pack, int]]:
    """The pack and the numbers of the first validation pictures; none if the data have none."""
    pack = Pack(folder, "val") if (folder / "val.json").is_file() else ()
    for number in range(min(COUNT, len(pack))):
        assert isinstance(pack, Pack)
        yield pack, number


def as_bytes(image: Tensor) -> NDArray[np.uint8]:
    """[1 or 3, H, W] on the scale where white is 1 -> uint8 [H, W, 3]."""
    levels = (image.float().clamp(0, 1) * 255).round().byte().expand(3, -1, -1)
    return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy())


def coloured(ids: NDArray[np.uint8], palette: list[tuple[int, int, int]]) -> NDArray[np.uint8]:
    """Label map [H, W] -> its colours; ids beyond the palette are black."""
    table = np.zeros((256, 3), np.uint8)
    table[: len(palette)] = np.reshape(palette, (-1, 3))
    return table[ids]
