from __future__ import annotations

import io

import pytest
from rich.console import Console

from pixelwise.claims import judge, verdict_tables
from pixelwise.claims.claim_schema import register
from pixelwise.errors import PixelwiseError
from pixelwise.record import write_records

from .conftest import item


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("claims")
    planted = [item("latency", "pix2pixhd/asapnet", "ratio", 2.8, 0.1, dataset="none")]
    planted += [item("fid", "asapnet", "fid", 60.0, 1.0, dataset="camvid")]
    judge.write(out, "planted", register(), planted)
    return out


def printed(folder, **options):
    console = Console(width=240, record=True, file=io.StringIO())
    verdict_tables.show(folder, console=console, **options)
    return console.export_text()


def test_all_claims_and_the_sentences(folder):
    text = printed(folder, everything=True)
    assert "S-SPD-1" in text and "R-10-FID-ASAP" in text
    assert f"{len(register().claims)} of {len(register().claims)} claims shown" in text
    for words in ("measured here", "rebuilt and counted", "documents compared", "own sums", "program cannot test"):
        assert words in text


def test_the_answers_and_the_headlines_come_first(folder):
    text = printed(folder)
    assert text.startswith("Is ASAP-Net faster than pix2pixHD?") and "What was not tested?" in text
    assert all(claim.id in text for claim in register().headlines)
    assert not [claim.id for claim in register().claims if claim.weight == "detail" and f", {claim.id} " in text]
    assert "2.80 [2.70, 2.90] times" in text and "--all shows them" in text


def test_they_fit_80_columns(folder):
    console = Console(width=80, record=True, file=io.StringIO())
    verdict_tables.show(folder, console=console)
    assert max(map(len, console.export_text().splitlines())) <= 80


def test_filters(folder):
    text = printed(folder, verdict="contradicted", source="S1")
    assert "S-DATA-1" in text
    assert "S-SPD-5" not in text and "not testable here\n" not in text


def test_explanation_shows_evidence_and_what_stands_beside(folder):
    text = printed(folder, explain="S-SPD-3")
    assert "Evidence" in text and "2.8" in text and "approximates to a 3 x" in text
    text = printed(folder, explain="S-FID-1")
    assert "may not decide" in text and "measured on camvid" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"verdict": "maybe"}, "--verdict: 'maybe'; allowed are confirmed"),
        ({"source": "S9"}, "--source: 'S9'; allowed are "),
        ({"explain": "X-1"}, "--explain: 'X-1'; no such id"),
    ],
)
def test_wrong_requests_are_one_line(folder, options, message):
    with pytest.raises(PixelwiseError, match=message):
        printed(folder, **options)


def test_a_folder_of_metrics_is_judged_at_once(tmp_path):
    planted = item("latency", "pix2pixhd/asapnet", "ratio", 0.5, 0.1, dataset="none")
    write_records(tmp_path / "time" / "metrics.json", [planted.record])
    text = printed(tmp_path / "nothing", metrics=tmp_path, verdict="contradicted")
    assert "S-SPD-3" in text
    with pytest.raises(PixelwiseError, match="no such folder"):
        printed(tmp_path, metrics=tmp_path / "nothing")


def test_a_run_without_verdicts(tmp_path):
    with pytest.raises(PixelwiseError, match="snakemake --cores 2 all"):
        printed(tmp_path)
