"""What `pixelwise data new` sees in a folder: which files pair, their sizes, and how label maps hold their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pixelwise.data import own_pairs
from pixelwise.data.check_example import headers
from pixelwise.data.coding import chosen, histogram, palette_beside
from pixelwise.data.decoding import header
from pixelwise.data.examples import Entry
from pixelwise.data.label_maps import LabelMaps, left_or_right
from pixelwise.data.layouts import Layout, discover
from pixelwise.data.readers import SPLITS, listing
from pixelwise.data.walking import Found, images_below
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset

EXTRA = 64
"""Pictures of halves that are looked at to tell which half is the label map."""


@dataclass
class Survey:
    """What was seen.

    Attributes:
        root: The folder.
        layout: Where its files lie.
        options: Settings of kind `custom` for it, without its size.
        rule: How ids are read, and why, for people.
        sizes: Height x width of photographs, and how many have it.
        left_out: Why single examples are not used, one line each.
        left: Pictures without a partner, and the like, one line each.
        counts: Pairs that train and pairs that validate.
        pixels: Each id that occurs, and its pixels.
    """

    root: Path
    layout: Layout
    options: dict[str, Any]
    rule: list[str]
    sizes: Counter[tuple[int, int]]
    left_out: list[str]
    left: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    pixels: list[tuple[str, int]] = field(default_factory=list)


def look(root: Path, progress: Any = iter) -> Survey:
    """Look at every label map of a folder, and at the headers of its photographs.

    Args:
        root: Folder.
        progress: Wraps what is gone through, such as a bar on the terminal.

    Raises:
        PixelwiseError: If there are no pairs, or no ids can be read from the label maps.
    """
    found = images_below(root)
    layout = discover(root, found.paths)
    entries = [entry for each in own_pairs.grouped(root, layout, found).values() for entry in each.entries]
    options: dict[str, Any] = {}
    instances, notes = _instances(root, layout, found, entries)
    if layout.halves:
        options["direction"] = left_or_right(root, [entry.image for entry in entries][:EXTRA])
    elif instances is None:
        layout = own_pairs.without_instances(layout)
        options["instances"] = "none"
        entries = [entry for each in own_pairs.grouped(root, layout, found).values() for entry in each.entries]
    good, left_out = _usable(entries)
    seen = LabelMaps(options.get("direction"))
    kept: list[Entry] = []
    for entry in progress(good):
        try:
            seen.add(entry)
            kept.append(entry)
        except (PixelwiseError, OSError) as error:
            left_out.append(str(error))
    if not kept:
        raise PixelwiseError(f"{root}: {len(entries)} pairs, and none can be used; the first: {left_out[0]}")
    coding = chosen(seen, layout, palette_beside(root, layout))
    sizes = Counter((at.height, at.width) for at in (header(entry.image) for entry in kept))
    if layout.halves:
        sizes = Counter({(height, width // 2): count for (height, width), count in sizes.items()})
    names = {entry.name for entry in entries} - {entry.name for entry in kept}
    options = patterns(layout) | options | coding.options
    if names:
        options["leave_out"] = sorted(names)
    survey = Survey(root, layout, options, [*notes, *coding.said], sizes, left_out, pixels=histogram(seen, coding))
    settings = dataset(survey, None)
    for split in SPLITS:
        part = listing(root, split, settings)
        survey.counts[split] = len(part.entries)
        survey.left += [*part.notes, *part.defects]
    return survey


def patterns(layout: Layout) -> dict[str, Any]:
    """The settings that name a layout's patterns."""
    keys = ("labels", "images", "instances", "lists")
    return {key: value for key in keys if (value := getattr(layout, key)) is not None}


def _instances(root: Path, layout: Layout, found: Found, entries: list[Entry]) -> tuple[str | None, list[str]]:
    """The pattern of instance maps if every pair has one, or None; and what to say of it."""
    if layout.instances is None:
        return "", []
    pairs = own_pairs.grouped(root, own_pairs.without_instances(layout), found)
    count, having = sum(len(each.entries) for each in pairs.values()), len(entries)
    if count == having:
        return layout.instances, []
    return None, [f"Instance maps: {having} of {count} pairs have one, so they are left out."]


def _usable(entries: Iterable[Entry]) -> tuple[list[Entry], list[str]]:
    """Examples whose headers show no defect, and the defects of the others."""
    good, lines = [], []
    for entry in entries:
        defects = headers(entry)
        if defects:
            lines.append(defects[0])
        else:
            good.append(entry)
    return good, lines


def dataset(survey: Survey, size: tuple[int, int] | None) -> Dataset:
    """The settings of the data set that was seen, at a height and width, or as it is."""
    at = {} if size is None else {"height": size[0], "width": size[1]}
    return Dataset.model_validate({"kind": "custom", "root": str(survey.root), **at, **survey.options})
