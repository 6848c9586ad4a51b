"""What lies below a root and becomes part of no example, in words: nothing is passed over in silence."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from pixelwise.data.inferring import role_of
from pixelwise.data.layouts import Layout
from pixelwise.data.patterns import match, reaches
from pixelwise.data.suffixes import SUFFIXES
from pixelwise.data.walking import Found, unread_below
from pixelwise.terminal.screen import plain

SHOWN = 5


def _patterns(layout: Layout) -> list[str]:
    return [pattern for pattern in (layout.images, layout.labels, layout.instances) if pattern]


def names(paths: list[Path]) -> str:
    """The names of the first few of some files."""
    return ", ".join(plain(path.name) for path in paths[:SHOWN]) + (", ..." if len(paths) > SHOWN else "")


def parted(root: Path, layout: Layout, found: Found) -> tuple[list[str], list[str]]:
    """Defects that may hide files of a layout, and those elsewhere, which only deserve a note."""
    near: list[str] = []
    far: list[str] = []
    for place, line in zip(found.places, found.defects, strict=True):
        name = place.relative_to(root).as_posix()
        hides = place == root or any(match(each, name) or reaches(each, name) for each in _patterns(layout))
        (near if hides else far).append(line)
    return near, far


def unread(root: Path, layout: Layout) -> list[str]:
    """Pictures of formats that are not read, where files of a layout are looked for; one line for each suffix."""
    patterns = [pattern.rpartition(".")[0] + ".*" for pattern in _patterns(layout)]
    kinds: dict[str, list[Path]] = defaultdict(list)
    for path in unread_below(root):
        if any(match(pattern, path.relative_to(root).as_posix()) for pattern in patterns):
            kinds[path.suffix.lower()].append(path)
    read = ", ".join(SUFFIXES)
    return [
        f"{len(paths)} {plain(suffix)} file{'s are' if len(paths) > 1 else ' is'} not read: {names(paths)}; {read} are"
        for suffix, paths in kinds.items()
    ]


def unfit(root: Path, layout: Layout, found: Found, instances: bool) -> list[str]:
    """Pictures that no pattern of a layout fits, by folder.

    Where nearly as many of a folder fit none as fit one, these are meant for others, such as Cityscapes' colours.

    Args:
        root: The folder.
        layout: Whose patterns.
        found: The pictures.
        instances: Whether instance maps are used; else their folders are not told.
    """
    fits: dict[str, Counter[str]] = defaultdict(Counter)
    others: Counter[str] = Counter()
    for path in found.paths:
        name = path.relative_to(root).as_posix()
        folder = name.rpartition("/")[0]
        if pattern := next((each for each in _patterns(layout) if match(each, name)), None):
            fits[folder][pattern] += 1
        else:
            others[folder] += 1
    told = {
        folder: count
        for folder, count in sorted(others.items())
        if (not fits[folder] or 2 * count <= max(fits[folder].values()))
        and (instances or not any(_holds_instances(part) for part in folder.split("/")))
    }
    lines = [_said(count, f"{folder or '.'}/") for folder, count in list(told.items())[:SHOWN]]
    if more := list(told.values())[SHOWN:]:
        lines.append(_said(sum(more), f"{len(more)} more folders"))
    return lines


def _holds_instances(folder: str) -> bool:
    return any(role_of(part) == "instance" for part in (folder, *folder.split("_")))


def _said(count: int, where: str) -> str:
    return (
        f"{count} {'pictures' if count > 1 else 'picture'} in {plain(where)} fit{'s' if count == 1 else ''} no pattern"
    )
