"""Downloads that resume, show progress and are verified; `PIXELWISE_MIRROR` replaces the host.

A finished file lies in `work/downloads/` under the path that it has on its host; an unfinished one beside it as
`*.part`, from which the next try goes on.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import requests
from filelock import FileLock

from pixelwise.artifacts import sha256, write_text
from pixelwise.data import zips
from pixelwise.data.sources import Source
from pixelwise.data.transfer import BROKEN_OFF, CHUNK, TIMEOUT, NoPart, Unreachable, reason, seconds, shown, stream
from pixelwise.errors import PixelwiseError
from pixelwise.terminal.screen import say

CACHE = Path("work") / "downloads"
MIRROR = "PIXELWISE_MIRROR"
TRIES = 3  # in a row that bring no byte

__all__ = ["CACHE", "CHUNK", "MIRROR", "TIMEOUT", "Unreachable", "discard", "download", "obtain", "say", "verify"]


def obtain(source: Source, *, only_mirror: bool = True) -> Path:
    """Return a local, verified copy of a source: from the mirror, from the cache, or downloaded now.

    Args:
        source: What to obtain.
        only_mirror: With a mirror set, never ask the official host. False asks it for what the mirror lacks.

    Returns:
        Path in the mirror folder (never written to) or in the cache.

    Raises:
        PixelwiseError: If the file can't be reached or differs from its checksum.
    """
    mirror = os.environ.get(MIRROR, "")
    server = mirror.lower().startswith(("http://", "https://"))
    if "://" in mirror and not server:
        raise PixelwiseError(f"{MIRROR}: {shown(mirror)}; allowed are a folder, http:// and https://")
    if mirror and not server:
        path = Path(mirror) / source.path
        if path.is_file():
            verify(path, source)
            return path
        if only_mirror:
            raise PixelwiseError(f"{path}: not in the mirror; unset {MIRROR} to download {source.url}")
        mirror = ""
    target = CACHE / source.path
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(target.name + ".lock")):
        if target.is_file():
            try:
                verify(target, source, discard=True)
                _same_as_downloaded(target, source)
                return target
            except PixelwiseError as error:
                say(str(error))
        urls = [f"{mirror.rstrip('/')}/{source.path}"] if mirror else []
        if not mirror or not only_mirror:
            urls.append(source.url)
        for url in urls[:-1]:
            try:
                return download(url, target, source)
            except Unreachable as error:
                say(f"{error}; going on to {source.url}")
        return download(urls[-1], target, source)


def download(url: str, target: Path, source: Source) -> Path:
    """Download `url` to `target`, going on from an unfinished try, and verify it.

    Raises:
        PixelwiseError: If the host can't be reached, answers with an error, or if the file differs from its checksum
            even when fetched from its beginning.
    """
    part = target.with_name(target.name + ".part")
    resumed = part.is_file() and part.stat().st_size > 0
    try:
        _whole(url, part, source)
    except Unreachable:
        raise
    except PixelwiseError:
        if not resumed:
            raise
        say(f"{shown(url)}: the unfinished download was of no use; starting anew")
        _whole(url, part, source)
    os.replace(part, target)
    _same_as_downloaded(target, source)
    return target


def _whole(url: str, part: Path, source: Source) -> None:
    """Download to `part` and check it; one that differs is removed."""
    _fetch(url, part, source)
    verify(part, source, discard=True)
    if not source.checked:
        try:
            zips.check(part, source)
        except PixelwiseError:
            part.unlink(missing_ok=True)
            raise


def _same_as_downloaded(target: Path, source: Source) -> None:
    """Where nobody publishes a checksum: compare with the one noted beside the file when it was downloaded.

    Raises:
        PixelwiseError: If it differs; the file is then removed.
    """
    if source.checked:
        return
    note = target.with_name(target.name + ".sha256")
    found = sha256(target)
    if note.is_file() and note.read_text(encoding="utf-8").strip() != found:
        target.unlink()
        note.unlink()
        raise PixelwiseError(
            f"{target}: sha256 {found[:12]} is not that of its download; removed, to be downloaded anew"
        )
    if not note.is_file():
        zips.check(target, source)
        write_text(note, found + "\n")


def _fetch(url: str, part: Path, source: Source) -> None:
    """Write to `part` until the host says that it is complete; retry while tries bring bytes, and twice without.

    What an interrupted transfer brought stays; what a refused one brought is removed.
    """
    failures, deadline = 0, time.monotonic() + seconds(source)
    while True:
        before = part.stat().st_size if part.is_file() else 0
        try:
            stream(url, part, source, deadline)
            return
        except Unreachable:
            raise
        except PixelwiseError as error:
            part.unlink(missing_ok=True)
            if not isinstance(error, NoPart) or time.monotonic() > deadline:
                raise
            say(f"{error}; starting anew")
        except BROKEN_OFF as error:
            progress = part.is_file() and part.stat().st_size > before
            failures = 0 if progress else failures + 1
            if failures >= TRIES or time.monotonic() > deadline:
                raise Unreachable(
                    f"{shown(url)}: can't be reached ({reason(error)}); check the network, or set {MIRROR} to a folder "
                    "or server that holds a copy"
                ) from None
            time.sleep(0.5 * failures)
        except (requests.RequestException, ValueError) as error:  # an address or a header that is none
            part.unlink(missing_ok=True)
            raise PixelwiseError(
                f"{shown(url)}: no valid address, or no valid answer ({type(error).__name__})"
            ) from None


def verify(path: Path, source: Source, *, discard: bool = False) -> None:
    """Compare a file with the size and the checksum that the table gives.

    Args:
        path: File to check.
        source: Its row of the table.
        discard: Remove the file if it differs, so that it is downloaded again.

    Raises:
        PixelwiseError: If it differs.
    """
    problem = ""
    if source.size is not None and path.stat().st_size != source.size:
        problem = f"{path.stat().st_size} bytes; expected {source.size}"
    for name, expected in (("sha256", source.sha256), ("md5", source.md5)):
        if expected and not problem and (found := _digest(path, name)) != expected:
            problem = f"{name} {found}; expected {expected}"
    if problem:
        if discard:
            path.unlink()
        raise PixelwiseError(f"{path}: {problem}" + ("; removed, to be downloaded anew" if discard else ""))


def _digest(path: Path, name: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, name).hexdigest()


def discard(path: Path) -> str:
    """Remove a damaged file from the cache; a file of the mirror stays.

    Returns:
        What was done, to be appended to the error message.
    """
    if CACHE.resolve() in path.resolve().parents:
        path.unlink(missing_ok=True)
        return "removed, run again to download it anew"
    return "replace it"
