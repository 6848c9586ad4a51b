"""What the readers of data sets share: pairing by name, natural order, distinct colours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pixelwise.data.examples import Colour, Entry, Listing
from pixelwise.data.walking import Found, images_below

LONGEST = 200  # bytes of a name; files are called after it


@dataclass(frozen=True)
class Index:
    """The files of one role by key.

    Attributes:
        files: The first file of each key.
        defects: Lines about what is not in it.
        notes: Lines about what was left out on purpose.
        wrong: Keys that no example may have, each with a line that says why.
    """

    files: dict[str, Path]
    defects: list[str]
    notes: list[str]
    wrong: list[tuple[str, str]] = field(default_factory=list)


def natural(text: str) -> list[tuple[int, str]]:
    """Sort key that orders numbers inside names by value: img2 before img10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text) if part]


def index(found: Found, key: Callable[[Path], str]) -> Index:
    """Arrange files by key: the first file of each, and a defect for each further file of the same key."""
    files: dict[str, Path] = {}
    wrong: list[tuple[str, str]] = []
    for path in found.paths:
        name = key(path)
        first = files.setdefault(name, path)
        if first is not path:
            wrong.append((name, f"{path}: same name {name} as {first}; names must be unique"))
        elif len(name.encode()) > LONGEST:
            line = f"{path}: name {name} of {len(name.encode())} bytes; at most {LONGEST} are allowed"
            wrong.append((name, line))
    return Index(files, list(found.defects), found.notes, wrong)


def pair(roles: Mapping[str, Index]) -> Listing:
    """Bring together the files of each key.

    Args:
        roles: For each role (`image` and any of `label`, `instance`, `blurred`) the result of `index`.

    Returns:
        An entry for each key that every role has; a defect for each key that a role lacks.
    """
    defects = [line for role in roles.values() for line in (*role.defects, *(why for _, why in role.wrong))]
    notes = [line for role in roles.values() for line in role.notes]
    keys = sorted({key for role in roles.values() for key in role.files}, key=lambda key: (natural(key), key))
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


def photographs(folders: Sequence[Path], keep: Callable[[Path], bool] = lambda _: True) -> Listing:
    """Photographs without partners below some folders, in natural order."""
    found = [images_below(folder).only(keep) for folder in folders]
    paths = sorted((path for each in found for path in each.paths), key=lambda path: natural(path.stem))
    defects, notes = ([line for each in found for line in getattr(each, kind)] for kind in ("defects", "notes"))
    return Listing([Entry(path.stem, path) for path in paths], defects, notes)


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
