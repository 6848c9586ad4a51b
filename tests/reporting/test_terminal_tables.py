"""`pixelwise table`: every network of a run with its scores and times, with directions, in 80 columns."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from pixelwise.errors import PixelwiseError
from pixelwise.reporting import tidy_tables
from pixelwise.reporting.terminal_tables import show, times, translation


def printed(summary: Path, width: int = 80) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    show(summary, console)
    return console.export_text()


def test_scores_and_times_stand_side_by_side_with_their_directions(planted):
    table = tidy_tables.read_all(planted.summary)
    ((title, columns, rows, _),) = translation(table)
    assert title.startswith("Translation: streets, ") and "drawn by a program" in title
    assert {"FID (lower is better)", "mean IoU, % (higher is better)"} <= set(columns)
    networks = [row[0] for row in rows]
    assert networks[:2] == ["ASAP-Net", "pix2pixHD"] and set(networks[2:]) <= {"Real pictures", "Shuffled labels"}
    scores = table[table["metric"].eq("fid") & table["model"].eq("asapnet") & table["protocol"].eq("pytorch-fid")]
    shown = rows[0][columns.index("FID (lower is better)")]
    assert float(shown.split()[0]) == pytest.approx(scores["value"].mean(), abs=0.01)
    ((_, columns, rows, _),) = times(table)
    assert [row[:2] for row in rows[:2]] == [["ASAP-Net", "256x512"], ["pix2pixHD", "256x512"]]
    assert rows[0][2].startswith("410") and columns[2] == "ms (lower is better)"


def test_it_fits_80_columns_and_has_the_sentences(planted):
    text = printed(planted.summary)
    assert max(map(len, text.splitlines())) <= 80
    for words in ("Translation: streets", "Denoising: bsd68, sigma 25", "lower is better", "higher is better"):
        assert words in text
    assert "the best form of ASAP-Net's generator is ASAP-Net residual." in " ".join(text.split())


def test_a_run_without_scores_says_so(planted, tmp_path):
    for name in ("metrics.csv", "timings.csv"):
        header = (planted.summary / name).read_text().splitlines()[0]
        (tmp_path / name).write_text(f"{header}\n")
    with pytest.raises(PixelwiseError, match="scores no translation and no denoising"):
        printed(tmp_path)
