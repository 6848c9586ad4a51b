"""Numbers in prose: filled from results, found out when stale."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pixelwise.errors import PixelwiseError
from pixelwise.reporting import readme, readme_blocks

TEXT = """# Words

Floor of <!-- generated:value planted kind=restoration model=identity metric=psnr sigma=25 -->?<!-- end -->.

It took <!-- generated:duration planted --><!-- end -->.
<!-- generated:verdicts planted -->
<!-- end -->
<!-- generated:denoising planted bsd68 --><!-- end -->
<!-- generated:translation planted --><!-- end -->
<!-- generated:sentences planted --><!-- end -->
<!-- generated:timing planted --><!-- end -->
<!-- generated:headline planted --><!-- end -->
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def results(planted) -> Path:
    folder: Path = planted.summary.parents[1]
    lines = [
        {"job": "a", "out": "results/planted/a", "status": "failed", "seconds": 7},
        {"job": "a", "out": "results/planted/a", "status": "done", "seconds": 100},
        {"job": "b", "out": "results/planted/b", "status": "done", "seconds": 85.2},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / planted.summary.parent.name / "run.jsonl").write_text(text)
    return folder


def test_blocks_are_filled_and_then_current(results, tmp_path):
    path = tmp_path / "README.md"
    path.write_text(TEXT)
    assert len(readme.stale(path, results)) == 8
    assert readme.update(path, results)
    assert readme.stale(path, results) == []
    assert not readme.update(path, results)
    text = path.read_text()
    assert "Floor of <!-- generated:value planted kind=restoration model=identity metric=psnr sigma=25 -->20." in text
    assert "| bsd68 | 25 | DnCNN s | 0 |" in text
    assert "3 min 05 s of work in 2 jobs on " in text
    assert "| contradicted |" in text
    assert "2.88 [2.80, 2.96]" in text


def test_numbers_of_the_benchmark():
    number = 'bench/cpu protocol=generator model="asapnet optimised" metric=executed height=256 batch=1'
    block = f"<!-- generated:value {number} -->"
    filled = readme.filled(f"{block}?<!-- end -->", ROOT / "results")
    assert float(filled.removeprefix(block).split()[0]) > 30 and " GFLOP<!--" in filled


def test_a_run_that_nobody_recorded_has_no_duration(results):
    block = "<!-- generated:duration recorded/paper -->"
    assert readme.filled(f"{block}<!-- end -->", results) == f"{block}no run recorded yet<!-- end -->"


def test_one_changed_digit_is_found(results, tmp_path):
    path = tmp_path / "README.md"
    path.write_text(TEXT)
    readme.update(path, results)
    path.write_text(path.read_text().replace("2.88 [2.80, 2.96]", "2.98 [2.80, 2.96]", 1))
    assert readme.stale(path, results) == ["timing planted"]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("weather planted", "block 'weather'; allowed: answer"),
        ("verdicts", "names no run"),
        ("duration planted/summary", "no finished job; run 'make record'"),
        ("verdicts nowhere", "no such file"),
        ("value planted metric=psnr", "numbers answer; exactly 1 is needed"),
        ("value planted colour=red", "no column 'colour'"),
        ("bench ratio", "bench ratio; allowed: bench alone, or ratios or runtimes"),
        ("value planted height=tall", "height=tall; height is a number"),
        ("value planted model='asapnet", "no closing quotation"),
        ("picture docs/answer", "no recorded run keeps pictures made from label maps"),
    ],
)
def test_wrong_blocks_are_one_line(results, block, message):
    with pytest.raises(PixelwiseError, match=message):
        readme.filled(f"<!-- generated:{block} --><!-- end -->", results)


def test_cells_with_bars_stay_cells():
    assert readme_blocks.markdown(["a"], [["x|y"]]) == "| a |\n| --- |\n| x\\|y |"
