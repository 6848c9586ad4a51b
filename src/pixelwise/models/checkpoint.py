"""Our checkpoint format: safetensors with the architecture in its metadata; strict in both directions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors.torch import save_file
from torch import Tensor, nn

from pixelwise.artifacts import atomic
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import line
from pixelwise.files.tensors import first_line, from_safetensors
from pixelwise.models.registry import NAMES, skeleton
from pixelwise.settings.models import CheckpointInfo

KEY = "pixelwise"  # of the metadata entry; a single one, since the order of several is not fixed in the file
FORMAT = 1


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
    document = {"format": FORMAT, "name": name, "options": dict(options), "extra": dict(extra or {})}
    with atomic(path) as temporary:
        save_file(tensors, temporary, {KEY: json.dumps(document, sort_keys=True)})


def load(path: Path | str, device: str | torch.device = "cpu") -> tuple[nn.Module, dict[str, Any]]:
    """Rebuild a model from its file.

    Returns:
        The module in evaluation mode on `device`, and {"format", "name", "options", "extra"}.

    Raises:
        PixelwiseError: If the file is missing, not of this format or too large, if a value is not finite, or if a
            tensor does not fit (names the first).
    """
    tensors, metadata = from_safetensors(path, "a checkpoint of this program")
    info = _info(path, metadata)
    try:
        module = skeleton(info["name"], **info["options"])
    except PixelwiseError as error:
        raise PixelwiseError(f"{path}: {error}") from None
    load_strictly(module, tensors, str(path))
    return module.eval().to(device), info


def _info(path: Path | str, metadata: Mapping[str, str]) -> dict[str, Any]:
    """What the metadata of a checkpoint say, validated."""
    if KEY not in metadata:
        raise PixelwiseError(f"{path}: not a checkpoint of this program (its metadata have no entry {KEY!r})")
    try:
        document = json.loads(metadata[KEY])
    except (ValueError, RecursionError) as error:
        raise PixelwiseError(f"{path}: not a checkpoint of this program ({KEY}: {first_line(error)})") from None
    found = document.get("format") if isinstance(document, dict) else None
    if type(found) is not int or found != FORMAT:
        raise PixelwiseError(f"{path}: checkpoint format {found!r:.60}; allowed is {FORMAT}")
    try:
        info = CheckpointInfo.model_validate(document)
    except (ValidationError, RecursionError) as error:
        wrong = f"{KEY}: nested too deep"
        if isinstance(error, ValidationError):
            wrong = line(error, CheckpointInfo, [KEY])
        raise PixelwiseError(f"{path}: {wrong}; not a checkpoint of this program") from None
    if info.name not in NAMES:
        raise PixelwiseError(f"{path}: model {info.name!r:.60}; allowed are {', '.join(NAMES)}")
    return {"format": FORMAT, "name": info.name, "options": info.options, "extra": document.get("extra", {})}


def load_strictly(module: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Give a module's parameters and buffers the tensors of the same names, without a copy where they were on "meta".

    Args:
        module: Module to fill.
        tensors: State dict in the module's own names.
        source: File or other origin to name in errors.

    Raises:
        PixelwiseError: Names the first key that is missing, left over, or of another shape or type.
    """
    own = module.state_dict()
    for key, tensor in own.items():
        if key not in tensors:
            raise PixelwiseError(f"{source}: {key} is missing; the model needs {tuple(tensor.shape)}")
        if tensors[key].shape != tensor.shape:
            raise PixelwiseError(
                f"{source}: {key} is {tuple(tensors[key].shape)}; the model needs {tuple(tensor.shape)}"
            )
        if tensors[key].dtype != tensor.dtype:
            raise PixelwiseError(f"{source}: {key} is of type {tensors[key].dtype}; the model needs {tensor.dtype}")
    for key in tensors:
        if key not in own:
            raise PixelwiseError(f"{source}: {key} is left over; the model has no such tensor")
    module.load_state_dict(dict(tensors), strict=True, assign=any(tensor.is_meta for tensor in own.values()))
