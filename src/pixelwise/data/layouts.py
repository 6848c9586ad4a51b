"""The layouts of paired data that people really have: each is a few patterns, tried in order.

A layout of whatever names a student chose is inferred by `inferring`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pixelwise.data.patterns import match
from pixelwise.errors import PixelwiseError
from pixelwise.terminal.screen import plain

SHOWN = 6


@dataclass(frozen=True)
class Layout:
    """Where the files of an example lie below the root.

    Attributes:
        name: For people.
        images: Pattern of photographs; where the two halves of one picture are an example, of these.
        labels: Pattern of label maps; None for halves of one picture.
        instances: Pattern of instance maps, or None.
        lists: Pattern of text files with the names of each split, or None.
        palette: What gives names and colours of ids, or None.
        coded: How label maps hold ids, if the layout says so: `index` or `colour`.
    """

    name: str
    images: str
    labels: str | None = None
    instances: str | None = None
    lists: str | None = None
    palette: str | None = None
    coded: str | None = None

    @property
    def halves(self) -> bool:
        """Whether label map and photograph are the halves of one picture."""
        return self.labels is None

    def below(self, folder: str) -> Layout:
        """The same layout in a folder below the root."""
        keys = ("images", "labels", "instances", "lists")
        moved = {key: f"{folder}/{value}" for key in keys if (value := getattr(self, key)) is not None}
        return replace(self, **moved) if folder else self


_FINE, _PHOTO = "gtFine/{split}/**/{stem}_gtFine_", "leftImg8bit/{split}/**/{stem}_leftImg8bit.*"
NAMED = (
    Layout(
        "Cityscapes", _PHOTO, f"{_FINE}labelIds.png", f"{_FINE}instanceIds.png", palette="cityscapes", coded="index"
    ),
    Layout("Cityscapes in colours", _PHOTO, f"{_FINE}color.png", palette="cityscapes", coded="colour"),
    Layout(
        "IDD Lite",
        "leftImg8bit/{split}/**/{stem}_image.*",
        "gtFine/{split}/**/{stem}_label.png",
        "gtFine/{split}/**/{stem}_inst_label.png",
    ),
    Layout(
        "pix2pixHD",
        "{split}_img/**/{stem}_leftImg8bit.*",
        "{split}_label/**/{stem}_gtFine_labelIds.png",
        "{split}_inst/**/{stem}_gtFine_instanceIds.png",
        palette="cityscapes",
        coded="index",
    ),
    Layout(
        "SPADE",
        "{split}_img/**/{stem}.*",
        "{split}_label/**/{stem}.*",
        "{split}_inst/**/{stem}.*",
        coded="index",
    ),
    Layout(
        "folders for each split",
        "{split}_images/**/{stem}.*",
        "{split}_labels/**/{stem}.*",
        "{split}_instances/**/{stem}.*",
    ),
    Layout("labels and images", "images/**/{stem}.*", "labels/**/{stem}.*", "instances/**/{stem}.*"),
    Layout("CamVid of SegNet", "{split}/{stem}.*", "{split}annot/{stem}.*"),
    Layout("CamVid in 32 colours", "images/{stem}.*", "labels/{stem}_L.png"),
    Layout("CMP facades", "base/{stem}.jpg", "base/{stem}.png"),
)
SIDE_BY_SIDE = Layout("side by side", "{split}/{stem}.*")


def bases(paths: list[str]) -> list[str]:
    """The root, and then each folder in it: a set often lies one folder deeper, as its archive has it."""
    return ["", *sorted({path.split("/")[0] for path in paths if "/" in path})]


def pairs(layout: Layout, paths: list[str]) -> int:
    """How many examples a layout finds among paths below the root."""

    def keys(pattern: str, *besides: str | None) -> set[tuple[str, str]]:
        return {
            (found.split, found.key)
            for path in paths
            if (found := match(pattern, path)) and not any(other and match(other, path) for other in besides)
        }

    if layout.labels is None:
        return len(keys(layout.images))
    labels = keys(layout.labels, layout.instances)
    return len(labels & keys(layout.images, layout.labels, layout.instances)) if labels else 0


def candidates(paths: list[str]) -> Iterator[tuple[Layout, list[str]]]:
    """Every layout that is tried, in order, and the paths that it can be about."""
    from pixelwise.data.inferring import inferred

    inside = {base: [path for path in paths if path.startswith(f"{base}/" if base else "")] for base in bases(paths)}
    for base, those in inside.items():
        yield from ((layout.below(base), those) for layout in NAMED)
    yield from ((layout, paths) for layout in inferred(paths))
    yield from ((SIDE_BY_SIDE.below(base), those) for base, those in inside.items())


def discover(root: Path, found: list[Path]) -> Layout:
    """The first layout that finds pairs among picture files below a root.

    Raises:
        PixelwiseError: If none does; it names what was tried and what was found.
    """
    paths = [PurePosixPath(path.relative_to(root)).as_posix() for path in found]
    for layout, inside in candidates(paths):
        if pairs(layout, inside):
            return _kept(layout, root, paths)
    raise PixelwiseError(_nothing(root, paths))


def _kept(layout: Layout, root: Path, paths: list[str]) -> Layout:
    """The layout with what there really is: instance maps and lists of splits only where some exist."""
    if layout.instances and not any(match(layout.instances, path) for path in paths):
        layout = replace(layout, instances=None)
    if "{split}" in layout.images:
        return layout
    top = layout.images.split("/")[0] if "/" in layout.images else ""
    for folder in ("", top):
        lists = f"{folder}/{{split}}.txt" if folder else "{split}.txt"
        if (root / lists.format(split="train")).is_file():
            return replace(layout, lists=lists)
    return layout


def _nothing(root: Path, paths: list[str]) -> str:
    tried = ", ".join([*(layout.name for layout in NAMED), "folders of labels and images", SIDE_BY_SIDE.name])
    if not paths:
        return f"{root}: no pictures inside; a folder of label maps and photographs is needed"
    folders: dict[str, int] = {}
    for path in paths:
        folder = path.rpartition("/")[0] or "."
        folders[folder] = folders.get(folder, 0) + 1
    shown = ", ".join(f"{plain(folder)}/ ({count})" for folder, count in list(folders.items())[:SHOWN])
    more = f" and {len(folders) - SHOWN} more folders" if len(folders) > SHOWN else ""
    return (
        f"{root}: no pairs by any known layout; tried {tried}; found pictures in {shown}{more}; give labels and images"
    )
