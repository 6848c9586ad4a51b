"""Inputs of jobs are hashed once for each machine: what was whole, and has not been touched since, is whole.

A file counts as untouched while size, modification and change time, inode and device are as they were. Nobody can set a
change time, so edited bytes are noticed whatever their modification time says. What a disk loses by itself is not:
`pixelwise verify` and the group targets always hash every byte.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pixelwise.artifacts import MANIFEST, digest, files_below, read_json, sha256, verify_manifest, write_json
from pixelwise.errors import PixelwiseError

FOLDER = Path("work/verified")
SETTLED = 2.0
"""Seconds that a file must have been left alone before its hash is kept: two changes within one tick of a file system's
clock look like one."""

Facts = dict[str, list[int]]
"""File -> size in bytes, modification and change time in ns, inode, device."""


def problems(manifest: Path) -> list[str]:
    """`artifacts.verify_manifest`, without reading a byte of a folder that this machine knows to be whole.

    Args:
        manifest: That of an input folder, below the present folder.
    """
    note = FOLDER / platform.node() / f"{digest(str(manifest))}.json"
    with _turn(note.with_suffix(".lock")):
        before = _facts(manifest.parent)
        if _read(note) == before:
            return []
        found = verify_manifest(manifest)
        if not found and _facts(manifest.parent) == before and _settled(before, note):
            with contextlib.suppress(OSError):
                write_json(note, _sealed(before))
        return found


@contextlib.contextmanager
def _turn(lock: Path) -> Iterator[None]:
    """Wait for another job of this machine that hashes the same folder; where no lock can be had, do not wait."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            lock.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            held.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _facts(folder: Path) -> dict[str, Any]:
    """What shows whether a folder was touched: its manifest's hash, and what the system knows of every file."""
    facts: Facts = {}
    for path in files_below(folder):
        found = path.stat()
        times = found.st_mtime_ns, found.st_ctime_ns
        facts[path.relative_to(folder).as_posix()] = [found.st_size, *times, found.st_ino, found.st_dev]
    return {"folder": str(folder.resolve()), "manifest": sha256(folder / MANIFEST), "files": facts}


def _settled(known: dict[str, Any], note: Path) -> bool:
    """Whether no file was touched just now, by this machine's clock and by that of the file system.

    A time that is still to come belongs to another clock: nothing is kept then.
    """
    now = time.time()
    with contextlib.suppress(OSError):
        note.with_suffix(".lock").touch()
        now = min(now, note.with_suffix(".lock").stat().st_mtime)
    return all(max(facts[1], facts[2]) / 1e9 < now - SETTLED for facts in known["files"].values())


def _sealed(known: dict[str, Any]) -> dict[str, Any]:
    return {**known, "digest": digest(known)}


def _read(note: Path) -> dict[str, Any] | None:
    """What is known of a folder; None if nothing is, or the note is damaged."""
    try:
        known = read_json(note)
    except (PixelwiseError, OSError):
        return None
    own = known.pop("digest", None) if isinstance(known, dict) else None
    return known if own is not None and own == digest(known) else None
