"""How label maps hold their ids: by index, or by colour. One rule is chosen for a data set, and said aloud."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pixelwise.data import colour_maps
from pixelwise.data.colour_maps import Palette, colour_of
from pixelwise.data.examples import CAMVID, CITYSCAPES, IGNORE, Colour
from pixelwise.data.kinds import camvid
from pixelwise.data.label_maps import GRAY, HIGH, LabelMaps
from pixelwise.data.layouts import Layout
from pixelwise.errors import PixelwiseError

MOST_COLOURS = 64
"""More distinct colours than this are the blur of a JPEG or of resizing, not so many classes."""
LEAST_SHARE, APART = 0.0005, 32.0
"""Of such blurred colours those are classes that have this share of pixels and this distance from each other."""
FEW, STEP, EVEN = 16, 8, 2.0
"""Gray levels so few, so far apart, so high and so evenly spaced are no ids but levels that an eye can tell."""
NEAR, SOFT, EDGES = 8, 0.1, 8
"""Levels farther than this from every class, of which hardly any pixel lies flat, are soft edges; so many at least."""
LEAST_CITYSCAPES, LEAST_CAMVID, CLOSE, NEARLY_ALL = 3, 10, 20.0, 0.95
"""So many of Cityscapes' colours, or of CamVid's ids, tell where label maps come from; in blurred ones so close, on so
many pixels."""


@dataclass
class Coding:
    """The rule: settings of kind `custom`, sentences that say it; the palette where colours stand for ids, or names."""

    options: dict[str, Any]
    said: list[str]
    palette: Palette | None = None
    names: tuple[str, ...] = ()


def palette_beside(root: Path, layout: Layout) -> tuple[tuple[str, Palette] | None, list[str]]:
    """A palette file in the root or in a folder of the layout: its path below the root, and what it holds.

    Returns:
        The first that is one, or None; and why files with colours before it are none, one line each.
    """
    said: list[str] = []
    for folder in _places(root, layout):
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in (".txt", ".csv") and path.is_file() and path.stat().st_size < 1 << 16:
                name = path.relative_to(root).as_posix()
                try:
                    found = colour_maps.parsed(path)
                except PixelwiseError as error:
                    said.append(f"Passed over: {error}.")
                    continue
                if found is not None and "," not in name:
                    return (name, found), said
                said += [f"Passed over: {path}: a comma in its name; rename it."] if found is not None else []
    return None, said


def _places(root: Path, layout: Layout) -> list[Path]:
    """The root, and the folders that the layout's patterns name whole."""
    found = {root: None}
    for pattern in (layout.images, layout.labels):
        folder = root
        for part in (pattern or "").split("/")[:-1]:
            folder = folder / part
            if set("{*") & set(part) or not folder.is_dir():
                break
            found[folder] = None
    return list(found)


def chosen(seen: LabelMaps, layout: Layout, beside: tuple[str, Palette] | None) -> Coding:
    """The rule for a data set.

    Raises:
        PixelwiseError: If label maps of one set are of both sorts, or hold neither ids nor colours.
    """
    kinds = ", ".join(f"{count} {mode}" for mode, count in sorted(seen.modes.items()))
    said = [f"Label maps: {kinds} (Pillow's modes)."]
    indexed = bool(seen.values) and seen.direction is None
    if indexed and set(seen.modes) - {*GRAY, "P"}:
        raise PixelwiseError(f"label maps of both sorts: {kinds}; give labels a pattern that takes one of them")
    if indexed and not (seen.painted and _colours_mean(seen, beside)):
        return _by_index(seen, layout, said)
    return _by_colour(seen, layout, beside, said)


def _cityscapes() -> Palette:
    from pixelwise.data.cityscapes_layout import table

    return Palette(table().names, table().palette)


def _colours_mean(seen: LabelMaps, beside: tuple[str, Palette] | None) -> bool:
    """Whether the colours of palette images stand for ids, not their indices."""
    if any(len(colours) > 1 for colours in seen.meaning.values()) or set(seen.values) <= {0, IGNORE}:
        return True
    return beside is not None and {colour_of(code) for code in seen.colours} <= set(beside[1].colours)


