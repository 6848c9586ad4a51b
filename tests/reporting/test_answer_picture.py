"""The picture of README: what it shows, and whether it is current."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from pixelwise.claims import timed
from pixelwise.errors import PixelwiseError
from pixelwise.reporting import answer_picture, kept_pictures, readme
from pixelwise.reporting.kept_pictures import PictureSource
from pixelwise.reporting.sample_grids import Grid, Picture

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def answer() -> answer_picture.Answer:
    return answer_picture.read(ROOT / "results")


def test_photographs_stand_before_drawn_scenes(tmp_path):
    cell = Picture(np.zeros((2, 4, 3), np.uint8), "x")
    for run, synthetic, columns in (("a", True, 5), ("b", False, 3), ("c", False, 4)):
        names = ["label map", *(f"m{place}" for place in range(1, columns))]
        grid = Grid("g", run, "", names, [("row", [cell] * columns)], synthetic, "set")
        source = PictureSource(dataset="set", kind="k", licence="free", address="here", synthetic=synthetic)
        kept_pictures.write(tmp_path / "recorded" / run / "pictures", [grid], {"set": source})
    assert answer_picture.samples(tmp_path)[0] == "c"
    with pytest.raises(PixelwiseError, match="no ratio of two generators; run 'make bench'"):
        answer_picture.measured(tmp_path)


def test_lines_are_those_of_the_benchmarks(answer):
    """As README's own table of ratios has them: `1.74 [1.71, 1.75] (15)`, value, interval and rounds by size."""
    rows = next(line.rows for line in answer.lines if line.machine.startswith("CPU") and line.form == "as published")
    assert rows["megapixels"].is_monotonic_increasing
    text = readme.filled("<!-- generated:bench ratios --><!-- end -->", ROOT / "results")
    line = re.search(r"\| pix2pixHD / ASAP-Net direct \| translation \| as published \| fp32, batch 1 \|.*", text)[0]
    cells = re.findall(r"([\d.]+) \[([\d.]+), ([\d.]+)\] \((\d+)\)", line)
    assert len(cells) == len(rows)
    for row, (value, low, high, rounds) in zip(rows.itertuples(), cells, strict=True):
        assert [row.value, row.low, row.high] == pytest.approx([float(value), float(low), float(high)], rel=0.005)
        assert row.short == (int(rounds) < timed.LEAST_ROUNDS)


def test_the_words_are_short_and_say_what_was_drawn(answer):
    assert len(answer.alt) <= 300
    assert ("not a photograph" in answer.heading) == answer.grid.synthetic
    assert answer.owner.licence in answer.credit


def test_another_number_or_picture_is_another_hash(answer):
    cells = [None, *answer.grid.rows[0][1][1:]]
    rows = answer.lines[0].rows
    lines = [replace(answer.lines[0], rows=rows.assign(low=rows["low"] * 0.999)), *answer.lines[1:]]
    others = [
        replace(answer, grid=replace(answer.grid, rows=[("other", cells)])),
        replace(answer, lines=lines),
        replace(answer, owner=answer.owner.model_copy(update={"licence": "another"})),
    ]
    assert len({each.hash for each in (answer, *others)}) == 4


def test_an_old_drawing_is_found_and_drawn_again(tmp_path):
    text = tmp_path / "README.md"
    text.write_text("<!-- generated:picture answer -->\n<!-- end -->\n")
    assert readme.update(text, ROOT / "results") and not readme.update(text, ROOT / "results")
    files = {ground: answer_picture.place(tmp_path / "answer", ground) for ground in answer_picture.GROUNDS}
    for ground, file in files.items():
        assert file.read_bytes() == (ROOT / f"docs/pictures/answer-{ground}.svg").read_bytes()
    files["dark"].write_text(files["dark"].read_text().replace("<!-- shows ", "<!-- shows 0"))
    assert readme.stale(text, ROOT / "results") == [f"drawing {tmp_path / 'answer'}"]
    text.write_text("<!-- generated:picture ../answer -->\n<!-- end -->\n")
    with pytest.raises(PixelwiseError, match="a path below the folder of the file is needed"):
        readme.update(text, ROOT / "results")


def luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("ground", answer_picture.GROUNDS)
def test_lines_and_words_stand_out_from_their_ground(ground):
    """WCAG's contrast: 4.5 for text, which the machines' colours reach too."""
    look = answer_picture.GROUNDS[ground]
    for colour in (look["ink"], look["muted"], *answer_picture.TINTS[ground]):
        light, dark = sorted((luminance(colour), luminance(look["ground"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, colour
