"""MATLAB v7.3 files of MatConvNet networks.

Source: cszn/DnCNN model/specifics, utilities/vl_simplenn_mergebnorm.m.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.errors import PixelwiseError
from pixelwise.files.tensors import MOST_BYTES, first_line

MOST_LAYERS = 128  # of a MATLAB file; each may take its share of the memory bound
Layer = dict[str, Any]


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
