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
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from pixelwise.console import terminal
from pixelwise.data.sources import Source
from pixelwise.errors import PixelwiseError
from pixelwise.screen import say

CACHE = Path("work") / "downloads"
MIRROR = "PIXELWISE_MIRROR"
TIMEOUT = (4.0, 20.0)  # seconds to connect, seconds without a byte
TRIES = 3  # in a row that bring no byte
CHUNK = 1 << 16


class Unreachable(PixelwiseError):
    """The host can't be reached, or has no such file: another source may be tried, unlike after a wrong checksum."""


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
    if mirror and not mirror.startswith(("http://", "https://")):
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
    _fetch(url, part)
    try:
        verify(part, source, discard=True)
    except PixelwiseError:
        if not resumed:
            raise
        say(f"{url}: the unfinished download was of no use; starting anew")
        _fetch(url, part)
        verify(part, source, discard=True)
    os.replace(part, target)
    return target


def _fetch(url: str, part: Path) -> None:
    """Stream to `part` until the host says that it is complete; retry while tries bring bytes, and twice without."""
    failures = 0
    while True:
        before = part.stat().st_size if part.is_file() else 0
        try:
            _stream(url, part, before)
            return
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            progress = part.is_file() and part.stat().st_size > before
            failures = 0 if progress else failures + 1
            if failures >= TRIES:
                raise Unreachable(
                    f"{url}: can't be reached ({_reason(error)}); check the network, or set {MIRROR} to a folder or "
                    "server that holds a copy"
                ) from None
            time.sleep(0.5 * failures)
        except requests.RequestException as error:
            raise PixelwiseError(f"{url}: {_reason(error)}") from None


def _stream(url: str, part: Path, start: int) -> None:
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if (
            answer.status_code == 416
        ):  # nothing after `start`: whole already, or not the same file; verified by the caller
            return
        if answer.status_code in (404, 410):
            raise Unreachable(f"{url}: no such file on this host (status {answer.status_code})")
        if answer.status_code >= 500:
            raise requests.ConnectionError(f"status {answer.status_code}")
        if answer.status_code not in (200, 206):
            raise PixelwiseError(f"{url}: status {answer.status_code}; allowed are 200 and 206")
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            raise PixelwiseError(f"{url}: a web page instead of a file; open the address in a browser")
        start = start if answer.status_code == 206 else 0
        length = answer.headers.get("Content-Length")
        with _progress() as bar, open(part, "ab" if start else "wb") as stream:
            task = bar.add_task(part.name.removesuffix(".part"), total=start + int(length) if length else None)
            bar.update(task, completed=start)
            for chunk in answer.iter_content(CHUNK):
                stream.write(chunk)
                bar.update(task, advance=len(chunk))


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=terminal(stderr=True))


def _reason(error: Exception) -> str:
    """The innermost cause of a network error, in a few words."""
    text = str(error.args[0] if error.args else error)
    reason = str(getattr(error.args[0] if error.args else None, "reason", text))
    return reason.rsplit(": ", 1)[-1].split(" (", 1)[0].strip("() ")[:120] or type(error).__name__


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
