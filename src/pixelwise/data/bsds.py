"""Photographs for denoising: BSDS500 with the 432/68 split, BSD68, Set12, Train400, and BSD68 in colour.

BSDS500's 68 test photographs are those of its `val` folder whose luma is one of the gray BSD68 images (at most one
level off); the 432 others (200 `train`, 200 `test`, 32 `val`) are for training. `cbsd68` is these 68 in colour, from
the original JPEG files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pixelwise.data.layout import Entry, Listing, natural
from pixelwise.data.walking import images_below
from pixelwise.settings.data import Dataset

BSDS = Path("BSDS500", "data", "images")
# fmt: off
TEST_IDS = frozenset({
    3096, 12084, 14037, 16077, 19021, 21077, 24077, 33039, 101085, 101087, 102061, 103070, 105025, 106024,
    108005, 108070, 108082, 109053, 119082, 123074, 126007, 130026, 134035, 143090, 145086, 147091, 148026,
    148089, 157055, 159008, 160068, 163085, 167062, 167083, 170057, 175032, 175043, 182053, 189080, 196073,
    197017, 208001, 210088, 216081, 219090, 220075, 223061, 227092, 229036, 236037, 241004, 241048, 253027,
    253055, 260058, 271035, 285079, 291000, 295087, 296007, 296059, 299086, 300091, 302008, 304034, 304074,
    306005, 351093,
})
# fmt: on


def listing(root: Path, split: str, dataset: Dataset) -> Listing:
    """The photographs of a split in natural order; a set without that split gives none."""
    files, keep = FOLDERS[dataset.kind].get(split, ([], _all))
    found = [images_below(root / folder).only(keep) for folder in files]
    paths = sorted((path for each in found for path in each.paths), key=lambda path: natural(path.stem))
    defects, notes = ([line for each in found for line in getattr(each, kind)] for kind in ("defects", "notes"))
    return Listing([Entry(path.stem, path) for path in paths], defects, notes)


def folders(kind: str) -> list[str]:
    """The folders of the archive that a kind needs."""
    return sorted({f"{folder.as_posix()}/" for files, _ in FOLDERS[kind].values() for folder in files})


def _all(_: Path) -> bool:
    return True


def _test(path: Path) -> bool:
    return int(path.stem) in TEST_IDS


def _training(path: Path) -> bool:
    return int(path.stem) not in TEST_IDS


Rule = tuple[list[Path], Callable[[Path], bool]]
FOLDERS: dict[str, dict[str, Rule]] = {
    "bsds500": {
        "train": ([BSDS / "train", BSDS / "test", BSDS / "val"], _training),
        "val": ([BSDS / "val"], _test),
    },
    "cbsd68": {"val": ([BSDS / "val"], _test)},
    "bsd68": {"val": ([Path("testsets", "BSD68")], _all)},
    "set12": {"val": ([Path("testsets", "Set12")], _all)},
    "train400": {"train": ([Path("TrainingCodes", "DnCNN_TrainingCodes_v1.0", "data", "Train400")], _all)},
    "photos": {"train": ([Path("train")], _all), "val": ([Path("val")], _all)},
}
COUNTS: dict[str, dict[str, int]] = {
    "bsds500": {"train": 432, "val": 68},
    "cbsd68": {"val": 68},
    "bsd68": {"val": 68},
    "set12": {"val": 12},
    "train400": {"train": 400},
}
