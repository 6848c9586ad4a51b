"""Folders as people have them: each layout of paired data, faithful in names, modes, suffixes and what lies beside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from pixelwise.data.cityscapes_layout import table
from tests.data.builders import png

Example = tuple[np.ndarray, np.ndarray]
"""Photograph uint8 [H, W, 3] and label ids uint8 [H, W]."""
COLOURS = {
    "Sky": (128, 128, 128),
    "Road": (128, 64, 128),
    "Car": (64, 0, 128),
    "Tree": (128, 128, 0),
    "Void": (0, 0, 0),
}


def drawn(count: int, labels: int = 5, size: tuple[int, int] = (37, 53), block: int = 9) -> Iterator[Example]:
    """Blocks of ids, and photographs with grain whose colour follows the id; sizes differ from picture to picture."""
    rng = np.random.default_rng(0)
    for number in range(count):
        height, width = size[0] + number % 2, size[1] + number % 3
        blocks = rng.integers(0, labels, (height // block + 1, width // block + 1))
        ids = blocks.repeat(block, 0).repeat(block, 1)[:height, :width].astype(np.uint8)
        ids[:2, : min(width, labels)] = np.arange(labels)[:width]
        tint = rng.integers(0, 200, (256, 3)) if not number else tint  # noqa: F821
        photo = tint[ids] + rng.integers(0, 56, (height, width, 3))
        yield photo.astype(np.uint8), ids


def jpg(path: Path, array: np.ndarray, quality: int = 92) -> Path:
    """Write a JPEG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, "JPEG", quality=quality)
    return path


def palette_png(path: Path, ids: np.ndarray, colours: list[tuple[int, int, int]]) -> Path:
    """Write indices with a palette."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(ids, "P")
    image.putpalette([value for colour in colours for value in colour])
    image.save(path)
    return path


def instance(ids: np.ndarray) -> np.ndarray:
    """Cityscapes' instance ids: the class, or 1000 times the class and a number for things."""
    wide = ids.astype(np.uint16)
    return np.where(wide >= 24, wide * 1000 + 1, wide).astype(np.uint16)


def pix2pixhd(root: Path, examples: list[Example]) -> Path:
    """`datasets/cityscapes` of pix2pixHD: the test folders have no photographs."""
    for number, (photo, ids) in enumerate(examples):
        stem = f"aachen_{number:06d}_000019"
        split = "test" if number >= len(examples) - 2 else "train"
        png(root / f"{split}_label/{stem}_gtFine_labelIds.png", ids)
        png(root / f"{split}_inst/{stem}_gtFine_instanceIds.png", instance(ids))
        if split == "train":
            png(root / f"train_img/{stem}_leftImg8bit.png", photo)
    return root


def coco(root: Path, examples: list[Example]) -> Path:
    """`datasets/coco_stuff` of SPADE: ids 0 to 181, 255 void."""
    for number, (photo, ids) in enumerate(examples):
        split, stem = ("train", "val")[number % 3 == 2], f"{17914 + 31 * number:012d}"
        label = np.array([0, 45, 120, 181, 255], np.uint8)[ids % 5]
        png(root / f"{split}_label/{stem}.png", label)
        jpg(root / f"{split}_img/{stem}.jpg", photo)
        png(root / f"{split}_inst/{stem}.png", label)
    return root


def cityscapes(root: Path, examples: list[Example]) -> Path:
    """Cityscapes as published, with what lies beside, and trainIds that a user made."""
    colours = np.array(table().palette, np.uint8)
    for number, (photo, ids) in enumerate(examples):
        split, city = ("train", "val")[number % 3 == 2], ("aachen", "ulm")[number % 2]
        stem = f"{city}_{number:06d}_000019"
        png(root / f"leftImg8bit/{split}/{city}/{stem}_leftImg8bit.png", photo)
        beside = root / f"gtFine/{split}/{city}/{stem}_gtFine_"
        png(Path(f"{beside}labelIds.png"), ids)
        png(Path(f"{beside}instanceIds.png"), instance(ids))
        png(Path(f"{beside}color.png"), colours[ids])
        png(Path(f"{beside}labelTrainIds.png"), np.full_like(ids, 255))
        Path(f"{beside}polygons.json").write_text(json.dumps({}))
    return root


