"""What the readers of data sets share: examples on disk, pairing by name, natural order, label tables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
IGNORE = 255

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Entry:
    """One example on disk: its unique name and the files that belong together."""

    name: str
    image: Path
    label: Path | None = None
    instance: Path | None = None
    blurred: Path | None = None

    @property
    def files(self) -> dict[str, Path]:
        """Files present, by role."""
        roles = {"image": self.image, "label": self.label, "instance": self.instance, "blurred": self.blurred}
        return {role: path for role, path in roles.items() if path is not None}


@dataclass(frozen=True)
class Listing:
    """The examples of one split in natural order, and every defect of pairing, one line each."""

    entries: list[Entry] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LabelTable:
    """The label ids of a data set, 0 to len(names) - 1.

    Attributes:
        names: Name of each id.
        palette: Colour of each id for figures, 0 to 255.
        eval_map: For each id the class that evaluations count it as, or 255 for none.
        eval_names: Names of these classes.
        dontcare: Whether id 255 is legal in the files; it is then read as the last id.
    """

    names: tuple[str, ...]
    palette: tuple[Colour, ...]
    eval_map: tuple[int, ...]
    eval_names: tuple[str, ...]
    dontcare: bool = False

    @property
    def allowed(self) -> str:
        """The legal ids, for messages."""
        last = len(self.names) - 1
        return f"0 to {last - 1} and {IGNORE}" if self.dontcare else f"0 to {last}"


def natural(text: str) -> list[tuple[int, str]]:
    """Sort key that orders numbers inside names by value: img2 before img10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text) if part]


def images_below(folder: Path, suffix: str = "", kinds: Collection[str] = IMAGES) -> list[Path]:
    """Image files below a folder, linked folders too, whose names end in `suffix`; sorted, none hidden."""
    walked = os.walk(folder, followlinks=True)
    paths = (Path(place, name) for place, _, names in walked for name in names if name.endswith(suffix))
    return sorted(p for p in paths if p.suffix.lower() in kinds and p.is_file() and not p.name.startswith("."))


def index(paths: Iterable[Path], key: Callable[[Path], str]) -> tuple[dict[str, Path], list[str]]:
    """Arrange files by key.

    Returns:
        The first file of each key, and one line for each further file of the same key.
    """
    found: dict[str, Path] = {}
    defects = []
    for path in paths:
        first = found.setdefault(key(path), path)
        if first is not path:
            defects.append(f"{path}: same name {key(path)} as {first}; names must be unique")
    return found, defects


def pair(roles: Mapping[str, tuple[dict[str, Path], list[str]]]) -> Listing:
    """Bring together the files of each key.

    Args:
        roles: For each role (`image` and any of `label`, `instance`, `blurred`) the result of `index`.

    Returns:
        An entry for each key that every role has; a defect for each key that a role lacks.
    """
    defects = [line for _, lines in roles.values() for line in lines]
    keys = sorted({key for files, _ in roles.values() for key in files}, key=natural)
    entries = []
    for key in keys:
        files = {role: paths[key] for role, (paths, _) in roles.items() if key in paths}
        missing = [role for role in roles if role not in files]
        if missing:
            first = next(iter(files.values()))
            defects.append(
                f"{first}: no {' and no '.join(missing)} of the name {key}; each {', '.join(roles)} needs all"
            )
        else:
            entries.append(Entry(key, **files))
    return Listing(entries, defects)


def distinct_colours(count: int) -> tuple[Colour, ...]:
    """The palette of PASCAL VOC: the bits of the id spread over the high bits of red, green and blue."""
    colours = []
    for number in range(count):
        red = green = blue = 0
        for bit in range(8):
            red |= ((number >> (3 * bit)) & 1) << (7 - bit)
            green |= ((number >> (3 * bit + 1)) & 1) << (7 - bit)
            blue |= ((number >> (3 * bit + 2)) & 1) << (7 - bit)
        colours.append((red, green, blue))
    return tuple(colours)
