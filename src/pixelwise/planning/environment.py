"""Which packages a job computes with: their versions are part of its validity, and must be those of the lock.

A package counts if the modules of a job import it, wherever in them; the frame that plans and runs jobs and talks to
the terminal (`code.framing`) belongs to no job. Nothing is imported to find out.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from pixelwise.artifacts import digest
from pixelwise.errors import PixelwiseError
from pixelwise.planning import code

LOCK = code.PACKAGE.parents[1] / "requirements.lock"
UNCOUNTED = {
    **dict.fromkeys(("filelock", "requests", "urllib3"), "brings files, whose bytes are checked by their SHA-256"),
    "psutil": "names the processor and its load beside a number",
    "pydantic": "checks settings and files, and changes none",
    "rich": "draws on the terminal",
    "triton": "is pinned by PyTorch to one version, and comes with its builds for CUDA alone",
}
"""Packages that steps import and that do not compute, and why no version of theirs changes a result."""
BEHIND = {"bm3d": ("bm4d",), "pytorch-fid": ("torchvision",), "scikit-image": ("scipy",)}
"""Package -> those that compute in its name: BM3D's filters are in bm4d, the Inception network is torchvision's, the
windows of SSIM are SciPy's."""
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?: ; ([^\\\n]+?))?(?: \\)?$", re.MULTILINE)


def public(version: str) -> str:
    """A version without what tells one build of it from another.

    Example:
        >>> public("2.11.0+cu130")
        '2.11.0'
    """
    return version.split("+")[0]


@functools.cache
def _holders() -> Mapping[str, tuple[str, ...]]:
    """Top-level module -> packages that hold it."""
    folders = [(folder, sorted(os.listdir(folder))) for folder in sys.path if folder and os.path.isdir(folder)]
    state = [(f, [n for n in names if n.endswith((".dist-info", ".egg-info"))]) for f, names in folders]
    found = code.holders(
        digest(state), lambda: {key: list(names) for key, names in metadata.packages_distributions().items()}
    )
    return {module: tuple(sorted({canonicalize_name(name) for name in names})) for module, names in found.items()}


@functools.cache
def _installed(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


@functools.cache
def _packages(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Packages that these modules compute with; one that is not installed is called by its module's name."""
    found = {name for module in code.foreign(entries) for name in _holders().get(module, (canonicalize_name(module),))}
    found |= {name for package in found for name in BEHIND.get(package, ())}
    return tuple(sorted(found - set(UNCOUNTED)))


def installed(entries: Iterable[str]) -> dict[str, str]:
    """Packages that the entry modules compute with, and their versions; those that are not installed are left out."""
    return {package: version for package in _packages(tuple(entries)) if (version := _installed(package))}


def versions(entries: Iterable[str]) -> dict[str, str]:
    """`installed`, without what tells one build of a version from another."""
    return {package: public(version) for package, version in installed(entries).items()}


def without_builds(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job as its manifest has it, as `jobs.Job.description` would: without the builds of its packages."""
    packages = job.get("packages")
    if not isinstance(packages, dict):
        return dict(job)
    return {**job, "packages": {package: public(str(version)) for package, version in packages.items()}}


@functools.cache
def locked() -> Mapping[str, str]:
    """Package -> version in `requirements.lock`, by the lines that are for this Python and machine."""
    text = LOCK.read_text(encoding="utf-8") if LOCK.is_file() else ""
    pinned: dict[str, str] = {}
    for name, version, marker in _PINNED.findall(text):
        if not marker or Marker(marker).evaluate():
            pinned[canonicalize_name(name)] = version
    return pinned


def differences(entries: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """How what is installed differs from the lock, one clause for each package that computes.

    Args:
        entries: The entry modules of each job.
    """
    found = []
    for package in sorted({package for job in entries for package in _packages(tuple(job))}):
        version, wanted = _installed(package), locked().get(package)
        if public(version) != wanted:
            here = f"{package} {version} is installed" if version else f"{package} is not installed"
            found.append(f"{here}, and {wanted or 'none'} is locked")
    return tuple(found)


def check(found: tuple[str, ...], rule: str) -> None:
    """Refuse to plan with other packages than those of the lock, unless the configuration allows any.

    Args:
        found: `differences`.
        rule: `environment` of params.yaml.

    Raises:
        PixelwiseError: With the first difference and the way out.
    """
    if found and rule != "any":
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise PixelwiseError(
            f"requirements.lock: {found[0]}{more}; install what it lists (pip install -r requirements.lock), "
            "or set 'environment: any' in params.yaml"
        )
