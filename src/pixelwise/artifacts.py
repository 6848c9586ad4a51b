"""How outputs reach the disk: atomic writes, hashes, manifests and locks. Nothing else writes results."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pixelwise.errors import PixelwiseError
from pixelwise.files.disk import refusal
from pixelwise.files.reading import Model, content, read, short
from pixelwise.files.reading import read_json as read_json

MANIFEST = "manifest.json"
MARK = ".pixelwise"
"""A file in every output folder, from its beginning: what has neither this nor a manifest is never emptied."""
DAMAGED = "damaged"
"""Stands in a manifest for an input whose bytes were not those that its own manifest lists."""
_ACCEPTED = b'{\n "accepted": '
"""How a manifest with acceptances begins: its keys are sorted."""


def sha256(path: Path | str) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(document: Any) -> str:
    """First 12 hexadecimal digits of the SHA-256 of a document as canonical JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]


def _beside(path: Path) -> Path:
    """Create an empty file in the folder of `path` under a name of its own; the umask decides who may read it."""
    while True:
        temporary = path.with_name(f".{path.stem[:32]}.{secrets.token_hex(4)}{path.suffix}")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            return temporary


@contextlib.contextmanager
def atomic(path: Path | str, replace: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success flush it to disk and rename it, on failure remove it.

    The temporary name keeps the suffix of `path`, since many writers choose their format by it.

    Args:
        path: File to write; missing folders are made.
        replace: Whether a file of that name may be replaced.

    Raises:
        FileExistsError: If there is one and it may not be.
        OSError: If the disk refuses to take it, whatever the writer raised; it names `path`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(path)
    mode = temporary.stat().st_mode
    try:
        yield temporary
        temporary.chmod(stat.S_IMODE(mode))  # some writers put a private file in its place
        with open(temporary, "rb") as stream:
            os.fsync(stream.fileno())
        if not replace:
            _claim(temporary, path)
        os.replace(temporary, path)
        temporary.unlink(missing_ok=True)  # two names of one file: renaming left both
    except BaseException as error:
        raised = refusal(temporary, path, error)
        temporary.unlink(missing_ok=True)
        if raised is error:
            raise
        raise raised from error


def _claim(temporary: Path, path: Path) -> None:
    """Give a file its second name, unless another file has it; where there are no hard links, only look.

    Raises:
        FileExistsError: If another file has it.
    """
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write a file atomically."""
    with atomic(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path | str, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path | str, document: Any) -> None:
    """Write sorted, indented JSON atomically; NaN and infinity are refused, since JSON has neither."""
    write_text(path, as_json(document))


def as_json(document: Any) -> str:
    """Sorted, indented JSON."""
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def files_below(folder: Path) -> list[Path]:
    """Every file below `folder`, sorted, without the manifest itself and without temporary or Snakemake's own files."""
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST and not path.name.startswith(".")
    )


def write_manifest(folder: Path, job: Mapping[str, Any], inputs: Mapping[str, str]) -> None:
    """Write `folder/manifest.json`: the job, the hashes of the upstream manifests and of every file made."""
    files = {path.relative_to(folder).as_posix(): sha256(path) for path in files_below(folder)}
    write_json(folder / MANIFEST, sealed({"job": job, "inputs": dict(inputs), "files": files}))


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest with the digest of what it says."""
    return {**document, "digest": digest(document)}


def as_made(manifest: Path | str) -> str:
    """SHA-256 of a manifest as its job wrote it: what is accepted later (`planning.acceptance`) makes no other output.

    Raises:
        PixelwiseError: If something was accepted and it is no manifest.
    """
    written = content(manifest)
    if written.startswith(_ACCEPTED):
        document = read_manifest(manifest)
        del document["accepted"]
        written = as_json(sealed(document)).encode("utf-8")
    return hashlib.sha256(written).hexdigest()


def _is_hash(value: Any) -> bool:
    return type(value) is str and len(value) == 64 and value.isascii() and value.isalnum()


def _is_name(name: str) -> bool:
    """Whether a name of a file stays below its folder."""
    return bool(name) and "\0" not in name and name[0] != "/" and ".." not in name.split("/")


def read_manifest(path: Path | str) -> dict[str, Any]:
    """Read a manifest: `job` (as its job file described it), `inputs` (folder -> hash) and `files` (name -> hash).

    It may hold `accepted` too, a list of changes that do not concern it (`planning.acceptance`).

    Raises:
        PixelwiseError: If it is missing or anything else; what it says of the job is not checked here.
    """
    document = read_json(path)
    own = document.pop("digest", None) if isinstance(document, dict) else None
    parts = [document.get(name) for name in ("job", "inputs", "files")] if isinstance(document, dict) else []
    known = parts and isinstance(document.get("accepted", []), list) and len(document.keys() - {"accepted"}) == 3
    if not known or not all(isinstance(part, dict) for part in parts):
        raise PixelwiseError(f"{path}: not a manifest; one holds job, inputs and files")
    if own is not None and own != digest(document):
        raise PixelwiseError(f"{path}: changed since it was written; its digest {short(own)} is not of what it says")
    for role in ("inputs", "files"):
        for name, found in document[role].items():
            damaged = role == "inputs" and found == DAMAGED
            if not (_is_hash(found) or damaged) or (role == "files" and not _is_name(name)):
                raise PixelwiseError(f"{path}: not a manifest; {role} lists {short(name)} with {short(found)}")
    return dict(document)


def check_listed(path: Path) -> None:
    """Compare one file with what the manifest of its folder, or of the one above, says of it.

    A folder without a manifest says nothing.

    Raises:
        PixelwiseError: If the file is not listed, or was changed since it was made, or the manifest is none.
    """
    folder = next((f for f in (path.parent, path.parent.parent) if os.path.lexists(f / MANIFEST)), None)
    if folder is None:
        return
    manifest = folder / MANIFEST
    listed = read_manifest(manifest)["files"].get(path.relative_to(folder).as_posix())
    if not path.is_file():
        raise PixelwiseError(f"{path}: no such file{'' if listed is None else f'; {manifest} lists it'}")
    if listed is None:
        raise PixelwiseError(f"{path}: not listed in {manifest}; it was not made by that job")
    try:
        found = sha256(path)
    except OSError as error:
        raise PixelwiseError(f"{path}: not readable ({error.strerror})") from None
    if found != listed:
        raise PixelwiseError(f"{path}: sha256 {found[:12]} differs from {listed[:12]} in {manifest}; it was changed")


def read_made(path: Path, model: type[Model]) -> Model:
    """Read a JSON file that a job made, see `pixelwise.files.reading.read` and `check_listed`."""
    check_listed(path)
    return read(path, model)


def verify_manifest(manifest: Path) -> list[str]:
    """Compare a folder's bytes with its manifest.

    Returns:
        One line for each file that is missing, changed or not listed; empty if all is well.
    """
    folder = manifest.parent
    try:
        listed = read_manifest(manifest)["files"]
    except PixelwiseError as error:
        return [str(error)]
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
def locked(path: Path, *, shared: bool = False) -> Iterator[None]:
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
