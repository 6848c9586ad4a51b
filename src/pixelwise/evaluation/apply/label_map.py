"""A user's own label map: read by the rule of the training data, and brought to a size that the network can take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.data import colour_maps
from pixelwise.data.decoding import decode
from pixelwise.data.examples import IGNORE
from pixelwise.data.label_maps import GRAY
from pixelwise.data.own_pairs import LOSSY, half_of
from pixelwise.data.read_images import check_photograph, read_ids, resize_ids
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.generator import Generator

Ids = NDArray[np.int32]
Size = tuple[int, int]
MERGED = "no instance map: edges are drawn between labels only, so touching objects of one label merge"
UNUSED = "the instance map is not used: this network was trained without"
FAR, MOST_FAR = 48, 0.5
"""Distance of a colour from the nearest of the palette, and the share of pixels beyond it that no label map has.

Of small areas in a JPEG of low quality a third may be beyond it, of photographs more than half is.
"""
LIKE = 1.25
"""Factor by which a picture's shape may differ from that of the training pictures, which are resized."""


@dataclass(frozen=True)
class LabelMap:
    """A label map, its instance map where the network takes one, and what was done to them, one line each.

    Attributes:
        ids: int32 [H, W], the network's ids.
        instances: int32 [H, W] or None.
        notes: What a reader of the picture must know.
    """

    ids: Ids
    instances: Ids | None
    notes: tuple[str, ...]


def read(generator: Generator, labels: Path, instances: Path | None, size: Size | None) -> LabelMap:
    """Read a label map, and resize it as the training data were.

    Args:
        generator: Whose ids, instance edges and training size count.
        labels: One id per pixel, gray or palette; or colours, if those stood for ids in the training data.
        instances: One id per object, of the same size; None takes the borders between labels.
        size: Height and width to make; None takes the training's, and the map's own where none is known.

    Raises:
        PixelwiseError: If a file can't be read, an id is not legal, or the sizes differ.
    """
    ids, notes = _ids(generator, labels)
    check_ids(generator, labels, ids)
    if generator.dontcare:
        ids = np.where(ids == IGNORE, generator.num_labels - 1, ids).astype(np.int32)
    objects = read_ids(instances) if instances is not None else None
    if objects is not None and objects.shape != ids.shape:
        height, width = objects.shape
        raise PixelwiseError(f"{instances}: {height}x{width} pixels; the label map has {ids.shape[0]}x{ids.shape[1]}")
    if generator.instance_edge and objects is None:
        objects = ids
        notes.append(MERGED)
    elif objects is not None and not generator.instance_edge:
        objects = None
        notes.append(UNUSED)
    trained = training_size(generator)
    wanted = size or trained or ids.shape
    if wanted != ids.shape:
        why = ", as in training" if wanted == trained else ""
        notes.append(f"resized from {ids.shape[0]}x{ids.shape[1]}{why}")
    objects = None if objects is None else resize_ids(objects, wanted)
    return LabelMap(resize_ids(ids, wanted), objects, tuple(notes))


def coloured(generator: Generator) -> bool:
    """Whether colours stood for ids in the training data, and not only levels of gray."""
    return any(len(set(colour)) > 1 for colour in generator.info.get("extra", {}).get("colours") or ())


def _ids(generator: Generator, labels: Path) -> tuple[Ids, list[str]]:
    """The ids of a label map, by the rule of the training data: as they are, or by colour; and remarks on it."""
    facts = generator.info.get("extra", {})
    if not facts.get("colours"):
        return read_ids(labels), []
    decoded = decode(labels)
    check_photograph(labels, decoded.header)
    image, notes = _without_photograph(facts, labels, decoded.image)
    colours = tuple((red, green, blue) for red, green, blue in facts["colours"])
    gray = decoded.header.mode in GRAY and coloured(generator)  # it holds ids or levels, to which no colour is near
    nearest = (facts.get("nearest", False) or decoded.header.format in LOSSY) and not gray
    way_out = "the colours of the training data are allowed"
    ids = colour_maps.ids(image, colours, nearest, labels, way_out)
    apart = ((np.asarray(image.convert("RGB")).astype(np.int32) - np.array(colours)[ids]) ** 2).sum(2)
    if (far := float((apart > FAR**2).mean())) > MOST_FAR:
        raise PixelwiseError(
            f"{labels}: {100 * far:.0f} % of pixels have colours far from those of the training data; a label map is "
            f"allowed, and no photograph"
        )
    if other := float((apart > 0).mean()):
        notes.append(f"{100 * other:.3g} % of pixels have other colours, the nearest were taken")
    return ids, notes


def _without_photograph(facts: dict[str, Any], labels: Path, image: Image.Image) -> tuple[Image.Image, list[str]]:
    """The half that is the label map, where the training data had a photograph beside it; and a remark that says so.

    Raises:
        PixelwiseError: If a picture has neither the shape of both halves nor that of one.
    """
    direction, aspect = facts.get("direction"), facts.get("aspect")
    if direction is None or aspect is None:
        return image, []
    found = image.width / image.height
    if 1 / LIKE <= found / (2 * aspect) <= LIKE:
        side = "left" if direction == "AtoB" else "right"
        return half_of(image, labels, direction, label=True), [f"its {side} half is the label map, as in training"]
    if 1 / LIKE <= found / aspect <= LIKE:
        return image, ["all of it is taken as the label map; in training each had its photograph beside it"]
    raise PixelwiseError(
        f"{labels}: {image.height}x{image.width} pixels (height x width); a label map about {aspect:.2f} times as wide "
        f"as high is allowed, as in training, or one with its photograph beside it"
    )


def training_size(generator: Generator) -> Size | None:
    """Height and width of the training pictures, or None if they differed or the checkpoint does not say."""
    facts = generator.info.get("extra", {})
    height, width = facts.get("height"), facts.get("width")
    return None if height is None or width is None else (int(height), int(width))


def check_ids(generator: Generator, labels: Path, ids: Ids) -> None:
    """Refuse ids that the generator does not know.

    Raises:
        PixelwiseError: Names the first.
    """
    last = generator.num_labels - 1 - generator.dontcare
    wrong = (ids < 0) | (ids > last)
    if generator.dontcare:
        wrong &= ids != IGNORE
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        allowed = f"allowed are 0 to {last}{f' and {IGNORE}' if generator.dontcare else ''}"
        raise PixelwiseError(f"{labels}: id {ids[row, column]} at row {row}, column {column}; {allowed}")
