"""Pictures of data sets in what git keeps: at most 8 of a set, at most 256 pixels wide, source and licence beside."""

from __future__ import annotations

import base64
import io
import re
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelwise.reporting import kept_pictures
from pixelwise.reporting.kept_pictures import MOST, WIDEST, KeptPictures, PictureSource
from pixelwise.reporting.sample_grids import Grid, Picture

ROOT = Path(__file__).parents[2]
RECORDS = sorted(path for path in (ROOT / "results/recorded").iterdir() if path.is_dir())
PICTURES = ("png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff")
PLOTS = re.compile(r"results/(bench/[\w-]+|recorded/[^/]+/figures)/[^/]+$")
EMBEDDED = re.compile(rb"data:image/(?:png|webp|jpeg|gif)[^,]{0,40},([A-Za-z0-9+/=\s]+)")


def tracked() -> list[str]:
    """What git keeps, and what it would if all that is not ignored were added."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(name for name in done.stdout.split("\0") if name and (ROOT / name).is_file())


def kept(record: Path) -> KeptPictures | None:
    path = record / "pictures" / kept_pictures.LIST
    return KeptPictures.model_validate_json(path.read_text()) if path.is_file() else None


def embedded(path: Path) -> list[Image.Image]:
    """The pictures inside a file that are no drawing of lines."""
    codes = dict.fromkeys(EMBEDDED.findall(path.read_bytes()))
    return [Image.open(io.BytesIO(base64.b64decode(code))) for code in codes]


def few_of_each_set(counts: Counter[str]) -> list[str]:
    return [f"{name}: {count} pictures; {MOST} are allowed" for name, count in counts.items() if count > MOST]


def test_no_set_has_more_pictures_than_allowed() -> None:
    counts = kept_pictures.held(record / "pictures" for record in RECORDS)
    assert sum(counts.values()) > MOST
    assert few_of_each_set(counts) == []
    assert few_of_each_set(counts + counts) != []


def test_each_picture_is_small_and_listed_with_source_and_licence() -> None:
    notice = " ".join((ROOT / "NOTICE").read_text().split())
    for record in RECORDS:
        listed = kept(record)
        names = {path.name for path in (record / "pictures").glob("*.png")}
        assert names == {picture.file for picture in listed.pictures} if listed else not names
        for picture in listed.pictures if listed else ():
            assert Image.open(record / "pictures" / picture.file).width <= WIDEST
        for source in listed.sources if listed else ():
            told = (record / "pictures" / kept_pictures.TOLD).read_text()
            assert f"From {source.address}. Licence: {source.licence}." in told
            assert source.licence in notice and (source.citation or source.kind) in notice, source


def test_pages_show_no_other_pictures() -> None:
    """As many as the record keeps, none wider, each one nearly the same: a page compresses them."""
    for record in RECORDS:
        few = [
            cell for grid in kept_pictures.grids(record / "pictures") for _, row in grid.rows for cell in row if cell
        ]
        shown = embedded(record / "report/index.html")
        assert len(shown) <= len(few)
        for picture in shown:
            pixels = np.asarray(picture.convert("RGB"), dtype=float)
            own = [np.asarray(Image.fromarray(cell.pixels).convert("RGB"), dtype=float) for cell in few]
            apart = [np.abs(pixels - each).mean() for each in own if each.shape == pixels.shape]
            assert min(apart, default=np.inf) < 4, record.name


def test_nothing_else_in_git_holds_a_picture() -> None:
    names = tracked()
    pictures = [name for name in names if name.rpartition(".")[2].lower() in PICTURES]
    allowed = {
        f"{record.relative_to(ROOT)}/pictures/{p.file}"
        for record in RECORDS
        for p in getattr(kept(record), "pictures", ())
    }
    assert [name for name in pictures if name not in allowed and not PLOTS.match(name)] == []
    pages = {(record / "report/index.html").relative_to(ROOT).as_posix() for record in RECORDS}
    drawings = [
        name for name in names if name.endswith((".svg", ".html", ".md", ".json", ".css")) and name not in pages
    ]
    exact = {np.asarray(Image.open(ROOT / name).convert("RGB")).tobytes() for name in allowed}
    for name in drawings:
        for picture in embedded(ROOT / name):
            rows = np.asarray(picture.convert("RGB"))
            assert {rows.tobytes(), rows[::-1].tobytes()} & exact, name


def grid(name: str, dataset: str, rows: int, columns: list[str]) -> Grid:
    """Pictures of one gray value each: the first is 100, the next 10, 20, ... away from it."""
    cells = [Picture(np.full((4, 6), 100 + 10 * place, np.uint8), f"{name} {place}") for place in range(len(columns))]
    return Grid(name, name, "Note.", columns, [(f"row{row}", list(cells)) for row in range(rows)], False, dataset)


OWNERS = {
    name: PictureSource(dataset=name, kind=name, citation=cited, licence="free", address="here", synthetic=False)
    for name, cited in (("gray", "Berkeley"), ("colour", "Berkeley"), ("own", ""))
}


@pytest.mark.parametrize(
    ("rows", "columns", "others", "expected"),
    [
        (4, 3, 0, (2, 3)),
        (4, 4, 0, (2, 4)),
        (4, 5, 0, (1, 5)),
        (3, 12, 0, (1, 8)),
        (3, 12, 4, (1, 4)),
        (3, 3, 6, None),
        (0, 3, 0, None),
    ],
)
def test_as_many_as_are_allowed(rows: int, columns: int, others: int, expected: tuple[int, int] | None) -> None:
    given = grid("a", "own", rows, [f"m{place}" for place in range(columns)])
    few = kept_pictures.chosen([given], OWNERS, Counter({"own": others}))
    assert [(len(one.rows), len(one.columns)) for one in few] == ([expected] if expected else [])


@pytest.mark.parametrize(("others", "expected"), [(0, (4, 5)), (5, (1, 5)), (7, None)])
def test_what_networks_made_of_label_maps_does_not_count(others: int, expected: tuple[int, int] | None) -> None:
    given = grid("a", "own", 6, ["label map", "photograph", "x", "y", "z"])
    rows = [(name, [*cells[:2], *(replace(cell, generated=True) for cell in cells[2:])]) for name, cells in given.rows]
    few = kept_pictures.chosen([replace(given, rows=rows)], OWNERS, Counter({"own": others}))
    assert [(len(one.rows), len(one.columns)) for one in few] == ([expected] if expected else [])


def test_generated_pictures_take_little_room() -> None:
    for record in RECORDS:
        assert sum(path.stat().st_size for path in (record / "pictures").glob("*.png")) < 3e6, record.name


def test_sets_that_show_the_same_photographs_count_together() -> None:
    grids = [
        grid("a", "gray", 2, ["clean", "degraded", "DnCNN"]),
        grid("b", "colour", 1, ["clean", "degraded", *"xyz"]),
    ]
    few = kept_pictures.chosen(grids, OWNERS, Counter())
    assert [(one.id, len(one.rows)) for one in few] == [("a", 1), ("b", 1)]
    assert kept_pictures.chosen([grid("c", "unknown", 1, ["a", "b", "c"])], OWNERS, Counter()) == []


def test_methods_take_turns_and_the_nearest_comes_first() -> None:
    names = [
        "clean",
        "degraded",
        "DnCNN b",
        "DnCNN",
        "Tile mean",
        "ASAP-Net",
        "DnCNN c",
        "Tile Wiener",
        "BM3D",
        "ASAP-Net 2",
    ]
    (few,) = kept_pictures.chosen([grid("a", "own", 1, names)], OWNERS, Counter())
    assert few.columns == ["clean", "degraded", "DnCNN b", "DnCNN", "Tile mean", "ASAP-Net", "Tile Wiener", "BM3D"]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    wide = Picture(np.full((10, 512), 7, np.uint8), "wide")
    made = replace(wide, generated=True)
    given = Grid("g", "Title", "Note.", ["a", "b", "c"], [("row", [wide, wide, made])], False, "own")
    kept_pictures.write(tmp_path, [given], OWNERS)
    (found,) = kept_pictures.grids(tmp_path)
    cells = found.rows[0][1]
    assert [cell.pixels.shape for cell in cells if cell] == [(5, 256)] * 3
    assert [cell.generated for cell in cells if cell] == [False, False, True]
    assert (found.title, found.columns, found.dataset) == ("Title", ["a", "b", "c"], "own")
    assert "- own: own. From here. Licence: free." in (tmp_path / kept_pictures.TOLD).read_text()
    kept_pictures.write(tmp_path / "none", [], OWNERS)
    assert not (tmp_path / "none").exists() and kept_pictures.grids(tmp_path / "none") == []
