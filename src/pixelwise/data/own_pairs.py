"""The user's own pairs: from patterns to examples, and how their files are read (settings: `kinds.custom`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.data import colour_maps, roots, splitting
from pixelwise.data.decoding import Header, decode, header
from pixelwise.data.examples import LabelTable, Listing
from pixelwise.data.label_maps import half
from pixelwise.data.layout import Index, pair
from pixelwise.data.layouts import Layout, discover
from pixelwise.data.patterns import files, match
from pixelwise.data.read_images import Reading, check_photograph, read, read_ids
from pixelwise.data.suffixes import SUFFIXES
from pixelwise.data.walking import Found, images_below
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset
from pixelwise.terminal.screen import plain

if TYPE_CHECKING:
    from pixelwise.data.kinds.custom import Options

NONE, SHOWN = "none", 5
LOSSY = ("JPEG", "WEBP")
"""Formats that may change colours, so that the nearest of the palette is meant."""


def layout_of(root: Path, options: Options, found: Found) -> Layout:
    """The layout that the settings give, or the first known one that fits.

    Raises:
        PixelwiseError: If none fits, or if what it needs is not set.
    """
    if options.images is None:
        layout = discover(root, found.paths)
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
    groups = {word: _without(each, options) for word, each in grouped(root, layout, found).items()}
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
    unread = _unread(root, layout)
    return Listing(first.entries, [*found.defects, *first.defects, *unread], [*found.notes, *first.notes])


def grouped(root: Path, layout: Layout, found: Found) -> dict[str, Listing]:
    """The examples by the word for the split in their paths; what lacks its partner is left out and noted."""
    images = files(found, root, layout.images, (layout.labels, layout.instances))
    if layout.labels is None:
        return {word: pair({"image": each, "label": each}) for word, each in images.items()}
    labels = files(found, root, layout.labels, (layout.instances,))
    instances = files(found, root, layout.instances) if layout.instances else {}
    empty = Index({}, [], [])
    return {
        word: _paired(images.get(word, empty), labels.get(word, empty), instances.get(word), word)
        for word in dict.fromkeys([*labels, *images])
    }


def _paired(images: Index, labels: Index, instances: Index | None, word: str) -> Listing:
    common = {name for name in labels.files if name in images.files}
    roles = {"image": images, "label": labels} | ({"instance": instances} if instances and common else {})
    kept = {
        role: Index({name: path for name, path in each.files.items() if name in common}, each.defects, each.notes)
        for role, each in roles.items()
    }
    where = f"{word}: " if word else ""
    notes = [
        f"{where}{count} {what}{'s' if count > 1 else ''} without a {partner}, left out: {shown}"
        for each, what, partner in ((labels, "label map", "photograph"), (images, "photograph", "label map"))
        if (count := len(lone := [path.name for name, path in each.files.items() if name not in common]))
        for shown in [", ".join(plain(name) for name in lone[:SHOWN]) + (", ..." if count > SHOWN else "")]
    ]
    listing = pair(kept)
    return Listing(listing.entries, listing.defects, notes)


def _without(found: Listing, options: Options) -> Listing:
    left = set(options.leave_out)
    entries = [entry for entry in found.entries if entry.name not in left]
    gone = len(found.entries) - len(entries)
    return Listing(entries, found.defects, found.notes + ([f"{gone} pairs left out by leave_out"] if gone else []))


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


def _unread(root: Path, layout: Layout) -> list[str]:
    """Pictures of formats that are not read, where pairs are looked for."""
    others = Image.registered_extensions().keys() - set(SUFFIXES)
    patterns = [pattern for pattern in (layout.images, layout.labels, layout.instances) if pattern]
    return [
        f"{plain(str(path))}: {path.suffix} is not read; {', '.join(SUFFIXES)} are"
        for path in images_below(root, kinds=others).paths
        if any(match(pattern, path.relative_to(root).as_posix()) for pattern in patterns if pattern.endswith(".*"))
    ]


def palette_table(dataset: Dataset, options: Options) -> LabelTable:
    """The label table of a palette.

    Raises:
        PixelwiseError: If its file is missing or holds none.
    """
    if options.palette == colour_maps.CITYSCAPES:
        from pixelwise.data.cityscapes_layout import table

        return table()
    if isinstance(options.palette, str):
        return colour_maps.read_palette(roots.locate(dataset) / options.palette).table()
    return colour_maps.listed(options.palette or ()).table()


def besides(root: Path, options: Options) -> list[Path]:
    """Files below the root that say what the pictures mean: palette and lists of splits.

    Raises:
        PixelwiseError: If there is no palette in its file.
    """
    found = []
    if isinstance(options.palette, str) and options.palette != colour_maps.CITYSCAPES:
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
        self.nearest, self.direction = options.nearest, options.direction
        if options.by_colour:
            named = options.palette if isinstance(options.palette, str) else "the settings"
            exact = "; the nearest is taken" if options.nearest else ""
            self.rule = f"Label maps are read by colour, with the {len(self.colours)} colours of {named}{exact}."

    def photograph(self, path: Path, sha256: str | None = None) -> Image.Image:
        """A photograph, or the half that is one."""
        image = read(path, sha256)
        return image if self.direction is None else half_of(image, path, self.direction, label=False)

    def size(self, header: Header) -> tuple[int, int]:
        """Height and width of a photograph, or of the half that is one."""
        return header.height, header.width // (2 if self.direction else 1)

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
        check_photograph(path, decoded.header)
        image = decoded.image
        if self.direction is not None:
            image = half_of(image, path, self.direction, label=True)
        nearest = self.nearest or decoded.header.format in LOSSY
        return colour_maps.ids(image, self.colours, nearest, path)


def half_of(image: Image.Image, path: Path, direction: str, *, label: bool) -> Image.Image:
    """The half of a picture that is the label map, or the photograph, where it holds both side by side.

    Args:
        image: The whole.
        path: Its file, for messages.
        direction: `AtoB`, the left half is the label map, or `BtoA`, the right half is.
        label: Whether the label map is meant.

    Raises:
        PixelwiseError: If the width is odd.
    """
    if image.width % 2:
        raise PixelwiseError(f"{path}: {image.width} pixels wide; two halves side by side need an even width")
    return half(image, left=label == (direction == "AtoB"))
