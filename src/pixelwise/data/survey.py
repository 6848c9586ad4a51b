"""What `pixelwise data new` sees in a folder: which files pair, their sizes, and how label maps hold their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pixelwise.data import own_pairs
from pixelwise.data.check_example import decode, headers
from pixelwise.data.coding import chosen, histogram, palette_beside
from pixelwise.data.decoding import header
from pixelwise.data.examples import Entry
from pixelwise.data.kinds import custom
from pixelwise.data.label_maps import LabelMaps, left_or_right
from pixelwise.data.layouts import Layout, discover
from pixelwise.data.patterns import folded
from pixelwise.data.read_images import read_ids
from pixelwise.data.readers import SPLITS, commas, label_table, listing, reading
from pixelwise.data.walking import Found, images_below
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import checked
from pixelwise.settings.data import Dataset

EXTRA = 64
"""Pictures of halves that are looked at to tell which half is the label map."""
Progress = Callable[[list[Entry], str], Iterable[Entry]]
"""Wraps what is gone through, such as a bar on the terminal; the text says what it is."""


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


def look(root: Path, progress: Progress = lambda entries, _: entries) -> Survey:
    """Read every picture of a folder, as a training would.

    Args:
        root: Folder.
        progress: See `Progress`.

    Raises:
        PixelwiseError: If there are no pairs, if none can be used, or if a defect is of no pair that could be left out.
    """
    found = images_below(root)
    layout, notes = _with_instances(root, discover(root, found), found)
    plain = own_pairs.without_instances(layout)
    entries = [entry for each in own_pairs.grouped(root, layout, found).values() for entry in each.entries]
    direction = left_or_right(root, [entry.image for entry in entries][:EXTRA]) if layout.halves else None
    left_out = own_pairs.unusable(root, plain, found)
    seen = LabelMaps(direction)
    kept = _passing(entries, lambda entry: _check_files(root, entry), left_out)
    kept = _passing(progress(kept, "label maps"), seen.add, left_out)
    _need(root, entries, kept, left_out)
    beside, said = palette_beside(root, layout)
    coding = chosen(seen, layout, beside)
    options = {**({"direction": direction} if direction else {}), **coding.options}
    settings = _settings(root, patterns(plain) | options)
    table = label_table(settings)
    wrong: list[str] = []

    def whole(entry: Entry) -> None:
        decode(replace(entry, instance=None), settings, table, {})
        wrong.extend(_instance_defects(entry))

    kept = _passing(progress(kept, "pictures"), whole, left_out)
    kept = _passing(kept, lambda _: None, left_out)  # one of the same name may have been left out since
    _need(root, entries, kept, left_out)
    if wrong:
        layout = plain
        notes.append(f"Instance maps: {len(wrong)} can't be used, so all are left out; the first: {wrong[0]}")
    options = patterns(layout) | ({"instances": "none"} if notes else {}) | options
    if left_out:
        options["leave_out"] = sorted(left_out)
    ways = reading(settings)
    sizes = Counter(ways.size(header(entry.image)) for entry in kept)
    rule = [*notes, *said, *coding.said]
    survey = Survey(root, layout, options, rule, sizes, list(left_out.values()), pixels=histogram(seen, coding))
    settings = dataset(survey, None)
    for split in SPLITS:
        part = listing(root, split, settings).sound()
        survey.counts[split] = len(part.entries)
        survey.left += part.notes
    return survey


def patterns(layout: Layout) -> dict[str, Any]:
    """The settings that name a layout's patterns."""
    keys = ("labels", "images", "instances", "lists")
    return {key: value for key in keys if (value := getattr(layout, key)) is not None}


def _with_instances(root: Path, layout: Layout, found: Found) -> tuple[Layout, list[str]]:
    """The layout, without instance maps unless every pair has one, and what to say if they are left out."""
    plain = own_pairs.without_instances(layout)
    if layout.instances is None:
        return layout, []
    count, having = (
        sum(len(each.entries) for each in own_pairs.grouped(root, layout, found).values()) for layout in (plain, layout)
    )
    if having < count:
        return plain, [f"Instance maps: {having} of {count} pairs have one, so they are left out."]
    fewer = own_pairs.unusable(root, plain, found)
    for name, why in own_pairs.unusable(root, layout, found).items():
        if name not in fewer:
            return plain, [f"Instance maps are left out: {why}."]
    return layout, []


def _passing(entries: Iterable[Entry], check: Callable[[Entry], None], left_out: dict[str, str]) -> list[Entry]:
    """Examples that a check does not refuse; the names of the others, and why, are added to those left out."""
    good, names = [], {folded(name) for name in left_out}
    for entry in entries:
        if folded(entry.name) in names:
            continue
        try:
            check(entry)
            good.append(entry)
        except (PixelwiseError, OSError) as error:
            left_out[entry.name] = str(error)
    return good


def _need(root: Path, entries: list[Entry], kept: list[Entry], left_out: dict[str, str]) -> None:
    if not kept:
        first = next(iter(left_out.values()))
        raise PixelwiseError(f"{root}: {len(entries)} pairs, and none can be used; the first: {first}")


def _check_files(root: Path, entry: Entry) -> None:
    """Refuse an example by the names of its files, or by what their headers show."""
    for line in [*commas(root, entry), *headers(replace(entry, instance=None))]:
        raise PixelwiseError(line)


def _instance_defects(entry: Entry) -> list[str]:
    """Why the instance map of an example can't be used, if it can't."""
    if entry.instance is None:
        return []
    try:
        height, width = read_ids(entry.instance).shape
    except (PixelwiseError, OSError) as error:
        return [str(error)]
    image = header(entry.image)
    if (height, width) == (image.height, image.width):
        return []
    return [f"{entry.instance}: {height}x{width} pixels (height x width); its image has {image.height}x{image.width}"]


def dataset(survey: Survey, size: tuple[int, int] | None) -> Dataset:
    """The settings of the data set that was seen, at a height and width, or as it is."""
    at = {} if size is None else {"height": size[0], "width": size[1]}
    return _settings(survey.root, at | survey.options)


def _settings(root: Path, options: dict[str, Any]) -> Dataset:
    return checked(Dataset, {"kind": custom.NAME, "root": str(root), **options}, str(root))