def _by_index(seen: LabelMaps, layout: Layout, said: list[str]) -> Coding:
    ids = sorted(seen.values)
    options: dict[str, Any]
    low, high = ids[0], max((value for value in ids if value != IGNORE), default=0)
    if low < 0 or ids[-1] > IGNORE:
        raise PixelwiseError(f"label maps hold ids from {low} to {ids[-1]}; 0 to 255 are allowed")
    if layout.palette == CITYSCAPES and high <= 34 and IGNORE not in ids:
        said.append("They are read by index, as Cityscapes' ids 0 to 33, with its names and colours.")
        return Coding({"palette": CITYSCAPES, "coded": "index"}, said, names=_cityscapes().names)
    if layout.palette == CAMVID and set(ids) <= set(range(12)) and 11 in ids and len(ids) >= LEAST_CAMVID:
        said.append("They are read by index, as CamVid's ids 0 to 11, with its names; 11 is void.")
        return Coding({"palette": CAMVID, "coded": "index"}, said, names=(*camvid.CLASSES, "void"))
    if levels := _levels(seen, layout, ids):
        total, other = sum(seen.values.values()), sum(n for value, n in seen.values.items() if value not in levels)
        said.append(f"Gray levels {', '.join(map(str, levels))} are read as colours: {len(levels)} ids in this order.")
        palette = colour_maps.listed(tuple((value, value, value) for value in levels))
        options = {"palette": [[value] * 3 for value in levels], "coded": "colour"}
        return Coding(options | _nearest(other, total, seen, said), said, palette)
    if len(set(ids) - {IGNORE}) < 2:
        raise PixelwiseError(
            f"label maps of a single class; ids {', '.join(map(str, ids))} occur, two or more are needed"
        )
    word = "index; the palette is for looking only" if seen.painted else "index"
    said.append(f"They are read by {word}: {len(ids)} ids from {low} to {ids[-1]}.")
    options = {"num_labels": high + 1, "coded": "index"}
    if IGNORE in ids:
        said.append("Id 255 is void: it is legal, and no evaluation counts it.")
        options["dontcare"] = True
    return Coding(options, said)


def _levels(seen: LabelMaps, layout: Layout, ids: list[int]) -> list[int]:
    """The gray levels that are read as colours: few that an eye can tell, whatever soft edges have; else none."""
    if seen.painted:
        return []
    few = 2 <= len(ids) <= FEW and ids[-1] >= HIGH
    gaps = [after - before for before, after in pairwise(ids)]
    even = few and min(gaps) >= STEP and max(gaps) <= EVEN * min(gaps)
    if levels := _classes_of_soft_masks(seen, 1 if even else EDGES):
        return levels
    return ids if even and (layout.coded != "index" or ids == [0, IGNORE]) else []


def _classes_of_soft_masks(seen: LabelMaps, edges: int) -> list[int]:
    """The levels of masks between which only edges lie, of at least so many levels; none if these are no such masks."""
    levels: list[int] = []
    for level, count in sorted(seen.flat.items(), key=lambda item: (-item[1], item[0])):
        if count < LEAST_SHARE * sum(seen.flat.values()):
            break
        if all(abs(level - other) > APART for other in levels):
            levels.append(level)
    others = [value for value in seen.values if all(abs(value - level) > NEAR for level in levels)]
    flat, all_ = (sum(counts[value] for value in others) for counts in (seen.flat, seen.values))
    soft = len(others) >= edges and flat <= SOFT * all_
    return sorted(levels) if soft and len(levels) > 1 and max(levels) >= HIGH else []


