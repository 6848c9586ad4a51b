"""Write a MatConvNet network the way MATLAB v7.3 stores it: HDF5, axes reversed, cells as references, text as codes."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np


def matlab_array(group: h5py.Group, name: str, array: np.ndarray) -> h5py.Dataset:
    """MATLAB's column-major array: trailing axes of length 1 are dropped (down to two), the rest is stored reversed."""
    array = np.asarray(array, np.float32)
    while array.ndim > 2 and array.shape[-1] == 1:
        array = array[..., 0]
    while array.ndim < 2:
        array = array[..., None]
    return group.create_dataset(name, data=array.transpose())


def write_matlab(path: Path, layers: list[tuple[str, list[np.ndarray]]]) -> None:
    """Write `net.layers`: a cell array of structs with `type` and the cell array `weights`."""
    with h5py.File(path, "w") as file:
        store = file.create_group("#refs#")
        structs = []
        for index, (kind, weights) in enumerate(layers):
            struct = store.create_group(f"layer{index}")
            codes = np.array([[ord(letter)] for letter in kind], np.uint16)
            struct.create_dataset("type", data=codes)
            cells = [matlab_array(store, f"w{index}_{i}", weight).ref for i, weight in enumerate(weights)]
            if weights:
                struct.create_dataset("weights", data=np.array(cells, dtype=h5py.ref_dtype)[:, None])
            structs.append(struct.ref)
        file.create_group("net").create_dataset("layers", data=np.array(structs, dtype=h5py.ref_dtype)[:, None])
