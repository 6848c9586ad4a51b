"""Patterns of file names, such as `gtFine/{split}/**/{stem}_label.png`: which file belongs to which example.

`{stem}` is what the files of one example have in common; `{split}` is the name of a split; `**` is any number of
folders and `*` one, which belong to the example's name; `.*` at the end is any picture suffix. Case does not matter,
nor in which of its forms Unicode writes an accent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from pixelwise.data.layout import Index, index
from pixelwise.data.walking import Found

TRAIN = ("train", "training", "trn")
VAL = ("val", "valid", "validation", "test", "testing", "eval")
"""Names of splits; the first of the second kind that has pairs is the validation set."""
_PART = re.compile(r"(\{stem\}|\{split\}|\*\*/|\*)")


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def folded(name: str) -> str:
    """A name without its case, by which files belong together whose names differ in that alone."""
    return _composed(_composed(name).casefold())


@dataclass(frozen=True)
class Matched:
    """What a pattern reads from the path of a file: the example's name and the word of the split, or an empty one."""

    key: str
    split: str


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    words = "|".join(sorted((*TRAIN, *VAL), key=lambda word: (-len(word), word)))
    made, splits, folders = "", 0, 0
    for part in _PART.split(_composed(pattern).removesuffix(".*")):
        if part == "{stem}":
            made += r"(?P<stem>[^/]+)"
        elif part == "{split}":
            made += "(?P=split)" if splits else f"(?P<split>{words})"
            splits += 1
        elif part == "**/":
            made += f"(?:(?P<folder{folders}>.+)/)?"
            folders += 1
        elif part == "*":
            made += f"(?P<folder{folders}>[^/]+)" if made.endswith("/") or not made else "[^/]*"
            folders += 1
        else:
            made += re.escape(part)
    return re.compile(made + (r"\.[^./]+" if pattern.endswith(".*") else ""), re.IGNORECASE)


def problem(pattern: str) -> str | None:
    """What is wrong with a pattern, or None."""
    parts = pattern.split("/")
    if pattern.startswith("/") or "\\" in pattern or not set(parts).isdisjoint(("", ".", "..")):
        return "a pattern of paths below root is needed"
    if pattern.count("{stem}") != 1 or "{stem}" not in parts[-1]:
        return "needs {stem} once, in the name of the file"
    if "." not in parts[-1].split("{stem}")[1]:
        return "needs a suffix after {stem}, such as .png or .*"
    if set("{}") & set(pattern.replace("{stem}", "").replace("{split}", "")):
        return "takes {stem} and {split}, and no other braces"
    if any("**" in part and part != "**" for part in parts):
        return "** stands for whole folders"
    return None


def match(pattern: str, path: str) -> Matched | None:
    """Read a path below the root, with `/`, by a pattern; None if it does not fit."""
    found = _compiled(pattern).fullmatch(_composed(path))
    if found is None:
        return None
    named = found.groupdict()
    folders = [named[name] for name in sorted(named) if name.startswith("folder") and named[name]]
    return Matched("_".join([*folders, named["stem"]]).replace("/", "_"), (named.get("split") or "").lower())


def reaches(pattern: str, folder: str) -> bool:
    """Whether a folder, given by its path below the root, may hold files that fit a pattern, however deep."""
    wanted = pattern.split("/")[:-1]
    for number, part in enumerate(folder.split("/")):
        if number >= len(wanted):
            return False
        if wanted[number] == "**":
            return True
        if match(f"{wanted[number]}/{{stem}}.*", f"{part}/x.png") is None:
            return False
    return True


def files(found: Found, root: Path, pattern: str, besides: Iterable[str | None] = ()) -> dict[str, Index]:
    """The files that fit a pattern and none of others: for each word of a split those by the example's name."""
    relative = {path: PurePosixPath(path.relative_to(root)).as_posix() for path in found.paths}
    fitting: dict[Path, Matched] = {}
    for path, name in relative.items():
        matched = match(pattern, name)
        if matched is not None and not any(other and match(other, name) for other in besides):
            fitting[path] = matched
    words = dict.fromkeys(matched.split for matched in fitting.values())
    return {
        word: index(Found([path for path, at in fitting.items() if at.split == word]), lambda path: fitting[path].key)
        for word in words
    }
