"""Which pairs train and which validate: by the folders' names, by lists, by a number, or by a hash of the name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from pixelwise.data.examples import Entry, Listing
from pixelwise.data.patterns import TRAIN, VAL, folded
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import text

SHARE = 5
"""One of so many pairs validates where nothing else says which."""


def by_folder(groups: Mapping[str, Listing], val: int | None) -> dict[str, Listing]:
    """Part examples that are grouped by the word for the split in their paths.

    Args:
        groups: Word -> examples; an empty word where paths have none.
        val: Number of validation examples, the last ones, where the paths say nothing; None takes a fifth by a hash.
    """
    train, held = _first(groups, (*TRAIN, "")), _first(groups, VAL)
    notes = [
        f"{word}: {len(found.entries)} pairs, not used"
        for word, found in groups.items()
        if word not in (train, held) and found.entries
    ]
    notes += [line for word, found in groups.items() if word != held for line in found.notes]
    defects = [line for word, found in groups.items() if word in (train, "") for line in found.defects]
    if train is None:
        return {"train": Listing([], defects, notes), "val": groups.get(held or "", Listing())}
    found = groups[train]
    if held is not None:
        notes += [f"{held}: used as the validation set"] if held != "val" else []
        return {"train": Listing(found.entries, defects, notes), "val": groups[held]}
    if val is not None:
        cut = max(0, len(found.entries) - val)
        return {"train": Listing(found.entries[:cut], defects, notes), "val": Listing(found.entries[cut:])}
    parts = by_hash(found.entries)
    counts = f"{len(parts['train'])} pairs train and {len(parts['val'])} validate"
    notes.append(f"no validation set inside: {counts}, chosen by a hash of the name")
    return {"train": Listing(parts["train"], defects, notes), "val": Listing(parts["val"])}


def _first(groups: Mapping[str, Listing], words: tuple[str, ...]) -> str | None:
    return next((word for word in words if word in groups and groups[word].entries), None)


def by_hash(entries: list[Entry]) -> dict[str, list[Entry]]:
    """A fifth of the examples validates, those whose names have the least SHA-256; one at least, and one is left."""
    order = sorted((hashlib.sha256(entry.name.encode()).hexdigest(), entry.name) for entry in entries)
    count = max(1, round(len(order) / SHARE)) if len(order) > 1 else 0
    held = {name for _, name in order[:count]}
    return {
        "train": [entry for entry in entries if entry.name not in held],
        "val": [entry for entry in entries if entry.name in held],
    }


def by_list(found: Listing, root: Path, lists: str) -> dict[str, Listing]:
    """Part examples by text files that name them, one a line: a stem, a file, or several files of one example.

    Raises:
        PixelwiseError: If there is no list of the training examples, or if one names nothing that is there.
    """
    files = list_files(root, lists)
    if "train" not in files:
        raise PixelwiseError(f"{root}: lists: {lists}; no {lists.format(split='train')} inside")
    named = {split: _named(path) for split, path in files.items()}
    parts = {}
    for split, names in named.items():
        chosen = [entry for entry in found.entries if names & _called(entry)]
        if not chosen:
            raise PixelwiseError(f"{files[split]}: names none of the {len(found.entries)} pairs below {root}")
        parts[split] = chosen
    taken = {entry.name for entry in parts["train"]}
    parts.setdefault("val", [entry for entry in found.entries if entry.name not in taken])
    rest = len(found.entries) - len({entry.name for part in parts.values() for entry in part})
    notes = found.notes + ([f"{rest} pairs are in no list, not used"] if rest else [])
    if not parts["val"]:
        parts = by_hash(parts["train"])
        notes.append(f"no list of validation pairs: {len(parts['val'])} validate, chosen by a hash of the name")
    return {"train": Listing(parts["train"], found.defects, notes), "val": Listing(parts["val"])}


def list_files(root: Path, lists: str) -> dict[str, Path]:
    """The lists that are there, by split."""
    found = {}
    for split, words in (("train", TRAIN), ("val", VAL)):
        there = [root / lists.format(split=word) for word in words]
        if path := next((path for path in there if path.is_file()), None):
            found[split] = path
    return found


def _called(entry: Entry) -> set[str]:
    return {folded(name) for name in (entry.name, entry.image.stem, entry.files["label"].stem)}


def _named(path: Path) -> set[str]:
    """Stems of everything that a list names, without case; a line may hold a photograph and its label map."""
    names = set()
    for line in text(path).splitlines():
        for word in (line.strip(), *line.split()):
            if word:
                names |= {folded(word), folded(Path(word).stem)}
    return names
