"""How label maps hold their ids: by index, or by colour. One rule is chosen for a data set, and said aloud."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pixelwise.data import colour_maps, read_images
from pixelwise.data.colour_maps import Palette, colour_of
from pixelwise.data.decoding import Decoded, decode
from pixelwise.data.examples import IGNORE, Colour, Entry
from pixelwise.data.layouts import Layout
from pixelwise.errors import PixelwiseError

MOST_COLOURS = 64
"""More distinct colours than this are the blur of a JPEG or of resizing, not so many classes."""
LEAST_SHARE, APART = 0.0005, 32.0
"""Of such blurred colours those are classes that have this share of pixels and this distance from each other."""
FEW, STEP, HIGH = 16, 8, 64
"""Gray levels that are so few, so far apart and so high are no ids but levels that an eye can tell."""
GRAY = ("1", "L", "I", "I;16", "I;16B", "I;16L")


@dataclass
class Coding:
    """The rule: settings of kind `custom`, sentences that say it, and the palette where colours stand for ids."""

    options: dict[str, Any]
    said: list[str]
    palette: Palette | None = None


@dataclass
class Seen:
    """What the label maps of a data set hold, file after file.

    Attributes:
        layout: Where they lie.
        direction: Which half of a picture is the label map.
        modes: Modes of the files.
        values: Pixels by index or gray level, of files that have them.
        occurs: Files by index or gray level.
        colours: Pixels by colour (`colour_maps.codes`), of palette and colour files.
        meaning: For palette files the colours that each index has had.
        lossy: Whether a file is of a format that changes colours.
    """

    layout: Layout
    direction: str | None = None
    modes: Counter[str] = field(default_factory=Counter)
    values: Counter[int] = field(default_factory=Counter)
    occurs: Counter[int] = field(default_factory=Counter)
    colours: Counter[int] = field(default_factory=Counter)
    meaning: dict[int, set[Colour]] = field(default_factory=dict)
    lossy: bool = False

    def add(self, entry: Entry) -> None:
        """Read the label map of one example.

        Raises:
            PixelwiseError: If it can't be read.
        """
        path = entry.files["label"]
        decoded = decode(path)
        image = decoded.image
        if self.direction is not None:
            image = half(image, self.direction == "AtoB")
        self.lossy |= decoded.header.format in ("JPEG", "WEBP")
        self.modes[decoded.header.mode] += 1
        indexed = decoded.header.mode in (*GRAY, "P") and decoded.header.format in read_images.MAP_FORMATS
        if indexed and self.direction is None:
            self._indices(path, decoded)
        if not indexed or self.direction is not None or decoded.header.mode == "P":
            codes, counts = np.unique(colour_maps.codes(image), return_counts=True)
            self.colours.update(dict(zip(codes.tolist(), counts.tolist(), strict=True)))

    def _indices(self, path: Path, decoded: Decoded) -> None:
        ids = read_images.read_ids(path)
        values, counts = np.unique(ids, return_counts=True)
        self.values.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        self.occurs.update(values.tolist())
        if decoded.header.mode == "P":
            rgb = decoded.image.getpalette("RGB") or []
            for value in values.tolist():
                colour = tuple(rgb[3 * value : 3 * value + 3])
                self.meaning.setdefault(value, set()).add(colour)  # type: ignore[arg-type]


def half(image: Image.Image, left: bool) -> Image.Image:
    """One half of a picture that holds two side by side."""
    middle = image.width // 2
    return image.crop((0, 0, middle, image.height) if left else (middle, 0, 2 * middle, image.height))


def left_or_right(root: Path, paths: list[Path]) -> str:
    """Which half of pictures is the label map: that with fewer colours in most of them.

    Raises:
        PixelwiseError: If neither half looks like one.
    """
    flat, votes = 0, 0
    for path in paths:
        image = read_images.read(path)
        shares = [_flatness(half(image, left)) for left in (True, False)]
        flat += max(shares) > 0.5
        votes += 1 if shares[0] > shares[1] else -1
    if 2 * flat < len(paths):
        raise PixelwiseError(
            f"{root}: photographs without label maps; a folder labels/ or masks/ beside them is needed, or patterns"
        )
    return "AtoB" if votes > 0 else "BtoA"


def _flatness(image: Image.Image) -> float:
    """Share of pixels that hardly differ from their right neighbour: of label maps nearly all, of photographs few."""
    array = np.asarray(image.convert("RGB")).astype(np.int16)
    if array.shape[1] < 2:
        return 0.0
    return float((np.abs(np.diff(array, axis=1)).max(2) <= 2).mean())


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


def chosen(seen: Seen, layout: Layout, beside: tuple[str, Palette] | None) -> Coding:
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


def _colours_mean(seen: Seen, beside: tuple[str, Palette] | None) -> bool:
    """Whether the colours of palette images stand for ids, not their indices."""
    if any(len(colours) > 1 for colours in seen.meaning.values()):
        return True
    return beside is not None and {colour_of(code) for code in seen.colours} <= set(beside[1].colours)


def _by_index(seen: Seen, layout: Layout, said: list[str]) -> Coding:
    ids = sorted(seen.values)
    low, high = ids[0], max((value for value in ids if value != IGNORE), default=0)
    if low < 0 or ids[-1] > IGNORE:
        raise PixelwiseError(f"label maps hold ids from {low} to {ids[-1]}; 0 to 255 are allowed")
    if layout.palette == colour_maps.CITYSCAPES and high <= 34 and IGNORE not in ids:
        said.append("They are read by index, as Cityscapes' ids 0 to 33, with its names and colours.")
        return Coding({"palette": "cityscapes", "coded": "index"}, said)
    levels = [value for value in ids if len(ids) <= FEW]
    gaps = [after - before for before, after in zip(levels, levels[1:], strict=False)]
    if gaps and min(gaps) >= STEP and ids[-1] >= HIGH and not seen.meaning:
        said.append(f"Gray levels {', '.join(map(str, ids))} are read as colours: {len(ids)} ids in this order.")
        options = {"palette": [[value] * 3 for value in ids], "coded": "colour"}
        return Coding(options, said, colour_maps.listed(tuple((value, value, value) for value in ids)))
    word = "index; the palette is for looking only" if seen.meaning else "index"
    said.append(f"They are read by {word}: {len(ids)} ids from {low} to {ids[-1]}.")
    options: dict[str, Any] = {"num_labels": high + 1, "coded": "index"}
    if IGNORE in ids:
        said.append("Id 255 is void: it is legal, and no evaluation counts it.")
        options["dontcare"] = True
    return Coding(options, said)


def _by_colour(seen: Seen, beside: tuple[str, Palette] | None, said: list[str]) -> Coding:
    total = sum(seen.colours.values())
    if beside is not None:
        name, palette = beside
        known = {red << 16 | green << 8 | blue for red, green, blue in palette.colours}
        other = sum(count for code, count in seen.colours.items() if code not in known)
        if seen.lossy or other < total / 2:
            said.append(f"They are read by colour, with the {len(palette.colours)} colours of {name}.")
            options = {"palette": name, "coded": "colour"} | _nearest(other, total, seen, said)
            return Coding(options, said, palette)
        said.append(f"{name} was passed over: most pixels have none of its colours.")
    colours = classes(seen.colours)
    other = sum(count for code, count in seen.colours.items() if colour_of(code) not in set(colours))
    said.append(f"They are read by colour. No palette file: {len(colours)} colours were found in the label maps.")
    options = {"palette": [list(colour) for colour in colours], "coded": "colour"}
    return Coding(options | _nearest(other, total, seen, said), said, colour_maps.listed(tuple(colours)))


def _nearest(other: int, total: int, seen: Seen, said: list[str]) -> dict[str, Any]:
    if not other:
        return {}
    said.append(f"{100 * other / total:.2f} % of pixels have other colours; the nearest of the palette is taken.")
    return {} if seen.lossy and not seen.values else {"nearest": True}


def classes(colours: Counter[int]) -> list[Colour]:
    """The colours that stand for classes: all if they are few, else the frequent ones that are far apart.

    Raises:
        PixelwiseError: If there is only one.
    """
    if len(colours) <= MOST_COLOURS:
        found = [colour_of(code) for code in sorted(colours)]
    else:
        found, total = [], sum(colours.values())
        for code, count in sorted(colours.items(), key=lambda item: (-item[1], item[0])):
            colour = np.array(colour_of(code))
            if count < LEAST_SHARE * total or len(found) == MOST_COLOURS:
                break
            if all(np.linalg.norm(colour - np.array(other)) > APART for other in found):
                found.append(colour_of(code))
        found.sort()
    if len(found) < 2:
        raise PixelwiseError("label maps of a single colour; two or more classes are needed")
    return found


def histogram(seen: Seen, coding: Coding) -> list[tuple[str, int]]:
    """For each id that occurs its name and its pixels, in the order of the ids."""
    if coding.palette is None:
        return [(f"id {value}", count) for value, count in sorted(seen.values.items())]
    pixels: Counter[int] = Counter()
    colours = np.array(coding.palette.colours)
    source = seen.colours or Counter({value * 0x010101: count for value, count in seen.values.items()})
    for code, count in source.items():
        pixels[int(((colours - np.array(colour_of(code))) ** 2).sum(1).argmin())] += count
    return [
        (f"id {number} {coding.palette.names[number]} {coding.palette.colours[number]}", count)
        for number, count in sorted(pixels.items())
    ]
