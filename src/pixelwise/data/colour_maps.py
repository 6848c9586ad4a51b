"""Label maps whose colours stand for ids: palettes, and the one rule that turns colours into ids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.data.examples import IGNORE, Colour, LabelTable
from pixelwise.data.read_images import runs
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import content

VOID = {"void", "unlabelled", "unlabeled", "ignore", "ignored", "dontcare", "unknown"}
"""Names of ids that evaluations do not count."""
MOST = 255
_LINE = re.compile(r"(?<![\w.])(\d{1,3})[\s,;]+(\d{1,3})[\s,;]+(\d{1,3})(?![\w.])")


@dataclass(frozen=True)
class Palette:
    """Names and colours of label ids, in the order of the ids."""

    names: tuple[str, ...]
    colours: tuple[Colour, ...]

    def table(self) -> LabelTable:
        """The label table; names for what is unlabelled are counted as no class."""
        counted = [re.sub(r"[^a-z]", "", name.lower()) not in VOID for name in self.names]
        numbers = np.cumsum(counted) - 1
        return LabelTable(
            names=self.names,
            palette=self.colours,
            eval_map=tuple(int(number) if yes else IGNORE for number, yes in zip(numbers, counted, strict=True)),
            eval_names=tuple(name for name, yes in zip(self.names, counted, strict=True) if yes),
        )


def _lines(path: Path) -> list[str]:
    try:
        lines = content(path).removeprefix(b"\xef\xbb\xbf").decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise PixelwiseError(f"{path}: not UTF-8 (byte {error.start})") from None
    return [line for line in lines if line.strip() and not line.lstrip().startswith(("#", "//"))]


def parsed(path: Path) -> Palette | None:
    """The palette in a text file with a line `r g b name` or `name,r,g,b` for each id; None if it is no such file.

    A byte order mark, which some editors write, does not count.

    Raises:
        PixelwiseError: If the file can't be read, or holds a colour twice or more than 255.
    """
    names: list[str] = []
    colours: list[Colour] = []
    for number, line in enumerate(_lines(path)):
        found = _LINE.search(line)
        values = [int(value) for value in found.groups()] if found else [256]
        if found is None or max(values) > 255:
            if number == 0:
                continue  # a line of headings
            return None
        name = (line[: found.start()] + line[found.end() :]).strip(" \t,;:\"'")
        colours.append((values[0], values[1], values[2]))
        names.append(name or f"label {len(names)}")
    if len(colours) < 2:
        return None
    if twice := next((colour for i, colour in enumerate(colours) if colour in colours[:i]), None):
        raise PixelwiseError(f"{path}: the colour {twice} twice; each id needs its own")
    if len(colours) > MOST:
        raise PixelwiseError(f"{path}: {len(colours)} colours; at most {MOST} ids are allowed")
    return Palette(tuple(names), tuple(colours))


def read_palette(path: Path) -> Palette:
    """The palette in a file.

    Raises:
        PixelwiseError: If it holds none.
    """
    if not path.is_file():
        raise PixelwiseError(f"palette: {path}: no such file; a line `r g b name` for each id is needed")
    found = parsed(path)
    if found is None:
        raise PixelwiseError(f"palette: {path}: no palette; a line `r g b name` for each id is needed")
    return found


def listed(colours: tuple[Colour, ...]) -> Palette:
    """Colours without names."""
    return Palette(tuple(f"label {number}" for number in range(len(colours))), colours)


def codes(image: Image.Image) -> NDArray[np.int32]:
    """Colours as numbers, 65536 r + 256 g + b, [H, W]."""
    planes = np.asarray(image.convert("RGB")).astype(np.int32)
    return np.asarray(planes[..., 0] << 16 | planes[..., 1] << 8 | planes[..., 2])


def colour_of(code: int) -> Colour:
    """The colour of a number that `codes` gives."""
    return code >> 16 & 255, code >> 8 & 255, code & 255


def ids(
    image: Image.Image,
    palette: tuple[Colour, ...],
    nearest: bool,
    path: Path,
    way_out: str = "nearest: true takes the nearest",
) -> NDArray[np.int32]:
    """The id of every pixel by its colour.

    Args:
        image: Label map in colours (or gray).
        palette: Colour of each id; of a colour that stands twice, the first id.
        nearest: Take the nearest colour of the palette (by squared distance); otherwise any other one is refused.
        path: Its file, for messages.
        way_out: What the message proposes.

    Returns:
        int32 [H, W].

    Raises:
        PixelwiseError: If there is a colour that the palette does not have.
    """
    values, lengths = runs(codes(image))
    found, inverse = np.unique(values, return_inverse=True)
    counts = np.bincount(inverse, lengths, len(found)).astype(int)
    known: dict[int, int] = {}
    for number, (red, green, blue) in enumerate(palette):
        known.setdefault(red << 16 | green << 8 | blue, number)
    meant = np.array([known.get(int(code), -1) for code in found], np.int32)
    other = meant < 0
    if other.any() and not nearest:
        first = int(found[other][np.argmax(counts[other])])
        pixels, share = int(counts[other].sum()), 100 * counts[other].sum() / counts.sum()
        raise PixelwiseError(
            f"{path}: colour {colour_of(first)} is not in the palette ({pixels} pixels, {share:.2f} %, have such "
            f"colours); {way_out}"
        )
    if other.any():
        colours = np.array([colour_of(int(code)) for code in found[other]])
        distance = ((colours[:, None, :] - np.array(palette)[None]) ** 2).sum(-1)
        meant[other] = distance.argmin(1)
    return np.asarray(np.repeat(meant[inverse], lengths).reshape(image.height, image.width))
