"""The layouts of paired data that people really have: each is a few patterns, tried in order.

A layout of whatever names a student chose is inferred by `inferring`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pixelwise.data.label_maps import halves
from pixelwise.data.patterns import TRAIN, VAL, folded, match, reaches
from pixelwise.data.walking import Found, unread_below
from pixelwise.errors import PixelwiseError
from pixelwise.terminal.screen import plain

SHOWN = 6
DEPTH = 2
"""How many folders below the root a set may lie."""
LOOKED = 8
"""Pictures of a folder without any other that are looked at: are they halves?"""


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
        "Cityscapes", _PHOTO, f"{_FINE}labelIds.png", f"{_FINE}instanceIds.png", palette="Cityscapes", coded="index"
    ),
    Layout("Cityscapes in colours", _PHOTO, f"{_FINE}color.png", palette="Cityscapes", coded="colour"),
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
        palette="Cityscapes",
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
    Layout(
        "labels and images for each split",
        "images/{split}/**/{stem}.*",
        "labels/{split}/**/{stem}.*",
        "instances/{split}/**/{stem}.*",
    ),
    Layout(
        "labels and images in each split",
        "{split}/images/**/{stem}.*",
        "{split}/labels/**/{stem}.*",
        "{split}/instances/**/{stem}.*",
    ),
    Layout("labels and images", "images/**/{stem}.*", "labels/**/{stem}.*", "instances/**/{stem}.*"),
    Layout("CamVid of SegNet", "{split}/{stem}.*", "{split}annot/{stem}.*", palette="CamVid"),
    Layout("CamVid in 32 colours", "images/{stem}.*", "labels/{stem}_L.png"),
    Layout("CMP facades", "base/{stem}.jpg", "base/{stem}.png"),
)
SIDE_BY_SIDE = Layout("side by side", "{split}/{stem}.*")
FLAT = Layout(SIDE_BY_SIDE.name, "{stem}.*")
Examples = Set[tuple[str, str]]
"""Word of the split, or an empty one, and name without case."""


def bases(paths: list[str]) -> dict[str, list[str]]:
    """The folders in which a set may lie, the root first, and the paths below each.

    A folder named after a split is part of a set, and no set.
    """
    inside: dict[str, list[str]] = {"": paths}
    for path in paths:
        base = ""
        for part in path.split("/")[:-1][:DEPTH]:
            if part.lower() in (*TRAIN, *VAL) or set("{}*") & set(part):
                break
            base = f"{base}/{part}" if base else part
            inside.setdefault(base, []).append(path)
    return {base: inside[base] for base in sorted(inside, key=lambda base: (len(base.split("/")) if base else 0, base))}


def common(layout: Layout, paths: list[str]) -> Examples:
    """The examples that a layout finds among paths below the root."""

    def keys(pattern: str, *besides: str | None) -> set[tuple[str, str]]:
        return {
            (found.split, folded(found.key))
            for path in paths
            if (found := match(pattern, path)) and not any(other and match(other, path) for other in besides)
        }

    if layout.labels is None:
        return keys(layout.images)
    labels = keys(layout.labels, layout.instances)
    return labels & keys(layout.images, layout.labels, layout.instances) if labels else set()


def trains(examples: Examples) -> bool:
    """Whether some of the examples are for training."""
    return any(word in ("", *TRAIN) for word, _ in examples)


def _first(layouts: Iterator[Layout], paths: list[str]) -> tuple[Layout, Examples] | None:
    """The first layout that finds examples to train on, else the first that finds any."""
    other = None
    for layout in layouts:
        examples = common(layout, paths)
        if trains(examples):
            return layout, examples
        if examples and other is None:
            other = layout, examples
    return other


def _best(paths: list[str]) -> Layout | None:
    """A known layout of the root; else that of the folders inside, or of any names, that finds most examples."""
    from pixelwise.data.inferring import inferred

    inside = bases(paths)
    found = []
    for base, those in inside.items():
        known = _first((layout.below(base) for layout in NAMED), those)
        if known and not base and trains(known[1]):
            return known[0]
        found += [known] if known else []
    if known := _first(inferred(paths), paths):
        found.append(known)
    if best := max(found, key=lambda each: (trains(each[1]), len(each[1])), default=None):
        return best[0]
    beside = _first((SIDE_BY_SIDE.below(base) for base in inside), paths)
    return beside[0] if beside else None


def _flat(root: Path, paths: list[str]) -> Layout | None:
    """Pictures of a single folder, if each holds a label map and a photograph side by side."""
    folders = {path.rpartition("/")[0] for path in paths}
    if len(folders) != 1 or set("{}*") & set(folder := folders.pop()):
        return None
    return FLAT.below(folder) if halves([root / path for path in paths[:LOOKED]]) else None


def discover(root: Path, found: Found) -> Layout:
    """The layout of the picture files below a root.

    Raises:
        PixelwiseError: If none finds pairs; it names what was tried and what was found.
    """
    paths = [PurePosixPath(path.relative_to(root)).as_posix() for path in found.paths]
    if layout := _best(paths) or _flat(root, paths):
        return _kept(layout, root, paths, found)
    raise PixelwiseError(_nothing(root, paths))


def _kept(layout: Layout, root: Path, paths: list[str], found: Found) -> Layout:
    """The layout with what there really is: instance maps and lists of splits only where some exist."""
    wrong = [place.relative_to(root).as_posix() for place in found.places]
    if (pattern := layout.instances) and not (
        any(match(pattern, path) for path in paths) or any(reaches(pattern, place) for place in wrong)
    ):
        layout = replace(layout, instances=None)
    if layout.labels is not None:
        labels = _of_one_kind(layout.labels, paths, (layout.instances,), lossy=False)
        images = _of_one_kind(layout.images, paths, (layout.labels, layout.instances), lossy=True)
        layout = replace(layout, labels=labels, images=images)
    if "{split}" in layout.images:
        return layout
    top = layout.images.split("/")[0] if "/" in layout.images else ""
    for folder in ("", top):
        lists = f"{folder}/{{split}}.txt" if folder else "{split}.txt"
        if (root / lists.format(split="train")).is_file():
            return replace(layout, lists=lists)
    return layout


def _of_one_kind(pattern: str, paths: list[str], besides: tuple[str | None, ...], lossy: bool) -> str:
    """The pattern with a single suffix where most names have several: a JPEG is the photograph, not the label map."""
    if not pattern.endswith(".*"):
        return pattern
    files = [path for path in paths if match(pattern, path) and not any(each and match(each, path) for each in besides)]
    names = Counter(path.rpartition(".")[0] for path in files)
    if 2 * sum(count > 1 for count in names.values()) < len(names) or not names:
        return pattern
    suffixes = Counter(path.rpartition(".")[2].lower() for path in files)
    best = max(suffixes, key=lambda suffix: (suffixes[suffix], suffix.startswith("jp") == lossy))
    return f"{pattern.removesuffix('.*')}.{best}"


def _nothing(root: Path, paths: list[str]) -> str:
    tried = ", ".join([*(layout.name for layout in NAMED), "folders of labels and images", SIDE_BY_SIDE.name])
    others = Counter(path.suffix.lower() for path in unread_below(root))
    kinds = ", ".join(f"{count} {plain(suffix)}" for suffix, count in others.items())
    unread = f"; of formats that are not read: {kinds}" if kinds else ""
    if not paths:
        return f"{root}: no pictures inside; a folder of label maps and photographs is needed{unread}"
    folders = Counter(path.rpartition("/")[0] or "." for path in paths)
    shown = ", ".join(f"{plain(folder)}/ ({count})" for folder, count in list(folders.items())[:SHOWN])
    more = f" and {len(folders) - SHOWN} more folders" if len(folders) > SHOWN else ""
    return (
        f"{root}: no pairs by any known layout; tried {tried}; found pictures in {shown}{more}{unread}; "
        "give labels and images"
    )
