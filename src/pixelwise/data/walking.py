"""Finding picture files below a folder, with one line for whatever is not taken as it stands."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from pixelwise.data.suffixes import SUFFIXES
from pixelwise.terminal.screen import plain

JUNK = {"__MACOSX"}  # from archives made on a Mac: shadows of every file
NOWHERE = "a link that leads nowhere"
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}  # Unicode categories: control characters, bytes that are no UTF-8, line breaks
MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # these turn text round
UNREAD = (".heic", ".heif", ".dng")
"""Kinds of pictures that cameras write and Pillow does not know."""


@dataclass(frozen=True)
class Found:
    """What lies below a folder.

    Attributes:
        paths: Picture files, sorted.
        defects: One line each for what cannot be read as it stands.
        notes: One line each for what is left out on purpose.
        places: The file or folder of each defect.
    """

    paths: list[Path] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    places: list[Path] = field(default_factory=list)

    def only(self, keep: Callable[[Path], bool]) -> Found:
        """The same with fewer paths."""
        return Found([path for path in self.paths if keep(path)], self.defects, self.notes, self.places)

    def refuse(self, place: Path, why: str) -> None:
        """Add a defect."""
        self.places.append(place)
        self.defects.append(f"{plain(str(place))}: {why}")


def unsafe(letter: str) -> bool:
    """Whether a letter of a name would break the line that shows it."""
    return unicodedata.category(letter) in UNPRINTABLE or letter in MARKS


def images_below(folder: Path, suffix: str = "", kinds: Collection[str] = SUFFIXES) -> Found:
    """Picture files below a folder, linked folders too, whose names end in `suffix`.

    Hidden files and folders are left out and noted. Dead links, folders that are reached twice (so that a loop of links
    ends), folders that can't be read, devices and names that fit into no line are defects. Links come after folders.
    """
    found, waiting = Found(), [folder] if os.path.lexists(folder) else []
    linked: list[Path] = []
    first: dict[tuple[int, int], Path] = {}
    while waiting or linked:
        place = waiting.pop() if waiting else linked.pop(0)
        try:
            status = place.stat()
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            found.refuse(place, f"{error.strerror}; a folder that can be read is needed")
            continue
        known = first.setdefault((status.st_dev, status.st_ino), place)
        if known is not place:
            found.refuse(place, f"the same folder as {plain(str(known))}; it is counted once, remove the link")
            continue
        folders = [path for entry in entries if (path := _look(entry, suffix, kinds, found)) is not None]
        linked += [path for path in folders if path.is_symlink()]
        waiting += reversed([path for path in folders if not path.is_symlink()])
    found.paths.sort()
    return found


def unread_below(folder: Path) -> list[Path]:
    """Pictures below a folder of kinds that are not read."""
    from PIL import Image

    return images_below(folder, kinds={*Image.registered_extensions(), *UNREAD} - set(SUFFIXES)).paths


def _look(entry: os.DirEntry[str], suffix: str, kinds: Collection[str], found: Found) -> Path | None:
    """Sort one entry of a folder into what was found; returns it if it is a folder to look into."""
    path = Path(entry.path)
    wanted = entry.name.endswith(suffix) and path.suffix.lower() in kinds
    kind = _kind(entry)
    if entry.name in JUNK:
        found.notes.append(f"{plain(str(path))}: made by macOS beside the data, left out")
    elif entry.name.startswith("."):
        if kind == "folder" or path.suffix.lower() in kinds:
            found.notes.append(f"{plain(str(path))}: hidden {kind}, left out")
    elif kind == "folder":
        return path
    elif kind == "dead link":
        unclear = not path.suffix  # perhaps of a folder
        if wanted or unclear:
            found.refuse(path, NOWHERE)
        else:
            found.notes.append(f"{plain(str(path))}: {NOWHERE}")
    elif not wanted:
        return None
    elif kind != "file":
        found.refuse(path, f"a {kind}; a file is needed")
    elif any(unsafe(letter) for letter in entry.path):
        found.refuse(path, "a name that is no line of UTF-8 text; rename it")
    else:
        found.paths.append(path)
    return None


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_dir():
            return "folder"
        if entry.is_file():
            return "file"
        return "device, pipe or socket" if os.path.exists(entry.path) else "dead link"
    except OSError:  # a link to itself
        return "dead link"
