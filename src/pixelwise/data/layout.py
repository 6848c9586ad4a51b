"""What the readers of data sets share: examples on disk, pairing by name, natural order, label tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pixelwise.data.walking import Found

IGNORE = 255
LONGEST = 200  # bytes of a name; files are called after it

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
    """The examples of one split in natural order, every defect of pairing, and what was left out, one line each."""

    entries: list[Entry] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Index:
    """The files of one role by key, and the lines about those that are not in it."""

    files: dict[str, Path]
    defects: list[str]
    notes: list[str]


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


def index(found: Found, key: Callable[[Path], str]) -> Index:
    """Arrange files by key: the first file of each, and a defect for each further file of the same key."""
    files: dict[str, Path] = {}
    defects = list(found.defects)
    for path in found.paths:
        name = key(path)
        first = files.setdefault(name, path)
        if first is not path:
            defects.append(f"{path}: same name {name} as {first}; names must be unique")
        elif len(name.encode()) > LONGEST:
            defects.append(f"{path}: name {name} of {len(name.encode())} bytes; at most {LONGEST} are allowed")
    return Index(files, defects, found.notes)


def pair(roles: Mapping[str, Index]) -> Listing:
    """Bring together the files of each key.

    Args:
        roles: For each role (`image` and any of `label`, `instance`, `blurred`) the result of `index`.

    Returns:
        An entry for each key that every role has; a defect for each key that a role lacks.
    """
    defects = [line for role in roles.values() for line in role.defects]
    notes = [line for role in roles.values() for line in role.notes]
    keys = sorted({key for role in roles.values() for key in role.files}, key=natural)
    entries = []
    for key in keys:
        files = {name: role.files[key] for name, role in roles.items() if key in role.files}
        missing = [role for role in roles if role not in files]
        if missing:
            first = next(iter(files.values()))
            defects.append(
                f"{first}: no {' and no '.join(missing)} of the name {key}; each {', '.join(roles)} needs all"
            )
        else:
            entries.append(Entry(key, **files))
    return Listing(entries, list(dict.fromkeys(defects)), list(dict.fromkeys(notes)))


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
