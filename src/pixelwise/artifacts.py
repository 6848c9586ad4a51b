"""How outputs reach the disk: atomic writes, hashes, manifests and locks. Nothing else writes results."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pixelwise.errors import PixelwiseError

MANIFEST = "manifest.json"


def sha256(path: Path | str) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(document: Any) -> str:
    """First 12 hexadecimal digits of the SHA-256 of a document as canonical JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]


def read_json(path: Path | str) -> Any:
    """Parse a JSON file.

    Raises:
        PixelwiseError: If the file is missing or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PixelwiseError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise PixelwiseError(f"{path}: not readable as JSON ({error})") from None


@contextlib.contextmanager
def atomic(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success flush it to disk and rename it, on failure remove it.

    The temporary name keeps the suffix of `path`, since many writers choose their format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write a file atomically."""
    with atomic(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path | str, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path | str, document: Any) -> None:
    """Write sorted, indented JSON atomically; NaN and infinity are refused, since JSON has neither."""
    write_text(path, json.dumps(document, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n")


def files_below(folder: Path) -> list[Path]:
    """Every file below `folder`, sorted, without the manifest itself and without temporary or Snakemake's own files."""
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST and not path.name.startswith(".")
    )


def write_manifest(folder: Path, job: Mapping[str, Any], inputs: Mapping[str, str]) -> None:
    """Write `folder/manifest.json`: the job, the hashes of the upstream manifests and of every file made."""
    files = {path.relative_to(folder).as_posix(): sha256(path) for path in files_below(folder)}
    write_json(folder / MANIFEST, {"job": job, "inputs": dict(inputs), "files": files})


def verify_manifest(manifest: Path) -> list[str]:
    """Compare a folder's bytes with its manifest.

    Returns:
        One line for each file that is missing, changed or not listed; empty if all is well.
    """
    folder = manifest.parent
    document = read_json(manifest)
    listed = document.get("files") if isinstance(document, dict) else None
    if not isinstance(listed, dict):
        return [f"{manifest}: not a manifest; it lists no files"]
    present = {path.relative_to(folder).as_posix(): path for path in files_below(folder)}
    problems = [f"{folder / name}: missing" for name in listed if name not in present]
    problems += [f"{folder / name}: not listed in {manifest}" for name in present if name not in listed]
    problems += [
        f"{path}: sha256 {found[:12]} differs from {listed[name][:12]} in {manifest}"
        for name, path in present.items()
        if name in listed and (found := sha256(path)) != listed[name]
    ]
    return sorted(problems)


def remove(folder: Path) -> None:
    """Remove whatever stands at `folder`; a link (into a cache) is removed itself, never what it points to."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def empty(folder: Path) -> None:
    """Make `folder` anew, without anything in it."""
    remove(folder)
    folder.mkdir(parents=True)


def stamp(path: Path | str) -> tuple[int, int, int] | None:
    """What changes whenever a file is written or replaced: inode, time, size; None if it is not there."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def flock(handle: int, *, shared: bool) -> bool:
    """Try to lock an open file, alone or with others that only read; the end of the process unlocks it."""
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def lock(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a lock on `path`; a second process is refused at once, unless both only read.

    Raises:
        PixelwiseError: If another process holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not flock(handle, shared=shared):
            what = "the job that makes it is running" if shared else "it is being made, or read, already"
            raise PixelwiseError(f"{path}: held by another process; {what}")
        yield
    finally:
        os.close(handle)
