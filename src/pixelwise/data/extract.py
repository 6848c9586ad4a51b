"""Extraction of archives, member by member, against a committed list of names, sizes and checksums."""

from __future__ import annotations

import csv
import hashlib
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import IO

from pixelwise.data.download import discard
from pixelwise.data.sources import Source
from pixelwise.data.zips import BROKEN, bounded
from pixelwise.errors import PixelwiseError
from pixelwise.terminal import progress

CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """One file of an archive: name below its top folder, bytes, checksum (the last two None if not published)."""

    name: str
    size: int | None
    sha256: str | None


def members(source: Source) -> list[Member]:
    """The committed list of an archive's members.

    Raises:
        PixelwiseError: If the list differs from the checksum that its source names.
    """
    content = resources.files("pixelwise.data").joinpath("manifests", source.manifest).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != source.manifest_sha256:
        raise PixelwiseError(f"manifests/{source.manifest}: sha256 {found}; expected {source.manifest_sha256}")
    rows = csv.DictReader(content.decode("utf-8").splitlines())
    return [Member(row["name"], int(row["size"]), row["sha256"]) for row in rows]


def names(archive: Path) -> list[str]:
    """Names of all files in a zip archive.

    Raises:
        PixelwiseError: If it is not a whole zip archive.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            return [info.filename for info in zipped.infolist() if not info.is_dir()]
    except BROKEN as error:
        raise PixelwiseError(f"{archive}: not a whole zip archive ({error}); {discard(archive)}") from None


def extract(archive: Path, source: Source, wanted: list[Member], out: Path) -> list[Path]:
    """Write the wanted members of a zip archive below `out`, without the archive's top folder.

    Nothing else of the archive is written. An archive that holds an absolute name, `..` or a link is refused whole.

    Args:
        archive: Zip file.
        source: What is known of it.
        wanted: Members to write.
        out: Folder to write to.

    Returns:
        The files written, in the order of `wanted`.

    Raises:
        PixelwiseError: If the archive is damaged or unsafe, or if a member is missing or differs from the list.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            entries = {info.filename: _safe(archive, info) for info in zipped.infolist()}
            missing = [member.name for member in wanted if source.top + member.name not in entries]
            if missing:
                lack = f"{len(missing)} of {len(wanted)} listed members, first {missing[0]}"
                raise PixelwiseError(f"{archive}: lacks {lack}")
            bounded(archive, [entries[source.top + member.name] for member in wanted], source)
            return [
                _write(zipped, entries[source.top + member.name], member, out)
                for member in progress.through(wanted, "files")
            ]
    except Damaged as error:
        raise PixelwiseError(f"{archive}: {error}; {discard(archive)}") from None
    except BROKEN as error:
        raise PixelwiseError(f"{archive}: not a whole zip archive ({error}); {discard(archive)}") from None


class Damaged(PixelwiseError):
    """A member differs from the list, so the archive is of no use."""


def _safe(archive: Path, info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    name = info.filename
    path = PurePosixPath(name)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in name or (path.parts and path.parts[0].endswith(":")):
        raise PixelwiseError(f"{archive}: member {name}; names must stay inside the folder, nothing was extracted")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise PixelwiseError(
            f"{archive}: member {name} is a link or a device; allowed are files, nothing was extracted"
        )
    return info


def _write(zipped: zipfile.ZipFile, info: zipfile.ZipInfo, member: Member, out: Path) -> Path:
    if member.size is not None and info.file_size != member.size:
        raise Damaged(f"{member.name} has {info.file_size} bytes; expected {member.size}")
    if info.header_offset < 0:
        raise zipfile.BadZipFile("a member begins before the file")
    path = out / member.name
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with zipped.open(info) as packed, open(path, "wb") as stream:
            for chunk in _chunks(packed, info.file_size):
                digest.update(chunk)
                stream.write(chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if member.sha256 is not None and digest.hexdigest() != member.sha256:
        path.unlink()
        raise Damaged(f"{member.name} has sha256 {digest.hexdigest()}; expected {member.sha256}")
    return path


def _chunks(packed: IO[bytes], limit: int) -> Iterator[bytes]:
    """Read a member, never more than its directory entry promises."""
    left = limit
    while left > 0 and (chunk := packed.read(min(CHUNK, left))):
        left -= len(chunk)
        yield chunk
    if left or packed.read(1):
        raise zipfile.BadZipFile(f"a member is not {limit} bytes long")
