"""Layouts of DnCNN's released files: batch norms folded or not, and MATLAB v7.3 files of MatConvNet networks.

Source: docs/reference/models.md, "DnCNN variants" (cszn/KAIR utils/utils_bnorm.py; cszn/DnCNN model/specifics,
utilities/vl_simplenn_mergebnorm.m).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.files.tensors import MOST_BYTES, first_line
from pixelwise.models.architectures.dncnn import BATCH_NORM, DnCNN, Variant, fold
from pixelwise.models.official.official_keys import official_keys

MOST_LAYERS = 128  # of a MATLAB file; each may take its share of the memory bound
Layer = dict[str, Any]


def adapt_dncnn(module: DnCNN, found: Mapping[str, Tensor], where: str) -> dict[str, Tensor]:
    """Bring a state dict to the layout of the module where folding or unfolding batch norms is all that differs.

    Args:
        module: Where the weights will go.
        found: State dict under official names.
        where: File or other origin to name in errors.

    Returns:
        The state dict, folded if the module has no batch norms and the file has; with batch norms that change nothing
        if the module is KAIR's and the file is folded; otherwise as it was.

    Raises:
        PixelwiseError: If batch norms are to be folded and a tensor is of another shape; it is named.
    """
    folded = "model.4.weight" in found and found["model.4.weight"].dim() == 4
    if module.variant == "merged" and not folded:
        variant: Variant = "saoyan" if "dncnn.0.weight" in found else "kair"
        first = found.get("dncnn.0.weight", found.get("model.0.weight"))
        width = cast(nn.Conv2d, module.convs[0]).out_channels
        if first is not None and first.dim() == 4 and first.shape[0] == width:
            source = DnCNN(module.channels, len(module.convs), width, variant)
            keys = official_keys(source)
            for key, tensor in source.state_dict().items():
                given = found.get(keys[key], tensor)
                if (given.shape, given.dtype) != (tensor.shape, tensor.dtype):
                    what = f"{tuple(given.shape)}, {given.dtype}"
                    raise PixelwiseError(
                        f"{where}: {keys[key]} is {what}; the model needs {tuple(tensor.shape)}, {tensor.dtype}"
                    )
            if all(official in found or key.endswith("tracked") for key, official in keys.items()):
                source.load_state_dict({key: found[name] for key, name in keys.items() if name in found}, strict=False)
                merged = fold(source)
                return {official_keys(merged)[key]: tensor for key, tensor in merged.state_dict().items()}
    if module.variant == "kair" and folded:
        return _unfold(module, found)
    return dict(found)


def options_of_file(found: Mapping[str, Tensor]) -> dict[str, Any]:
    """The options of the DnCNN that a state dict under official names belongs to; empty if it shows none."""
    places = {key: re.fullmatch(r"(?:dncnn|model)\.(\d+)\.weight", key) for key in found}
    weights = {int(place[1]): found[key] for key, place in places.items() if place and found[key].dim() == 4}
    if not weights:
        return {}
    first = weights[min(weights)]
    variant: Variant = "saoyan" if "dncnn.0.weight" in found else "merged" if 4 in weights else "kair"
    return {"channels": first.shape[1], "depth": len(weights), "width": first.shape[0], "variant": variant}


def _unfold(module: DnCNN, found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Folded layout -> convolutions followed by batch norms that change nothing (variance 1 - eps)."""
    names, single = official_keys(module), {f"convs.{i}": f"model.{2 * i}" for i in range(len(module.convs))}
    result: dict[str, Tensor] = {}
    used = set()
    for key, own in module.state_dict().items():
        owner, leaf = key.rsplit(".", 1)
        if owner in single:
            official = f"{single[owner]}.{leaf}"
            used.add(official)
            if official in found:
                result[names[key]] = found[official]
        else:
            value = {"weight": 1.0, "running_var": 1.0 - BATCH_NORM["kair"][0]}.get(leaf, 0.0)
            result[names[key]] = torch.full_like(own, value, device="cpu")
    return result | {key: tensor for key, tensor in found.items() if key not in used}


