"""Which files of a folder are label maps, and which instance map belongs to each: by name, never by order."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from pixelwise.data.read_images import MAP_FORMATS
from pixelwise.data.suffixes import FORMATS
from pixelwise.data.walking import images_below
from pixelwise.errors import PixelwiseError

SUFFIXES = tuple(suffix for name in MAP_FORMATS for suffix in FORMATS[name])
"""Of label and instance maps."""
ROLES = {
    "labels": r"(?i:label_?ids|labels?|masks?)|L",
    "colours": r"(?i:colou?rs?)",
    "others": r"(?i:label_?train_?ids|instance_?train_?ids|leftImg8bit|images?|img|photos?)",
    "instances": r"(?i:instance_?ids|inst_labels?|instances?|inst)",
}
"""What files of one example are called at the end of their names; whatever else ends so is `bare`."""
_NAME = re.compile(
    r"(?P<bare>.+?)(?:_gtFine|_gtCoarse)?"
    rf"(?:[_\-. ](?:{'|'.join(f'(?P<{role}>{words})' for role, words in ROLES.items())}))?",
    re.DOTALL,
)


def label_maps(paths: Sequence[Path], coloured: bool = False) -> list[Path]:
    """The label maps of a folder.

    Of files whose names differ in their endings alone, that with the ending of a label map is one, else that without an
    ending. An ending of which most files are passed over so is that of no label map, even where one stands alone. What
    is left and keeps ids are label maps; if nothing does, label maps are in colours and may be JPEG.

    Args:
        paths: Pictures below the folder.
        coloured: Whether colours stand for ids, so that `_color` is the ending of a label map, too.
    """
    first = ["colours", "labels", "bare"] if coloured else ["labels", "bare", "colours"]
    rank = {role: number for number, role in enumerate([*first, "others", "instances"])}
    named = {path: _named(path) for path in paths}
    examples: dict[Path, list[Path]] = defaultdict(list)
    for path, (common, _) in named.items():
        examples[path.with_name(common)].append(path)
    ranks = {path: rank[role] for path, (_, role) in named.items()}
    beaten = {path for each in examples.values() for path in each if ranks[path] > min(ranks[other] for other in each)}
    count, lost = Counter(ranks.values()), Counter(ranks[path] for path in beaten)
    kept = [path for path in paths if path not in beaten and 2 * lost[ranks[path]] <= count[ranks[path]]]
    return [path for path in kept if path.suffix.lower() in SUFFIXES] or kept


def _named(path: Path) -> tuple[str, str]:
    """What the name of a file has in common with those of one example, and its role: one of `ROLES`, or `bare`."""
    found = _NAME.fullmatch(path.stem)
    assert found is not None
    return found["bare"], str(found.lastgroup)


def stem(path: Path, folder: Path) -> str:
    """Path below a folder, without suffix and without what says that it is a label or an instance map.

    >>> stem(Path("a/ulm/ulm_01_gtFine_labelIds.png"), Path("a"))
    'ulm/ulm_01'
    """
    return path.relative_to(folder).with_name(_named(path)[0]).as_posix()


def partners(labels: Sequence[Path], source: Path, instances: Path | None) -> dict[Path, Path]:
    """The instance map of each label map.

    Args:
        labels: The label maps.
        source: What the user named: the label map itself, or the folder of them.
        instances: The file or folder of instance maps, or None.

    Raises:
        PixelwiseError: If one is a folder and the other is none, or if a label map has no partner, or two.
    """
    if instances is None:
        return {}
    if source.is_dir() != instances.is_dir():
        kind = "a folder, so a folder of instance maps" if source.is_dir() else "a file, so one instance map"
        raise PixelwiseError(f"{instances}: {source} is {kind} is needed")
    if not source.is_dir():
        return {source: instances}
    found = images_below(instances, kinds=SUFFIXES)
    if found.defects:
        raise PixelwiseError(found.defects[0])
    known: dict[str, Path] = {}
    for path in _instance_maps(found.paths, labels):
        if (first := known.setdefault(stem(path, instances), path)) is not path:
            raise PixelwiseError(f"{path}: the same name as {first}, endings apart; names must be unique")
    for path in labels:
        if stem(path, source) not in known:
            raise PixelwiseError(f"{path}: no instance map of the name {stem(path, source)} in {instances}")
    return {path: known[stem(path, source)] for path in labels}


def _instance_maps(paths: Sequence[Path], labels: Sequence[Path]) -> list[Path]:
    """Those that end as instance maps do, where there are such; else all that may be some, and no label map."""
    roles = {path: _named(path)[1] for path in paths}
    used = {os.path.realpath(path) for path in labels}
    others = [path for path in paths if roles[path] in ("bare", "labels") and os.path.realpath(path) not in used]
    return [path for path in paths if roles[path] == "instances"] or others