def idd_lite(root: Path, examples: list[Example]) -> Path:
    """IDD Lite: numbers repeat in other sequences, the test split has photographs only, ids 0 to 6 and 255."""
    for number, (photo, ids) in enumerate(examples):
        split, stem = ("train", "val")[number % 3 == 2], f"{number % 2}/{24541 + number // 2:06d}"
        label = np.where(ids % 8 == 7, 255, ids % 7).astype(np.uint8)
        label[-1, -1] = 255
        png(root / f"gtFine/{split}/{stem}_label.png", label)
        png(root / f"gtFine/{split}/{stem}_inst_label.png", label)
        jpg(root / f"leftImg8bit/{split}/{stem}_image.jpg", photo)
    jpg(root / "leftImg8bit/test/9/000001_image.jpg", examples[0][0])
    return root


def facades(root: Path, examples: list[Example]) -> Path:
    """CMP facades: indices 1 to 12 are the ids, the palette is for looking, `.xml` beside."""
    colours = [(0, 0, 0)] + [(0, 20 * i, 255 - 20 * i) for i in range(12)]
    for number, (photo, ids) in enumerate(examples):
        palette_png(root / f"base/cmp_b{number + 1:04d}.png", ids % 12 + 1, colours)
        jpg(root / f"base/cmp_b{number + 1:04d}.jpg", photo)
        (root / f"base/cmp_b{number + 1:04d}.xml").write_text("<a/>")
    return root


def side_by_side(root: Path, examples: list[Example]) -> Path:
    """pix2pix: the photograph is the left half, label colours in JPEG the right."""
    colours = np.array([*COLOURS.values(), (0, 170, 255), (255, 85, 0)], np.uint8)
    for number, (photo, ids) in enumerate(examples):
        split = ("train", "val", "test")[number % 3]
        both = np.concatenate([photo, colours[ids % len(colours)]], 1)
        jpg(root / f"{split}/{number + 1}.jpg", both, 95)
    return root


def segnet(root: Path, examples: list[Example]) -> Path:
    """CamVid of SegNet, below one more folder."""
    for number, (photo, ids) in enumerate(examples):
        split = ("train", "train", "val", "test")[number % 4]
        png(root / f"CamVid/{split}/0001TP_{6690 + 30 * number:06d}.png", photo)
        png(root / f"CamVid/{split}annot/0001TP_{6690 + 30 * number:06d}.png", ids)
    return root


def colours32(root: Path, examples: list[Example]) -> Path:
    """CamVid in colours: a palette file, and lists of names."""
    colours = np.array([*COLOURS.values(), (192, 128, 128), (64, 192, 0), (0, 128, 64), (64, 0, 64), (192, 0, 64)])
    named = [*COLOURS, "Sign", "Bike", "Bridge", "Wall", "Dog"]
    lines = [f"{r} {g} {b}\t\t{name}" for (r, g, b), name in zip(colours.tolist(), named, strict=True)]
    (root / "images").mkdir(parents=True)
    (root / "label_colors.txt").write_text("\n".join(lines) + "\n")
    lists: dict[str, list[str]] = {"train": [], "val": []}
    for number, (photo, ids) in enumerate(examples):
        stem = f"0001TP_{6690 + 30 * number:06d}"
        png(root / f"images/{stem}.png", photo)
        png(root / f"labels/{stem}_L.png", colours.astype(np.uint8)[ids % 10])
        lists["val" if number % 3 == 2 else "train"].append(stem)
    for split, stems in lists.items():
        (root / f"{split}.txt").write_text("\n".join(stems) + "\n")
    return root


def student(root: Path, examples: list[Example]) -> Path:
    """A student's: masks/01.png or 01_mask.png, suffixes of every sort, junk beside, a partner missing on each side."""
    for number, (photo, ids) in enumerate(examples):
        png(root / f"masks/{number:02d}_mask.png", ids)
        jpg(root / f"photos/{number:02d}{('.jpg', '.JPG', '.jpeg')[number % 3]}", photo)
    png(root / "masks/98_mask.png", examples[0][1])
    jpg(root / "photos/99.jpg", examples[0][0])
    for junk in ("masks/.ipynb_checkpoints/00_mask-checkpoint.png", "__MACOSX/masks/._00_mask.png", "photos/.x.png"):
        png(root / junk, examples[0][1])
    for junk in ("masks/Thumbs.db", ".DS_Store", "photos/.DS_Store"):
        (root / junk).write_bytes(b"\0")
    return root


LAYOUTS: dict[str, Callable[[Path, list[Example]], Path]] = {
    made.__name__: made
    for made in (pix2pixhd, coco, cityscapes, idd_lite, facades, side_by_side, segnet, colours32, student)
}
