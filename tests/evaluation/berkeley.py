"""Packs of the Berkeley images, unpacked from copies of the public archives."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from pixelwise.artifacts import write_json
from pixelwise.data.berkeley import TEST_IDS
from pixelwise.data.pack import Pack
from pixelwise.data.pack_writing import Item, write_pack


def archive(mirror: Path, repository: str) -> zipfile.ZipFile:
    (path,) = (mirror / repository / "archive").glob("*.zip")
    return zipfile.ZipFile(path)


def pack(folder: Path, kind: str, items) -> Path:
    write_pack(folder, "val", items)
    write_json(folder / "dataset.json", {"kind": kind, "synthetic": False})
    return folder


def gray_set(mirror: Path, folder: Path, name: str, kind: str) -> Path:
    """`name` is BSD68 or Set12."""
    with archive(mirror, "cszn/DnCNN") as file:
        names = sorted(n for n in file.namelist() if f"testsets/{name}/" in n and n.endswith(".png"))
        items = [Item(Path(n).stem, np.asarray(Image.open(io.BytesIO(file.read(n))))) for n in names]
    return pack(folder, kind, items)


def photographs(mirror: Path, folder: Path, kind: str, mode: str) -> Path:
    """The 68 test photographs of BSDS500 in PIL mode `mode`."""
    with archive(mirror, "BIDS/BSDS500") as file:
        names = [n for n in file.namelist() if "/val/" in n and n.endswith(".jpg")]
        names = sorted((n for n in names if int(Path(n).stem) in TEST_IDS), key=lambda n: int(Path(n).stem))
        images = (Image.open(io.BytesIO(file.read(n))).convert(mode) for n in names)
        items = [Item(Path(n).stem, np.asarray(image)) for n, image in zip(names, images, strict=True)]
    return pack(folder, kind, items)


def val(folder: Path) -> Pack:
    return Pack(folder, "val")
