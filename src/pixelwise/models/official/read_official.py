"""Tensors of files as others publish them, whatever network they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from pixelwise.errors import PixelwiseError
from pixelwise.files.tensors import existing, from_safetensors, plain, unpickled
from pixelwise.models.official.matlab import read_matlab

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Entries under which training scripts nest a state dict, such as DRN's {epoch, arch, state_dict, best_prec1}."""


def read(path: str | Path) -> dict[str, Tensor]:
    """Read the tensors of a file: .safetensors, .mat (DnCNN, MATLAB v7.3), anything else as torch.save wrote it.

    Raises:
        PixelwiseError: If the file is missing or too large, or holds anything but finite tensors and plain values.
    """
    path = existing(path)
    if path.suffix == ".mat":
        return plain(path, read_matlab(path))
    if path.suffix == ".safetensors":
        return from_safetensors(path)[0]
    document = unpickled(path)
    for wrapper in WRAPPERS:
        if isinstance(document, Mapping) and isinstance(document.get(wrapper), Mapping):
            document = document[wrapper]
    if not isinstance(document, Mapping):
        raise PixelwiseError(f"{path}: holds {type(document).__name__}; a state dict of tensors is needed")
    return plain(path, document)


def strip(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Remove DataParallel's prefix if every key has it."""
    if found and all(key.startswith("module.") for key in found):
        return {key.removeprefix("module."): tensor for key, tensor in found.items()}
    return dict(found)
