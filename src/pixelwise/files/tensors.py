"""Tensors of files that somebody else may have written: bounded before they are read, plain and finite afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from pixelwise.errors import PixelwiseError
from pixelwise.files import pickled

MOST_BYTES = 2**32
"""The most that the weights of one network may take, in bytes (4 GiB): files and options that ask for more are refused
before anything is allocated. The largest published network here, pix2pixHD's, takes 730 MB."""
MOST_HEADER = 2**24  # bytes of a safetensors header
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
WHOLE = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def from_safetensors(
    path: Path | str, what: str = "readable as safetensors"
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a safetensors file, plain (see `plain`) and independent of the file, and its metadata.

    Args:
        path: The file.
        what: What errors say that a damaged file is not.

    Raises:
        PixelwiseError: If the file is missing, damaged or too large, or a tensor is not plain.
    """
    path = existing(path)
    try:
        with open(path, "rb") as raw:
            header = int.from_bytes(raw.read(8), "little")
        if header > MOST_HEADER:
            raise ValueError(f"a header of {header} bytes; at most {MOST_HEADER} are allowed")
        with safe_open(path, framework="pt", device="cpu") as stream:
            names = list(stream.keys())
            tensors = {name: stream.get_tensor(name).clone() for name in names}
            metadata = dict(stream.metadata() or {})
    except (ValueError, KeyError, AttributeError, TypeError, RuntimeError, SafetensorError) as error:
        raise PixelwiseError(f"{path}: not {what} ({first_line(error)})") from None
    return plain(path, tensors), metadata


def unpickled(path: Path | str) -> Any:
    """What torch.save wrote, with nothing in it but tensors and plain values.

    Raises:
        PixelwiseError: If the file is missing, damaged or too large, or holds anything else.
    """
    path = existing(path)
    try:
        needed = pickled.measure(path)
        if needed <= MOST_BYTES:
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged or harmful pickle stream may raise anything
        raise PixelwiseError(f"{path}: not readable as plain weights ({first_line(error)})") from None
    raise PixelwiseError(f"{path}: tensors of {needed} bytes; at most {MOST_BYTES} are allowed")


def existing(path: Path | str) -> Path:
    """The path of a file that is there and not too large.

    Raises:
        PixelwiseError: If it is not.
    """
    path = Path(path)
    if not path.is_file():
        raise PixelwiseError(f"{path}: not readable (no such file)")
    if (size := path.stat().st_size) > MOST_BYTES:
        raise PixelwiseError(f"{path}: {size} bytes; at most {MOST_BYTES} are allowed")
    return path


def plain(path: Path | str, state: Mapping[Any, Any]) -> dict[str, Tensor]:
    """Check a state dict; every floating-point tensor becomes float32, which must lose nothing.

    Args:
        path: File to name in errors.
        state: Names and tensors.

    Returns:
        The same names; float32 or whole numbers, dense, on the CPU.

    Raises:
        PixelwiseError: Naming the first entry that is no tensor or no dense one, has a type that float32 can't hold
            exactly, a value that is not finite, or a variance below zero.
    """
    return {_name(path, key): _plain(f"{path}: {key}", str(key), value) for key, value in state.items()}


def _name(path: Path | str, key: Any) -> str:
    if not isinstance(key, str):
        raise PixelwiseError(f"{path}: {key!r} in place of a tensor's name; a state dict of tensors is needed")
    return key


def _plain(place: str, key: str, value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise PixelwiseError(f"{place} is {type(value).__name__}; a state dict of tensors is needed")
    if value.layout != torch.strided or value.is_quantized or value.device.type != "cpu":
        raise PixelwiseError(f"{place} is no dense tensor; allowed are dense tensors of numbers")
    if value.numel() * max(4, value.element_size()) > MOST_BYTES:
        raise PixelwiseError(f"{place} has shape {tuple(value.shape)}; at most {MOST_BYTES} bytes are allowed")
    if value.dtype in WHOLE:
        return value
    if value.dtype not in FLOATS:
        allowed = ", ".join(str(kind).removeprefix("torch.") for kind in (*FLOATS, *WHOLE))
        raise PixelwiseError(f"{place} is of type {str(value.dtype).removeprefix('torch.')}; allowed are {allowed}")
    lowest, highest = (float(edge) for edge in value.aminmax()) if value.numel() else (0.0, 0.0)
    if not torch.isfinite(torch.tensor([lowest, highest], dtype=torch.float64)).all():
        raise PixelwiseError(f"{place} holds a value that is not finite (NaN or infinite); all must be finite")
    if key.endswith("running_var") and lowest < 0:
        raise PixelwiseError(f"{place} holds {lowest:g}; a variance is 0 or more")
    single = value.to(torch.float32)
    if value.dtype == torch.float64 and not torch.equal(single.double(), value):
        raise PixelwiseError(f"{place} is of type float64 with values that float32 can't hold; convert it first")
    return single


def first_line(error: BaseException) -> str:
    """An error's message in a few words, or the name of its class."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
