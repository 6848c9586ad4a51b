"""A folder in which a case runs, with things of the user's inside and beside it that must stay as they are."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

Listing = dict[str, tuple[str, str]]
OUTPUTS = ("data", "results", "work", "logs")
"""Folders of a clone in which jobs may change something."""


_HASHES: dict[tuple[int, ...], str] = {}


def _hash(path: str, found: os.stat_result) -> str:
    """SHA-256 of a file, read anew whenever anything happened to it: nothing can set a change time back."""
    key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    if key not in _HASHES:
        with open(path, "rb") as stream:
            _HASHES[key] = hashlib.file_digest(stream, "sha256").hexdigest()
    return _HASHES[key]


def listing(root: Path) -> Listing:
    """Path below `root` -> kind and hash or target, of everything there is; links are not followed."""
    found: Listing = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = os.path.join(folder, name)
            mode = (status := os.lstat(path)).st_mode
            where = os.path.relpath(path, root)
            if stat.S_ISLNK(mode):
                found[where] = ("link", os.readlink(path))
            elif stat.S_ISREG(mode):
                found[where] = (f"file {mode & 0o777:o}", _hash(path, status))
            else:
                found[where] = ("folder" if stat.S_ISDIR(mode) else "other", "")
    return found


class Sandbox:
    """`clone` is where commands run; `beside` and `home` stand for everything else on the disk.

    Args:
        root: Empty folder.
        fill: Puts files into the clone; what it leaves is what `reset` restores.
    """

    def __init__(self, root: Path, fill: Callable[[Path], None] | None = None) -> None:
        self.root, self.kept = root / "now", root / "kept"
        self.clone, self.beside, self.home = (self.root / name for name in ("clone", "beside", "home"))
        for folder in (self.clone / "mine", self.beside / "deep", self.home / ".config"):
            folder.mkdir(parents=True)
            (folder / "keep.txt").write_text(f"the user's own, {folder.name}\n")
        (self.clone / "notes.txt").write_text("the user's own\n")
        if fill is not None:
            fill(self.clone)
        shutil.copytree(self.root, self.kept, symlinks=True)
        self.start = listing(self.root)

    def reset(self) -> None:
        """Bring everything back to how it was at the start."""
        now = listing(self.root)
        for name in sorted(now.keys() - self.start.keys(), reverse=True):
            self._remove(self.root / name)
        for name in sorted(self.start):
            if now.get(name) != self.start[name]:
                self._remove(self.root / name)
                kept = self.kept / name
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                if kept.is_dir() and not kept.is_symlink():
                    shutil.copytree(kept, self.root / name, symlinks=True)
                else:
                    shutil.copy2(kept, self.root / name, follow_symlinks=False)

    @staticmethod
    def _remove(path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def changed(self, before: Listing, allowed: Iterable[str] = ()) -> list[str]:
        """What differs from a listing outside the folders that may change.

        Args:
            before: An earlier `listing(self.root)`.
            allowed: Paths in the clone that may change with all below them.
        """
        after, free = listing(self.root), [f"clone/{name}" for name in allowed]
        return [
            name
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
            and not any(name == place or name.startswith(place + "/") for place in free)
        ]
