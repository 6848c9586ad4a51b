"""Models as their authors configure and save them: option dictionaries and checkpoints under the official names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.models.checkpoint import load_strictly
from pixelwise.models.official.official_keys import names_of, official_keys
from pixelwise.models.official.official_options import clear_options
from pixelwise.models.official.read_official import read, strip
from pixelwise.models.registry import build

__all__ = ["from_options", "load_official", "read"]


def from_options(name: str, options: Mapping[str, Any]) -> nn.Module:
    """Build a model from the options of its authors' code.

    Args:
        name: Model name, as it is declared.
        options: The official options (command-line names) or constructor arguments (`config` of a golden file); those
            that do not shape the network are ignored.

    Returns:
        The same module as `registry.build` with our own names of those options.

    Raises:
        PixelwiseError: If an option asks for something that was never published.
    """
    return build(name, **clear_options(name, options))


def load_official(module: nn.Module, source: Mapping[str, Tensor] | str | Path, name: str | None = None) -> nn.Module:
    """Fill a module with its authors' weights, strictly.

    Taken are the official names with or without DataParallel's prefix `module.`; DnCNN files with folded batch norms,
    and MATLAB v7.3 files of DnCNN; files without `num_batches_tracked`; .pth, .pt, .safetensors and .mat.

    Args:
        module: The architecture that the weights belong to.
        source: A state dict, or a file that holds one. Files are never unpickled beyond tensors.
        name: What errors call the source; by default the file.

    Returns:
        The module, in evaluation mode.

    Raises:
        PixelwiseError: If the file is unreadable or a tensor does not fit; the first wrong key is named.
    """
    where = name or ("state dict" if isinstance(source, Mapping) else str(source))
    found = strip(source if isinstance(source, Mapping) else read(source))
    if adapt := getattr(names_of(module), "adapt", None):
        found = adapt(module, found, where)
    flat = any(key.startswith("layer") for key in found)
    wanted = official_keys(module, "flat" if flat else "")
    own = module.state_dict()
    tensors: dict[str, Tensor] = {}
    for key, official in wanted.items():
        if official not in found and key.endswith("num_batches_tracked"):
            tensors[key] = torch.zeros(own[key].shape, dtype=own[key].dtype, device="cpu")
        elif official not in found:
            raise PixelwiseError(f"{where}: {official} is missing; the model needs {tuple(own[key].shape)}")
        elif found[official].shape != own[key].shape:
            shape = tuple(found[official].shape)
            raise PixelwiseError(f"{where}: {official} is {shape}; the model needs {tuple(own[key].shape)}")
        else:
            tensors[key] = found[official]
    known = set(wanted.values())
    for official in found:
        if official not in known:
            raise PixelwiseError(f"{where}: {official} is left over; the model has no such tensor")
    load_strictly(module, tensors, where)
    return module.eval()
