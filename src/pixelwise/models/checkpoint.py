"""Our checkpoint format: safetensors with the architecture in its metadata; strict in both directions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from pixelwise.artifacts import atomic
from pixelwise.errors import PixelwiseError
from pixelwise.models.registry import skeleton

KEY = "pixelwise"  # of the metadata entry; a single one, since the order of several is not fixed in the file


def save(
    path: Path | str, module: nn.Module, name: str, options: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> None:
    """Write a model's weights and buffers with what is needed to rebuild it; the same values give the same bytes.

    Args:
        path: File to write, atomically.
        module: A module as `registry.build(name, **options)` makes it.
        name: Model name.
        options: Its options, of JSON types.
        extra: Further facts of JSON types to keep beside them, such as the training job.
    """
    tensors = {key: value.detach().cpu().contiguous() for key, value in module.state_dict().items()}
    document = {"format": 1, "name": name, "options": dict(options), "extra": dict(extra or {})}
    with atomic(path) as temporary:
        save_file(tensors, temporary, {KEY: json.dumps(document, sort_keys=True)})


def load(path: Path | str, device: str | torch.device = "cpu") -> tuple[nn.Module, dict[str, Any]]:
    """Rebuild a model from its file.

    Returns:
        The module in evaluation mode on `device`, and {"format", "name", "options", "extra"}.

    Raises:
        PixelwiseError: If the file is missing or not of this format, or a tensor does not fit (names the first).
    """
    if not Path(path).is_file():
        raise PixelwiseError(f"{path}: no such file")
    try:
        with safe_open(path, framework="pt", device=str(device)) as stream:
            info = json.loads((stream.metadata() or {})[KEY])
            tensors = {key: stream.get_tensor(key).clone() for key in stream.keys()}  # noqa: SIM118 (no mapping)
    except (KeyError, ValueError, SafetensorError) as error:
        raise PixelwiseError(f"{path}: not a checkpoint of this program ({error})") from None
    module = skeleton(info["name"], **info["options"])
    load_strictly(module, tensors, str(path))
    return module.eval(), info


def load_strictly(module: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Give a module's parameters and buffers the tensors of the same names, without a copy where they were on "meta".

    Args:
        module: Module to fill.
        tensors: State dict in the module's own names.
        source: File or other origin to name in errors.

    Raises:
        PixelwiseError: Names the first key that is missing, left over or of another shape.
    """
    own = module.state_dict()
    for key, tensor in own.items():
        if key not in tensors:
            raise PixelwiseError(f"{source}: {key} is missing; the model needs {tuple(tensor.shape)}")
        if tensors[key].shape != tensor.shape:
            raise PixelwiseError(
                f"{source}: {key} is {tuple(tensors[key].shape)}; the model needs {tuple(tensor.shape)}"
            )
    for key in tensors:
        if key not in own:
            raise PixelwiseError(f"{source}: {key} is left over; the model has no such tensor")
    module.load_state_dict(dict(tensors), strict=True, assign=any(tensor.is_meta for tensor in own.values()))
