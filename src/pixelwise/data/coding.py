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
from pixelwise.data.examples import IGNORE, Colour
from pixelwise.data.label_maps import GRAY, LabelMaps
from pixelwise.data.layouts import Layout
from pixelwise.errors import PixelwiseError

MOST_COLOURS = 64
"""More distinct colours than this are the blur of a JPEG or of resizing, not so many classes."""
LEAST_SHARE, APART = 0.0005, 32.0
"""Of such blurred colours those are classes that have this share of pixels and this distance from each other."""
FEW, STEP, HIGH, EVEN = 16, 8, 64, 2.0
"""Gray levels so few, so far apart, so high and so evenly spaced are no ids but levels that an eye can tell."""


@dataclass
class Coding:
    """The rule: settings of kind `custom`, sentences that say it; the palette where colours stand for ids, or names."""

    options: dict[str, Any]
    said: list[str]
    palette: Palette | None = None
    names: tuple[str, ...] = ()


def palette_beside(root: Path, layout: Layout) -> tuple[str, Palette] | None:
    """A palette file in the root, or in the folder of the layout: its path below the root, and what it holds."""
    top = layout.images.split("/")[0]
    for folder in dict.fromkeys([root, root / top if (root / top).is_dir() else root]):
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in (".txt", ".csv") and path.is_file() and path.stat().st_size < 1 << 16:
                try:
                    found = colour_maps.parsed(path)
                except PixelwiseError:
                    continue
                if found is not None:
                    return path.relative_to(root).as_posix(), found
    return None


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
    if indexed and not (seen.meaning and _colours_mean(seen, beside)):
        return _by_index(seen, layout, said)
    if layout.palette == colour_maps.CITYSCAPES:
        said.append("They are read by colour, as Cityscapes' colours.")
        return Coding({"palette": "cityscapes", "coded": "colour"}, said, _cityscapes())
    return _by_colour(seen, beside, said)


def _cityscapes() -> Palette:
    from pixelwise.data.cityscapes_layout import table

    return Palette(table().names, table().palette)


def _colours_mean(seen: LabelMaps, beside: tuple[str, Palette] | None) -> bool:
    """Whether the colours of palette images stand for ids, not their indices."""
    if any(len(colours) > 1 for colours in seen.meaning.values()):
        return True
    return beside is not None and {colour_of(code) for code in seen.colours} <= set(beside[1].colours)


def _by_index(seen: LabelMaps, layout: Layout, said: list[str]) -> Coding:
    ids = sorted(seen.values)
    low, high = ids[0], max((value for value in ids if value != IGNORE), default=0)
    if low < 0 or ids[-1] > IGNORE:
        raise PixelwiseError(f"label maps hold ids from {low} to {ids[-1]}; 0 to 255 are allowed")
    if layout.palette == colour_maps.CITYSCAPES and high <= 34 and IGNORE not in ids:
        said.append("They are read by index, as Cityscapes' ids 0 to 33, with its names and colours.")
        return Coding({"palette": "cityscapes", "coded": "index"}, said, names=_cityscapes().names)
    if layout.coded != "index" and not seen.meaning and _levels(ids):
        said.append(f"Gray levels {', '.join(map(str, ids))} are read as colours: {len(ids)} ids in this order.")
        levels = {"palette": [[value] * 3 for value in ids], "coded": "colour"}
        return Coding(levels, said, colour_maps.listed(tuple((value, value, value) for value in ids)))
    word = "index; the palette is for looking only" if seen.meaning else "index"
    said.append(f"They are read by {word}: {len(ids)} ids from {low} to {ids[-1]}.")
    options: dict[str, Any] = {"num_labels": high + 1, "coded": "index"}
    if IGNORE in ids:
        said.append("Id 255 is void: it is legal, and no evaluation counts it.")
        options["dontcare"] = True
    return Coding(options, said)


def _levels(ids: list[int]) -> bool:
    gaps = [after - before for before, after in pairwise(ids)]
    few = 2 <= len(ids) <= FEW and ids[-1] >= HIGH
    return few and min(gaps) >= STEP and max(gaps) <= EVEN * min(gaps)


def _by_colour(seen: LabelMaps, beside: tuple[str, Palette] | None, said: list[str]) -> Coding:
    total = sum(seen.colours.values())
    if beside is not None:
        name, palette = beside
        known = {red << 16 | green << 8 | blue for red, green, blue in palette.colours}
        other = sum(count for code, count in seen.colours.items() if code not in known)
        if seen.lossy or other < total / 2:
            said.append(f"They are read by colour, with the {len(palette.colours)} colours of {name}.")
            return Coding({"palette": name, "coded": "colour", **_nearest(other, total, seen, said)}, said, palette)
        said.append(f"{name} was passed over: most pixels have none of its colours.")
    colours = classes(seen.colours, seen.inner)
    other = sum(count for code, count in seen.colours.items() if colour_of(code) not in set(colours))
    said.append(f"They are read by colour. No palette file: {len(colours)} colours were found in the label maps.")
    options: dict[str, Any] = {"palette": [list(colour) for colour in colours], "coded": "colour"}
    return Coding(options | _nearest(other, total, seen, said), said, colour_maps.listed(tuple(colours)))


def _nearest(other: int, total: int, seen: LabelMaps, said: list[str]) -> dict[str, Any]:
    if not other:
        return {}
    said.append(f"{100 * other / total:.2f} % of pixels have other colours; the nearest of the palette is taken.")
    return {} if seen.lossy and not seen.values else {"nearest": True}


def classes(colours: Counter[int], inner: Counter[int]) -> list[Colour]:
    """The colours that stand for classes: all if they are few, else frequent ones that are far apart.

    Args:
        colours: Pixels by colour.
        inner: The same without pixels at edges.

    Raises:
        PixelwiseError: If there is only one.
    """
    if len(colours) <= MOST_COLOURS:
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
