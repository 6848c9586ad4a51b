"""What a kind of data set declares, and how kinds are found: one module each in the folder `kinds`, listed nowhere.

The name of the module is the name of the kind. Looking at a declaration imports its own module alone, and nothing
heavy: settings and planning do so.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pixelwise.data.examples import LabelTable, Listing
from pixelwise.data.sources import Source
from pixelwise.errors import PixelwiseError
from pixelwise.settings.base import Settings

if TYPE_CHECKING:
    from pixelwise.settings.data import Dataset

PLACE = Path(__file__).parent / "kinds"


def _every(_: str) -> bool:
    return True


@dataclass(frozen=True)
class Download:
    """A data set that is downloaded without asking anybody.

    Attributes:
        source: The zip archive.
        keep: Whether a member of the archive, by its name, is needed.
        members: How many are, where the publisher gives no list of them with checksums.
    """

    source: Source
    keep: Callable[[str], bool] = _every
    members: int | None = None


@dataclass(frozen=True)
class Made:
    """A data set that the program writes: drawn, copied from an installed package, or obtained in a way of its own.

    Attributes:
        write: `module:function` that writes the files of a `Dataset` into a folder; only `fetch` imports it. What an
            earlier run, which was killed, left in the folder is of the same `Dataset`, and may stay.
        words: Where they come from, for the report.
    """

    write: str
    words: str


@dataclass(frozen=True)
class Folder:
    """A data set that the user brings, read where it lies.

    Attributes:
        bring: What the user has to do, in the words that follow "no folder given;".
        folders: Folders that must be inside.
        variable: Environment variable that may name the folder in place of the key `root`.
        login: Environment variables of a user's login, with which the data can be downloaded.
        register: Where a login is had.
        download: `module:function` that downloads with that login to `downloaded`; only `fetch` imports it.
        downloaded: Where such a download lies.
    """

    bring: str
    folders: tuple[str, ...] = ()
    variable: str = ""
    login: tuple[str, ...] = ()
    register: str = ""
    download: str = ""
    downloaded: Path | None = None

    @property
    def needs_root(self) -> bool:
        """Whether nothing but the key `root` can say where the data are."""
        return not self.variable and not self.download

    def named(self, root: str | None) -> str | None:
        """The folder that the key `root`, the environment or an earlier download names."""
        there = str(self.downloaded) if self.downloaded is not None and self.downloaded.is_dir() else None
        return root or os.environ.get(self.variable) or there

    def account(self) -> tuple[str, ...] | None:
        """The user's login from the environment, or None."""
        given = tuple(os.environ.get(name, "") for name in self.login)
        return given if given and all(given) else None


@dataclass(frozen=True)
class Kind:
    """One kind of data set.

    Attributes:
        title: Its name for people.
        origin: How it is obtained.
        listing: Reader: the examples of a split below a folder, and every defect of pairing.
        licence: Terms under which it is published.
        citation: What to cite; empty if nothing is published.
        labels: Names, colours and evaluation classes of its label ids; None for photographs without labels.
        counts: Examples per split of the published set, where a split that is missing has none; None if it varies.
        usual: Training and validation examples to reckon with where neither `counts` nor the settings say.
        synthetic: Whether it is drawn by a program, so that no number measured on it speaks about photographs.
        options: Further keys that its entries take in params.yaml.
        check: Refuses an entry's settings with a ValueError.
        reading: Makes the `Reading` (`pixelwise.data.read_images`) of a data set; None reads photographs and ids. The
            type is not imported, since a plan would then depend on the readers of pictures.
        besides: Files below the root that are no pictures and that the data depend on, such as a palette.
        download_gb: Size of the download.
        disk_gb: Room that it takes on disk, prepared form and all.
    """

    title: str
    origin: Download | Made | Folder
    listing: Callable[[Path, str, Dataset], Listing]
    licence: str
    citation: str = ""
    labels: Callable[[Dataset], LabelTable] | None = None
    counts: Mapping[str, int] | None = None
    usual: tuple[int, int] = (100, 20)
    synthetic: bool = False
    options: type[Settings] | None = None
    check: Callable[[Dataset], None] | None = None
    reading: Callable[[Dataset], Any] | None = None
    besides: Callable[[Path, Dataset], list[Path]] | None = None
    download_gb: float = 0.0
    disk_gb: float = 0.1

    @property
    def task(self) -> Literal["translation", "restoration"]:
        """What it is for: label maps are translated into pictures, photographs restored."""
        return "restoration" if self.labels is None else "translation"

    @property
    def address(self) -> str:
        """Where its files come from, for the report."""
        if isinstance(self.origin, Download):
            return self.origin.source.url
        return self.origin.words if isinstance(self.origin, Made) else "files of the user's own"

    @property
    def get(self) -> str:
        """What the user must do to have it."""
        if isinstance(self.origin, Folder):
            return self.origin.bring
        return "downloaded without a login" if isinstance(self.origin, Download) else "comes with the program"


def names() -> list[str]:
    """The names of all kinds."""
    return sorted(path.stem for path in PLACE.glob("*.py") if not path.stem.startswith("_"))


def module(name: str) -> str:
    """The module that declares a kind, for the jobs that read its data."""
    return f"pixelwise.data.kinds.{name}"


def fetching(name: str) -> list[str]:
    """The modules that fetching a kind's data imports: its own, and the one that writes or downloads them."""
    origin = find(name).origin
    place = origin.write if isinstance(origin, Made) else origin.download if isinstance(origin, Folder) else ""
    return [module(name), *([place.split(":")[0]] if place else [])]


def load(place: str) -> Callable[..., None]:
    """The function that a declaration names as `module:function`."""
    where, _, function = place.partition(":")
    found: Callable[..., None] = getattr(importlib.import_module(where), function)
    return found


def find(name: str) -> Kind:
    """The declaration of a kind.

    Raises:
        PixelwiseError: If there is no such kind, or if its module declares none.
    """
    if name not in names():
        raise PixelwiseError(f"kind: {name}; allowed are {', '.join(names())}")
    kind = getattr(importlib.import_module(module(name)), "KIND", None)
    if not isinstance(kind, Kind):
        raise PixelwiseError(f"{PLACE / name}.py: KIND is {type(kind).__name__}; a Kind is needed")
    return kind
