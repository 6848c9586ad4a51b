"""How label maps that other programs wrote are read: soft masks, JPEG, palettes that lie beside, known colours."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from pixelwise.data import check, readers
from pixelwise.data.cityscapes_layout import table
from pixelwise.data.survey import Survey, dataset, look
from pixelwise.errors import PixelwiseError
from tests.data.builders import png
from tests.data.people import COLOURS, LAYOUTS, drawn, jpg, palette_png

BLOCK = 20


def masks(
    root: Path, levels: list[int], soft: float = 0, suffix: str = "png", folders: tuple[str, str] = ("images", "labels")
):
    """Photographs and gray masks whose edges are blurred."""
    for number, (photo, ids) in enumerate(drawn(6, len(levels), (120, 160), BLOCK)):
        jpg(root / folders[0] / f"{number}.jpg", photo)
        mask = Image.fromarray(np.array(levels, np.uint8)[ids]).filter(ImageFilter.GaussianBlur(soft))
        path = root / folders[1] / f"{number}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        mask.save(path, quality=90) if suffix == "jpg" else mask.save(path)
    return root


def seen(root: Path) -> Survey:
    survey = look(root)
    assert not survey.left_out
    reports = check.check(dataset(survey, None), root)
    assert not [line for report in reports.values() for line in report.defects]
    return survey


def gray(*levels: int) -> list[list[int]]:
    return [[level] * 3 for level in levels]


@pytest.mark.parametrize("levels", [[0, 255], [0, 90, 255], [0, 60, 130, 220]])
@pytest.mark.parametrize("soft", [0.6, 1.5])
@pytest.mark.parametrize("folders", [("images", "labels"), ("train_img", "train_label")])
def test_soft_edges_are_no_ids(tmp_path: Path, levels: list[int], soft: float, folders: tuple[str, str]) -> None:
    root = masks(tmp_path, levels, soft, folders=folders)
    survey = seen(root)
    assert survey.options["coded"] == "colour" and survey.options["nearest"] is True
    assert np.abs(np.array(survey.options["palette"]) - np.array(gray(*levels))).max() <= 2
    assert "% of pixels have other colours; the nearest of the palette is taken" in " ".join(survey.rule)
    settings = dataset(survey, None)
    truth = [ids for _, ids in drawn(6, len(levels), (120, 160), BLOCK)]
    for entry in readers.listing(root, "train", settings).entries:
        assert (readers.reading(settings).labels(entry.label) == truth[int(entry.name)]).mean() > 0.85


@pytest.mark.parametrize("ids", [[0, 3, 7, 11], list(range(40)), [*range(0, 180, 9)], [0, 1, 90, 91, 181]])
def test_ids_are_no_soft_edges(tmp_path: Path, ids: list[int]) -> None:
    options = seen(masks(tmp_path, ids, folders=("train_img", "train_label"))).options
    assert options["coded"] == "index" and options["num_labels"] == ids[-1] + 1


def test_black_and_white_under_spades_names(tmp_path: Path) -> None:
    options = seen(masks(tmp_path, [0, 255], folders=("train_img", "train_label"))).options
    assert options["palette"] == gray(0, 255) and options["coded"] == "colour"


@pytest.mark.parametrize("levels", [[0, 255], [20, 120, 220]])
def test_gray_masks_as_jpeg(tmp_path: Path, levels: list[int]) -> None:
    options = seen(masks(tmp_path, levels, suffix="jpg")).options
    assert np.abs(np.array(options["palette"]) - np.array(gray(*levels))).max() <= 3


@pytest.mark.parametrize("white", [255, 1])
def test_black_and_white_with_a_palette(tmp_path: Path, white: int) -> None:
    for number, (photo, ids) in enumerate(drawn(5, 2)):
        jpg(tmp_path / f"images/{number}.jpg", photo)
        colours = [(0, 0, 0), *[(9, 9, 200)] * 255]
        palette_png(tmp_path / f"labels/{number}.png", ids * np.uint8(white), colours)
    options = seen(tmp_path).options
    assert options.get("num_labels") == (2 if white == 1 else None)
    assert options.get("palette") == (None if white == 1 else [[0, 0, 0], [9, 9, 200]])


def coloured(root: Path, colours: list[tuple[int, int, int]], folder: str = "masks") -> Path:
    for number, (photo, ids) in enumerate(drawn(6, len(colours), (60, 90), 15)):
        jpg(root / f"photos/{number}.jpg", photo)
        png(root / folder / f"{number}.png", np.array(colours, np.uint8)[ids])
    return root


@pytest.mark.parametrize("place", ["colours.txt", "masks/label_colors.txt", "photos/classes.csv"])
def test_a_palette_beside_the_label_maps_or_the_photographs(tmp_path: Path, place: str) -> None:
    root = coloured(tmp_path, list(COLOURS.values()))
    lines = [f"{r} {g} {b} {name}" for name, (r, g, b) in COLOURS.items()]
    (root / place).write_bytes(b"\xef\xbb\xbf" + "\n".join(lines).encode())
    survey = seen(root)
    assert survey.options["palette"] == place
    assert readers.label_table(dataset(survey, None)).names == tuple(COLOURS)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("colours.txt", b"0 0 0 a\n1 1 1 b\n0 0 0 c\n", r"the colour \(0, 0, 0\) twice"),
        ("colours.txt", "0 0 0 a\n1 1 1 b\n".encode("utf-16"), "not UTF-8"),
        ("a,b.txt", b"0 0 0 a\n1 1 1 b\n", "a comma in its name"),
    ],
)
def test_a_palette_that_can_not_be_used_is_told(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    root = coloured(tmp_path, list(COLOURS.values()))
    (root / name).write_bytes(content)
    assert re.search(f"Passed over: .*{why}", "\n".join(seen(root).rule))


@pytest.mark.parametrize("layout", ["student", "halves"])
def test_cityscapes_colours_in_another_layout(tmp_path: Path, layout: str) -> None:
    known = [table().palette[number] for number in (7, 11, 21, 23, 26, 0)]
    if layout == "student":
        coloured(tmp_path, known)
    else:
        for number, (photo, ids) in enumerate(drawn(8, len(known), (90, 120), 30)):
            both = np.concatenate([photo, np.array(known, np.uint8)[ids]], 1)
            jpg(tmp_path / f"train/{number}.jpg", both, 95)
    survey = seen(tmp_path)
    assert survey.options["palette"] == "Cityscapes" and survey.options["coded"] == "colour"
    assert readers.label_table(dataset(survey, None)).names[7] == "road"


def test_void_of_segnets_camvid(tmp_path: Path) -> None:
    survey = seen(LAYOUTS["segnet"](tmp_path / "set", list(drawn(12, 12))))
    names = readers.label_table(dataset(survey, None))
    assert survey.options["palette"] == "CamVid" and names.names[11] == "void" and names.eval_map[11] == 255
    few = seen(LAYOUTS["segnet"](tmp_path / "few", list(drawn(12, 5))))
    assert few.options["num_labels"] == 5


@pytest.mark.parametrize("only", [0, 7, 255])
def test_a_single_class_is_told(tmp_path: Path, only: int) -> None:
    with pytest.raises(PixelwiseError, match=f"label maps of a single class; ids {only} occur"):
        look(masks(tmp_path, [only]))