def read_matlab(path: Path) -> dict[str, Tensor]:
    """Read a MatConvNet network of convolutions, batch norms and ReLUs from a MATLAB v7.3 file (which is HDF5).

    The variable `net` (or the only variable with layers) has a cell array `layers` of structs with `type` and `weights`
    {filters [h, w, in, out], biases} or, for `bnorm`, {scale, shift, [mean, sigma]}; HDF5 gives the axes reversed.
    Batch norms are folded: w' = w scale / sigma, b' = (b - mean) scale / sigma + shift.

    Returns:
        KAIR's names of the folded layout: `model.{0, 2, 4, ...}.{weight, bias}`, float32.

    Raises:
        PixelwiseError: If the file is not of this kind.
    """
    try:
        with h5py.File(path, "r") as file, np.errstate(all="ignore"):  # what is not finite is named by the reader
            return _matlab_tensors(path, _matlab_layers(file))
    except (OSError, LookupError, AttributeError, TypeError, ValueError, RuntimeError, StopIteration) as error:
        reason = first_line(error)
        raise PixelwiseError(f"{path}: not a MATLAB v7.3 file of a MatConvNet network ({reason})") from None


def _matlab_tensors(path: Path, layers: list[Layer]) -> dict[str, Tensor]:
    """Layers -> KAIR's names of the folded layout."""
    convolutions: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for layer in layers:
        if layer["type"] == "conv":
            weight = _filters(layer["weights"][0], convolutions)
            bias = layer["weights"][1].reshape(-1) if len(layer["weights"]) > 1 else np.zeros(len(weight))
            convolutions.append((weight, bias if bias.size else np.zeros(len(weight))))
        elif layer["type"] == "bnorm" and convolutions:
            scale, shift = (layer["weights"][i].reshape(-1) for i in (0, 1))
            mean, sigma = layer["weights"][2].reshape(2, -1)
            weight, bias = convolutions[-1]
            factor = scale / sigma
            convolutions[-1] = (weight * factor[:, None, None, None], (bias - mean) * factor + shift)
        elif layer["type"] not in ("relu", "loss"):
            raise PixelwiseError(f"{path}: layer of type {layer['type']!r}; allowed are conv, bnorm, relu, loss")
    if not convolutions:
        raise PixelwiseError(f"{path}: has no layer of type 'conv'")
    tensors: dict[str, Tensor] = {}
    for index, (weight, bias) in enumerate(convolutions):
        tensors[f"model.{2 * index}.weight"] = torch.from_numpy(weight.astype(np.float32))
        tensors[f"model.{2 * index}.bias"] = torch.from_numpy(bias.astype(np.float32))
    return tensors


def _filters(stored: NDArray[np.float64], before: list[Any]) -> NDArray[np.float64]:
    """[(out,) in, w, h] as HDF5 gives it -> [out, in, h, w]; MATLAB drops trailing axes of length 1."""
    if stored.ndim == 2:
        stored = stored[None]
    if stored.ndim == 3:
        inputs = len(before[-1][0]) if before else 1
        stored = stored[None] if len(stored) == inputs else stored[:, None]
    return np.ascontiguousarray(stored.transpose(0, 1, 3, 2))


def _matlab_layers(file: h5py.File) -> list[Layer]:
    """The structs of the cell array `layers`, with `type` as text and `weights` as a list of arrays."""
    names = ["net", *(name for name in file if name not in ("net", "#refs#"))]
    net = next(file[name] for name in names if name in file and "layers" in file[name])
    layers: list[Layer] = []
    references = _bounded(net["layers"]).reshape(-1)
    if len(references) > MOST_LAYERS:
        raise ValueError(f"{len(references)} layers; at most {MOST_LAYERS} are allowed")
    for reference in references:
        struct = file[reference]
        kind = "".join(chr(code) for code in _bounded(struct["type"]).reshape(-1))
        if "weights" in struct and struct["weights"].dtype == h5py.ref_dtype:
            cells = [file[cell] for cell in _bounded(struct["weights"]).reshape(-1)]
        else:
            cells = [struct[field] for field in ("filters", "biases") if field in struct]
        layers.append({"type": kind, "weights": [_array(cell) for cell in cells]})
    return layers


def _array(cell: h5py.Dataset) -> NDArray[np.float64]:
    """A stored array; MATLAB stores the shape in place of the values of an empty one."""
    return np.zeros(0) if cell.attrs.get("MATLAB_empty", 0) else _bounded(cell).astype(np.float64)


def _bounded(cell: h5py.Dataset) -> NDArray[Any]:
    """The values of a stored array that is not larger than the memory bound: HDF5 needs no bytes for a fill value."""
    if not isinstance(cell, h5py.Dataset) or 8 * math.prod(cell.shape or ()) > MOST_BYTES // MOST_LAYERS:
        raise ValueError(f"{cell} holds more than {MOST_BYTES // MOST_LAYERS} bytes, or none")
    return np.asarray(cell)
