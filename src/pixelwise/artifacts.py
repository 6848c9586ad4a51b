"""How outputs reach the disk: atomic writes, hashes, manifests and locks. Nothing else writes results."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pixelwise.errors import PixelwiseError

MANIFEST = "manifest.json"
MARK = ".pixelwise"
"""A file in every output folder, from its beginning: what has neither this nor a manifest is never emptied."""


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


def check_ours(folder: Path, known: bool = False) -> None:
    """Refuse to empty what no job made; a job's folder has our mark from its beginning, or a manifest, or is empty.

    Args:
        folder: A job's output folder; it need not exist.
        known: It is known to be a job's, although it has no mark.

    Raises:
        PixelwiseError: If something stands there that no job made.
    """
    marked = known or os.path.lexists(folder / MARK) or os.path.lexists(folder / MANIFEST)
    if os.path.lexists(folder) and not (folder.is_dir() and (marked or not any(folder.iterdir()))):
        raise PixelwiseError(f"{folder}: holds files that no job made (no {MARK}, no {MANIFEST}); move it away")


def empty(folder: Path, known: bool = False) -> None:
    """Make `folder` anew, without anything in it but our mark; arguments and errors are those of `check_ours`."""
    check_ours(folder, known)
    remove(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`; a second process is refused at once.

    Raises:
        PixelwiseError: If another process holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout:
        raise PixelwiseError(f"{path}: held by another process; the same job is running already") from None