def _by_colour(seen: LabelMaps, layout: Layout, beside: tuple[str, Palette] | None, said: list[str]) -> Coding:
    total = sum(seen.colours.values())

    def other(palette: Palette) -> int:
        known = set(palette.colours)
        return sum(count for code, count in seen.colours.items() if colour_of(code) not in known)

    def read(name: Any, palette: Palette, words: str) -> Coding:
        said.append(f"They are read by colour{words}.")
        return Coding(
            {"palette": name, "coded": "colour", **_nearest(other(palette), total, seen, said)}, said, palette
        )

    if beside is not None and layout.palette != CITYSCAPES:
        name, palette = beside
        if seen.lossy or other(palette) < total / 2:
            return read(name, palette, f", with the {len(palette.colours)} colours of {name}")
        said.append(f"{name} was passed over: most pixels have none of its colours.")
    colours = classes(seen.colours, seen.inner, seen.lossy)
    if layout.palette == CITYSCAPES or _of_cityscapes(seen, colours):
        return read(CITYSCAPES, _cityscapes(), ", as Cityscapes' colours, with its names")
    words = f". No palette file: {len(colours)} colours were found in the label maps"
    return read([list(colour) for colour in colours], colour_maps.listed(tuple(colours)), words)


def _of_cityscapes(seen: LabelMaps, colours: list[Colour]) -> bool:
    """Whether the colours of classes, black apart, are Cityscapes': all, or, where edges are blurred, nearly all."""
    known = np.array(_cityscapes().colours)
    pixels = {colour: seen.inner[colour[0] << 16 | colour[1] << 8 | colour[2]] for colour in colours if any(colour)}
    near = [
        colour
        for colour in pixels
        if np.linalg.norm(known - np.array(colour), axis=1).min() <= (CLOSE if seen.lossy else 0)
    ]
    blurred = seen.lossy or len(seen.colours) > MOST_COLOURS
    enough = sum(pixels[colour] for colour in near) >= NEARLY_ALL * sum(pixels.values())
    return len(near) >= LEAST_CITYSCAPES and (enough if blurred else len(near) == len(pixels))


def _nearest(other: int, total: int, seen: LabelMaps, said: list[str]) -> dict[str, Any]:
    if not other:
        return {}
    said.append(f"{100 * other / total:.2f} % of pixels have other colours; the nearest of the palette is taken.")
    return {} if seen.lossy and not seen.values else {"nearest": True}


def classes(colours: Counter[int], inner: Counter[int], lossy: bool) -> list[Colour]:
    """The colours that stand for classes: all if they are few and exact, else frequent ones that are far apart.

    Args:
        colours: Pixels by colour.
        inner: The same without pixels at edges.
        lossy: Whether a file is of a format that changes colours.

    Raises:
        PixelwiseError: If there is only one.
    """
    if len(colours) <= MOST_COLOURS and not lossy:
        found = [colour_of(code) for code in sorted(colours)]
    else:
        found, total = [], sum(inner.values())
        for code, count in sorted(inner.items(), key=lambda item: (-item[1], item[0])):
            colour = np.array(colour_of(code))
            if count < LEAST_SHARE * total or len(found) == MOST_COLOURS:
                break
            if all(np.linalg.norm(colour - np.array(other)) > APART for other in found):
                found.append(colour_of(code))
        found.sort()
    if len(found) < 2:
        raise PixelwiseError("label maps of a single colour; two or more classes are needed")
    return found


def histogram(seen: LabelMaps, coding: Coding) -> list[tuple[str, int]]:
    """For each id that occurs its name and its pixels, in the order of the ids."""
    if coding.palette is None:
        names = dict(enumerate(coding.names)) | {IGNORE: "void"}
        return [(f"id {value} {names.get(value, '')}".strip(), count) for value, count in sorted(seen.values.items())]
    pixels: Counter[int] = Counter()
    colours = np.array(coding.palette.colours)
    source = seen.colours or Counter({value * 0x010101: count for value, count in seen.values.items()})
    for code, count in source.items():
        pixels[int(((colours - np.array(colour_of(code))) ** 2).sum(1).argmin())] += count
    return [
        (f"id {number} {coding.palette.names[number]} {coding.palette.colours[number]}", count)
        for number, count in sorted(pixels.items())
    ]
