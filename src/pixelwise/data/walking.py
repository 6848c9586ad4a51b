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
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}  # Unicode categories: control characters, bytes that are no UTF-8, line breaks
MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # these turn text round


@dataclass(frozen=True)
class Found:
    """What lies below a folder.

    Attributes:
        paths: Picture files, sorted.
        defects: One line each for what cannot be read as it stands.
        notes: One line each for what is left out on purpose.
    """

    paths: list[Path] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def only(self, keep: Callable[[Path], bool]) -> Found:
        """The same with fewer paths."""
        return Found([path for path in self.paths if keep(path)], self.defects, self.notes)


def unsafe(letter: str) -> bool:
    """Whether a letter of a name would break the line that shows it."""
    return unicodedata.category(letter) in UNPRINTABLE or letter in MARKS


def images_below(folder: Path, suffix: str = "", kinds: Collection[str] = SUFFIXES) -> Found:
    """Picture files below a folder, linked folders too, whose names end in `suffix`.

    Hidden files and folders are left out and noted. Dead links, folders that are reached twice (so that a loop of links
    ends), folders that can't be read, devices and names that fit into no line are defects.
    """
    found, waiting = Found(), [folder] if os.path.lexists(folder) else []
    first: dict[tuple[int, int], Path] = {}
    while waiting:
        place = waiting.pop()
        try:
            status = place.stat()
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            found.defects.append(f"{plain(str(place))}: {error.strerror}; a folder that can be read is needed")
            continue
        known = first.setdefault((status.st_dev, status.st_ino), place)
        if known is not place:
            found.defects.append(
                f"{plain(str(place))}: the same folder as {plain(str(known))}; it is counted once, remove the link"
            )
            continue
        folders = [path for entry in entries if (path := _look(entry, suffix, kinds, found)) is not None]
        waiting += reversed(folders)
    found.paths.sort()
    return found


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
        (found.defects if wanted or unclear else found.notes).append(f"{plain(str(path))}: a link that leads nowhere")
    elif not wanted:
        return None
    elif kind != "file":
        found.defects.append(f"{plain(str(path))}: a {kind}; a file is needed")
    elif any(unsafe(letter) for letter in entry.path):
        found.defects.append(f"{plain(str(path))}: a name that is no line of UTF-8 text; rename it")
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
