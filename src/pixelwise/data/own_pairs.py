"""The user's own pairs: from patterns to examples, and how their files are read (settings: `kinds.custom`)."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.data import colour_maps, left_over, roots, splitting
from pixelwise.data.decoding import Header, decode, header
from pixelwise.data.examples import CAMVID, CITYSCAPES, LabelTable, Listing
from pixelwise.data.layout import Index, pair
from pixelwise.data.layouts import Layout, discover
from pixelwise.data.patterns import files, folded, match
from pixelwise.data.read_images import Reading, check_photograph, read, read_ids
from pixelwise.data.walking import Found, images_below
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset

if TYPE_CHECKING:
    from pixelwise.data.kinds.custom import Options

NONE = "none"
LOSSY = ("JPEG", "WEBP")
"""Formats that may change colours, so that the nearest of the palette is meant."""


def layout_of(root: Path, options: Options, found: Found) -> Layout:
    """The layout that the settings give, or the first known one that fits.

    Raises:
        PixelwiseError: If none fits, or if what it needs is not set.
    """
    if options.images is None:
        layout = discover(root, found)
        if layout.halves and options.direction is None:
            raise PixelwiseError(
                f"{root}: no label maps beside the photographs; if each picture holds both side by side, set direction"
            )
    else:
        layout = Layout("given", options.images, options.labels, options.instances, options.lists)
    return without_instances(layout) if options.instances == NONE else layout


def without_instances(layout: Layout) -> Layout:
    """The layout without instance maps."""
    return replace(layout, instances=None)


def split_of(root: Path, split: str, dataset: Dataset, options: Options) -> Listing:
    """The examples of a split.

    Raises:
        PixelwiseError: If there are no pairs, or a limit leaves none to train on.
    """
    found = images_below(root)
    layout = layout_of(root, options, found)
    groups = grouped(root, layout, found, options.leave_out)
    if not any(each.entries or each.defects for each in groups.values()):
        raise PixelwiseError(_no_pairs(root, layout, found))
    val = None if dataset.at_most else dataset.val
    lists = layout.lists
    parts = splitting.by_list(groups[""], root, lists) if lists else splitting.by_folder(groups, val)
    if val is not None and not parts["train"].entries and not parts["train"].defects:
        count = len(parts["val"].entries)
        lone = "; ".join(["", *(note for each in groups.values() for note in each.notes)])
        raise PixelwiseError(f"{root}: val: {val}; of its {count} pairs some must be left to train on{lone}")
    if split == "val":
        return parts["val"]
    first = parts["train"]
    near, far = left_over.parted(root, layout, found)
    rest = [*left_over.unread(root, layout), *left_over.unfit(root, layout, found, options.instances != NONE)]
    return Listing(first.entries, [*near, *first.defects], [*found.notes, *far, *rest, *first.notes])


def _by_role(root: Path, layout: Layout, found: Found) -> dict[str, dict[str, Index]]:
    """The files of each role that the layout has, by the word for the split in their paths."""
    images = files(found, root, layout.images, (layout.labels, layout.instances))
    if layout.labels is None:
        return {"image": images, "label": images}
    roles = {"image": images, "label": files(found, root, layout.labels, (layout.instances,))}
    return roles | ({"instance": files(found, root, layout.instances)} if layout.instances else {})


def unusable(root: Path, layout: Layout, found: Found) -> dict[str, str]:
    """Names that no example may have, such as one of two files, and why."""
    groups = [group for role in _by_role(root, layout, found).values() for group in role.values()]
    return {name: why for group in groups for name, why in group.wrong}


def grouped(root: Path, layout: Layout, found: Found, leave_out: Iterable[str] = ()) -> dict[str, Listing]:
    """The examples by the word for the split in their paths; what lacks its partner is left out and noted.

    Args:
        root: The folder.
        layout: Its patterns.
        found: The pictures.
        leave_out: Names of examples that are not used, whatever their case.
    """
    roles = _by_role(root, layout, found)
    left, empty = {folded(name) for name in leave_out}, Index({}, [], [])
    return {
        word: _paired({role: groups.get(word, empty) for role, groups in roles.items()}, word, left)
        for word in dict.fromkeys([*roles["label"], *roles["image"]])
    }


def _paired(roles: dict[str, Index], word: str, left: Set[str]) -> Listing:
    images = roles["image"]
    roles = {role: _renamed(each, images) for role, each in roles.items()}
    labels = roles["label"]
    common = {name for name in labels.files if name in images.files}
    kept = {role: _only(each, common, left) for role, each in roles.items() if role != "instance" or each.files}
    where = f"{word}: " if word else ""
    notes = [
        f"{where}{len(lone)} {what}{'s' * (len(lone) > 1)} without a {partner}, left out: {left_over.names(lone)}"
        for each, what, partner in ((labels, "label map", "photograph"), (images, "photograph", "label map"))
        if (lone := [path for name, path in each.files.items() if name not in common and folded(name) not in left])
    ]
    if gone := sum(folded(name) in left for name in common):
        notes.append(f"{where}{gone} pair{'s' if gone > 1 else ''} left out by leave_out")
    listing = pair(kept)
    return Listing(listing.entries, listing.defects, notes)


def _renamed(other: Index, images: Index) -> Index:
    """The files under the names of the photographs where these differ in case alone, and it is clear which is meant."""
    spare: dict[str, list[str]] = {}
    for name in images.files:
        if name not in other.files:
            spare.setdefault(folded(name), []).append(name)
    names: dict[str, str] = {}
    for name in other.files:
        if name not in images.files and len(spare.get(folded(name), ())) == 1:
            names[name] = spare.pop(folded(name))[0]
    files = {names.get(name, name): path for name, path in other.files.items()}
    return Index(files, other.defects, other.notes, other.wrong)


def _only(each: Index, common: Set[str], left: Set[str]) -> Index:
    """The files of these names, without those that are left out."""
    found = {name: path for name, path in each.files.items() if name in common and folded(name) not in left}
    return Index(found, each.defects, each.notes, [(name, why) for name, why in each.wrong if folded(name) not in left])


def _no_pairs(root: Path, layout: Layout, found: Found) -> str:
    if layout.labels is None:
        return f"{root}: no pictures by images: {layout.images}"
    counts = [
        sum(match(pattern, path.relative_to(root).as_posix()) is not None for path in found.paths)
        for pattern in (layout.labels, layout.images)
    ]
    return (
        f"{root}: no pairs; {counts[0]} files fit labels: {layout.labels} and {counts[1]} fit images: {layout.images}; "
        "their names must agree where {stem} stands"
    )


def palette_table(dataset: Dataset, options: Options) -> LabelTable:
    """The label table of a palette.

    Raises:
        PixelwiseError: If its file is missing or holds none.
    """
    if options.palette == CITYSCAPES:
        from pixelwise.data.cityscapes_layout import table

        return table()
    if options.palette == CAMVID:
        from pixelwise.data.kinds.camvid import labels

        return labels(dataset)
    if isinstance(options.palette, str):
        return colour_maps.read_palette(roots.locate(dataset) / options.palette).table()
    return colour_maps.listed(options.palette or ()).table()


def besides(root: Path, options: Options) -> list[Path]:
    """Files below the root that say what the pictures mean: palette and lists of splits.

    Raises:
        PixelwiseError: If there is no palette in its file.
    """
    found = []
    if isinstance(options.palette, str) and options.palette not in (CITYSCAPES, CAMVID):
        colour_maps.read_palette(root / options.palette)
        found.append(root / options.palette)
    lists = options.lists
    if options.images is None:
        lists = layout_of(root, options, images_below(root)).lists
    return [*found, *(splitting.list_files(root, lists).values() if lists else ())]


class OwnReading(Reading):
    """Reads label maps by index or by colour, and halves of pictures.

    Args:
        dataset: Settings.
        options: Those of its kind.
    """

    def __init__(self, dataset: Dataset, options: Options) -> None:
        self.options = options
        self.colours = palette_table(dataset, options).palette if options.by_colour else ()
        self.nearest = options.nearest
        if options.by_colour:
            named = options.palette if isinstance(options.palette, str) else "the settings"
            exact = "; the nearest is taken" if options.nearest else ""
            self.rule = f"Label maps are read by colour, with the {len(self.colours)} colours of {named}{exact}."

    def photograph(self, path: Path, sha256: str | None = None) -> Image.Image:
        """A photograph, or the half that is one."""
        image = read(path, sha256)
        return image if self.options.direction is None else self._half(image, path, label=False)

    def size(self, header: Header) -> tuple[int, int]:
        """Height and width of a photograph, or of the half that is one."""
        return header.height, header.width // (2 if self.options.direction else 1)

    def labels(self, path: Path, sha256: str | None = None) -> NDArray[np.int32]:
        """The ids of a label map, int32 [H, W].

        Raises:
            PixelwiseError: If it holds colours where ids are needed, or colours that the palette lacks.
        """
        if not self.options.by_colour:
            if header(path).mode in ("RGB", "RGBA"):
                raise PixelwiseError(f"{path}: colours, where ids are needed; palette gives the colour of each id")
            return read_ids(path, sha256)
        decoded = decode(path, sha256)
        if decoded.header.bits > 8:
            raise PixelwiseError(f"{path}: {decoded.header.bits} bits for each value; label maps read by colour need 8")
        check_photograph(path, decoded.header)
        image = decoded.image
        if self.options.direction is not None:
            image = self._half(image, path, label=True)
        nearest = self.nearest or decoded.header.format in LOSSY
        return colour_maps.ids(image, self.colours, nearest, path)

    def _half(self, image: Image.Image, path: Path, label: bool) -> Image.Image:
        if image.width % 2:
            raise PixelwiseError(f"{path}: {image.width} pixels wide; two halves side by side need an even width")
        left = label == (self.options.direction == "AtoB")
        middle = image.width // 2
        return image.crop((0, 0, middle, image.height) if left else (middle, 0, image.width, image.height))
