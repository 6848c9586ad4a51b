"""Small real checkpoints, and files that look like them."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pixelwise.models import checkpoint
from pixelwise.models.registry import build

DENOISER = ("dncnn", {"depth": 3, "width": 4, "channels": 1})
GENERATOR = (
    "asapnet",
    {"num_labels": 5, "instance_edge": False, "width": 4, "max_width": 8, "depth": 1, "mlp_width": 8, "tile": 4}
    | {"learned_factor": 4},
)
SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1}
Header = dict[str, Any]


def write(folder: Path) -> None:
    """`denoiser.safetensors`, `generator.safetensors` and `official.pth` in a folder."""
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    for file, (name, options) in {"denoiser": DENOISER, "generator": GENERATOR}.items():
        module = build(name, **options)
        checkpoint.save(folder / f"{file}.safetensors", module, name, options, {"sigma": 25.0, "degradation": "noise"})
    torch.save(official(), folder / "official.pth")


def official() -> dict[str, torch.Tensor]:
    """A DnCNN of three layers under the names of its PyTorch code (KAIR)."""
    generator = torch.Generator().manual_seed(0)
    shapes = {"model.0": (4, 1, 3, 3), "model.2": (4, 4, 3, 3), "model.4": (1, 4, 3, 3)}
    weights = {f"{key}.weight": torch.randn(shape, generator=generator) / 10 for key, shape in shapes.items()}
    return weights | {f"{key}.bias": torch.zeros(shape[0]) for key, shape in shapes.items()}


def parts(content: bytes) -> tuple[Header, bytes]:
    """Header and data of a safetensors file."""
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def joined(header: Any, data: bytes) -> bytes:
    """A safetensors file of a header and data."""
    text = json.dumps(header, default=str).encode()
    return struct.pack("<Q", len(text)) + text + data


def recast(content: bytes, dtype: str) -> bytes:
    """The same file with every tensor as another number type, its values zero; well formed."""
    header, _ = parts(content)
    place = 0
    for name, entry in header.items():
        if name != "__metadata__":
            size = int(np.prod(entry["shape"], dtype=np.int64)) * SIZES[dtype]
            entry.update({"dtype": dtype, "data_offsets": [place, place + size]})
            place += size
    return joined(header, bytes(place))


def information(content: bytes) -> Any:
    """What a checkpoint says about itself."""
    return json.loads(parts(content)[0]["__metadata__"]["pixelwise"])


def informed(content: bytes, document: Any) -> bytes:
    """The same checkpoint that says something else about itself."""
    header, data = parts(content)
    header["__metadata__"]["pixelwise"] = document if isinstance(document, str) else json.dumps(document, default=str)
    return joined(header, data)


def values(content: bytes, number: float, which: int, whole: bool) -> bytes:
    """The same file with one number, or all, of one floating-point tensor replaced."""
    header, data = parts(content)
    entries = [entry for name, entry in header.items() if name != "__metadata__" and entry["dtype"] == "F32"]
    start, end = entries[which % len(entries)]["data_offsets"]
    array = np.frombuffer(data[start:end], dtype="<f4").copy()
    array[: None if whole else 1] = number
    return joined(header, data[:start] + array.tobytes() + data[end:])


def finite(content: bytes) -> bool:
    """Whether every float32 value of a well-formed file is a number."""
    header, data = parts(content)
    spans = [e["data_offsets"] for name, e in header.items() if name != "__metadata__" and e["dtype"] == "F32"]
    return all(np.isfinite(np.frombuffer(data[start:end], "<f4")).all() for start, end in spans)
