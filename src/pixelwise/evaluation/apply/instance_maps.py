"""Which files of a folder are label maps, and which instance map belongs to each: by name, never by order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pixelwise.data.read_images import MAP_FORMATS
from pixelwise.data.suffixes import FORMATS
from pixelwise.data.walking import images_below
from pixelwise.errors import PixelwiseError

SUFFIXES = tuple(suffix for name in MAP_FORMATS for suffix in FORMATS[name])
"""Of label and instance maps."""
LABELS, INSTANCES = "_labelIds", "_instanceIds"
"""What Cityscapes calls them, in one folder with colours and other ids."""
_ROLE = re.compile(r"(_gtFine|_gtCoarse)?_(labelIds|labels?|mask|instanceIds|inst_label|instances?|inst)$")


def label_maps(paths: Sequence[Path]) -> list[Path]:
    """The label maps of a folder: those that end in `_labelIds` where there are such, else all that keep ids, else all.

    So photographs that lie beside label maps are left out, and label maps in colours may be JPEG.
    """
    kept = [path for path in paths if path.suffix.lower() in SUFFIXES]
    return [path for path in kept if path.stem.endswith(LABELS)] or kept or list(paths)


def stem(path: Path, folder: Path) -> str:
    """Path below a folder, without suffix and without what says that it is a label or an instance map.

    >>> stem(Path("a/ulm/ulm_01_gtFine_labelIds.png"), Path("a"))
    'ulm/ulm_01'
    """
    return _ROLE.sub("", path.relative_to(folder).with_suffix("").as_posix())


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
    paths = [path for path in found.paths if path.stem.endswith(INSTANCES)] or found.paths
    known: dict[str, Path] = {}
    for path in paths:
        if (first := known.setdefault(stem(path, instances), path)) is not path:
            raise PixelwiseError(f"{path}: the same name as {first}, endings apart; names must be unique")
    for path in labels:
        if stem(path, source) not in known:
            raise PixelwiseError(f"{path}: no instance map of the name {stem(path, source)} in {instances}")
    return {path: known[stem(path, source)] for path in labels}
