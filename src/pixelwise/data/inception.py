"""FID's Inception weights under the names of pytorch-fid's state dict, from its own file or from a TorchScript copy.

Both hold the network of TensorFlow's `inception-2015-12-05`. The TorchScript copy names layers as TensorFlow did, has
no classifier and no BatchNorm scale (it is 1 everywhere). The classifier is left out: no FID feature depends on it.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from pixelwise.errors import PixelwiseError
from pixelwise.files.tensors import plain, unpickled

STEM = ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3")


def _tower(branch: str, count: int) -> list[str]:
    return [f"{branch}_{number}" for number in range(1, count + 1)]


# For each kind of block: tower in the TorchScript copy -> pytorch-fid's names of its convolutions, in order.
_A = {
    "": ["branch1x1"],
    "tower.": _tower("branch5x5", 2),
    "tower_1.": _tower("branch3x3dbl", 3),
    "tower_2.": ["branch_pool"],
}
_B = {"": ["branch3x3"], "tower.": _tower("branch3x3dbl", 3)}
_C = {
    "": ["branch1x1"],
    "tower.": _tower("branch7x7", 3),
    "tower_1.": _tower("branch7x7dbl", 5),
    "tower_2.": ["branch_pool"],
}
_D = {"tower.": _tower("branch3x3", 2), "tower_1.": _tower("branch7x7x3", 4)}
_E = {
    "": ["branch1x1"],
    "tower_": ["branch3x3_1"],
    "tower_mixed_": ["branch3x3_2a", "branch3x3_2b"],
    "tower_1_": ["branch3x3dbl_1", "branch3x3dbl_2"],
    "tower_1_mixed_": ["branch3x3dbl_3a", "branch3x3dbl_3b"],
    "tower_2_": ["branch_pool"],
}
BLOCKS = {"5b": _A, "5c": _A, "5d": _A, "6a": _B, "6b": _C, "6c": _C, "6d": _C, "6e": _C, "7a": _D, "7b": _E, "7c": _E}
# Tensor of a layer in pytorch-fid -> in the copy.
TENSORS = {"conv.weight": "weight", "bn.bias": "beta", "bn.running_mean": "mean", "bn.running_var": "var"}


def layers() -> dict[str, str]:
    """pytorch-fid's name of each convolution -> its name in the TorchScript copy; 94 of them."""
    names = {name: "net.layers.conv" + (f"_{number}" if number else "") for number, name in enumerate(STEM)}
    for position, (block, towers) in enumerate(BLOCKS.items()):
        prefix = "net.layers.mixed" + (f"_{position}" if position else "")
        for tower, branches in towers.items():
            for number, branch in enumerate(branches):
                names[f"Mixed_{block}.{branch}"] = f"{prefix}.{tower}conv" + (f"_{number}" if number else "")
    return names


def from_torchscript(path: Path) -> dict[str, Tensor]:
    """Read the TorchScript copy. Its checksum must have been verified: loading it runs code from the file.

    Returns:
        pytorch-fid's names -> float32 tensors, without the classifier.

    Raises:
        PixelwiseError: If a tensor is missing or left over.
    """
    given = dict(torch.jit.load(str(path), map_location="cpu").state_dict())  # type: ignore[no-untyped-call]
    state: dict[str, Tensor] = {}
    for name, other in layers().items():
        for tensor, short in TENSORS.items():
            if f"{other}.{short}" not in given:
                raise PixelwiseError(f"{path}: no tensor {other}.{short}; expected is FID's Inception as TorchScript")
            state[f"{name}.{tensor}"] = given.pop(f"{other}.{short}").contiguous()
        state[f"{name}.bn.weight"] = torch.ones_like(state[f"{name}.bn.bias"])
    if given:
        raise PixelwiseError(f"{path}: tensor {next(iter(given))} is not part of FID's Inception")
    return state


def from_official(path: Path) -> dict[str, Tensor]:
    """Read pytorch-fid's own file.

    Returns:
        Its tensors without the classifier and without BatchNorm's counters.

    Raises:
        PixelwiseError: If it is no state dict, or if a tensor is missing or left over.
    """
    given = read_state(path)
    wanted = [f"{name}.{tensor}" for name in layers() for tensor in (*TENSORS, "bn.weight")]
    return take(path, given, wanted, ignored=("fc.", "num_batches_tracked"))


def read_state(path: Path) -> dict[str, Tensor]:
    """Read a state dict that torch.save wrote, without running code from the file.

    Raises:
        PixelwiseError: If it is none, or a value is not finite.
    """
    given = unpickled(path)
    if not isinstance(given, dict):
        raise PixelwiseError(f"{path}: holds {type(given).__name__}; a state dict of tensors is needed")
    return plain(path, given)


def take(path: Path, given: dict[str, Tensor], wanted: list[str], ignored: tuple[str, ...]) -> dict[str, Tensor]:
    """The wanted tensors; every other must begin or end with one of the ignored names.

    Raises:
        PixelwiseError: Naming the first tensor that is missing or left over.
    """
    for name in wanted:
        if name not in given:
            raise PixelwiseError(f"{path}: no tensor {name}")
    for name in set(given) - set(wanted):
        if not name.startswith(ignored) and not name.endswith(ignored):
            raise PixelwiseError(f"{path}: unexpected tensor {name}")
    return {name: given[name].detach().contiguous() for name in wanted}
