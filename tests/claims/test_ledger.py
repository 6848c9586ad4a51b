"""All recorded runs and benchmarks judged together: each number with its run, its commit and its command."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pixelwise.artifacts import write_json, write_manifest
from pixelwise.claims import ledger, verdict_tables
from pixelwise.claims.checks import BASES
from pixelwise.claims.claim_schema import register
from pixelwise.claims.findings import Verdicts, decided, read_verdicts
from pixelwise.claims.judge import judge_below
from pixelwise.cli import app
from pixelwise.errors import PixelwiseError
from pixelwise.record import write_records
from pixelwise.reporting import readme

from .conftest import item

RESULTS = Path(__file__).parents[2] / "results"
RUNS = sorted(path.parent.name for path in (RESULTS / "recorded").glob("*/claims"))
GPU = {"gpu": "NVIDIA H100"}


def put(results, run, *items):
    for entry in items:
        write_records(results / run / entry.file, [entry.record])


def seeds(model, value, seed, **changes):
    return item("fid", model, "fid", value, 1.0, seed=seed, **changes)


@pytest.fixture
def results(tmp_path):
    """Two runs, of which one has what the other lacks, and a benchmark."""
    root = tmp_path / "results"
    put(root, "recorded/one", *(seeds(m, v, s) for m, v in (("asapnet", 70.6), ("pix2pixhd", 73.0)) for s in (0, 1)))
    put(root, "recorded/two", *(seeds(m, v, 2) for m, v in (("asapnet", 70.6), ("pix2pixhd", 73.0))))
    put(root, "bench/cuda", item("latency", "pix2pixhd/asapnet", "ratio", 2.8, 0.1, dataset="none", hardware=GPU))
    write_json(root / "recorded/one/commit.json", {"commit": "abc"})
    return root


def found(document, name):
    return next(claim for claim in document["claims"] if claim["id"] == name)


def test_runs_are_judged_together(results):
    """Two seeds here and one there are three; the time comes from the benchmark."""
    document = ledger.judged(results)
    fid, speed = found(document, "P-D-CS256-FID"), found(document, "S-SPD-3")
    assert fid["verdict"] == "confirmed" and fid["measured"][0]["seeds"] == 3
    assert fid["measured"][0]["runs"] == ["recorded/one", "recorded/two"]
    assert speed["verdict"] == "confirmed" and speed["measured"][0]["runs"] == ["bench/cuda"]
    assert found(judge_below(results / "recorded/one"), "P-D-CS256-FID")["verdict"] == "not testable here"


def test_each_number_names_its_run_commit_and_command(results):
    document = ledger.judged(results)
    runs = {run["name"]: run for run in document["runs"]}
    assert {name: (run["commit"], run["command"]) for name, run in runs.items()} == {
        "recorded/one": ("abc", "make reproduce PROFILE=one"),
        "recorded/two": ("", "make reproduce PROFILE=two"),
        "bench/cuda": ("", "make bench"),
    }
    assert runs["bench/cuda"]["machines"] == ["NVIDIA H100"]
    for claim in document["claims"]:
        for used in (*claim["evidence"], *claim["context_only"]):
            assert used["file"].startswith(f"{used['run']}/") and (results / used["file"]).is_file()
        assert {name for number in claim["measured"] for name in number["runs"]} <= set(runs)


def test_a_run_recorded_twice_counts_once(results):
    put(results, "recorded/three", *(seeds(m, v, 2) for m, v in (("asapnet", 70.6), ("pix2pixhd", 73.0))))
    assert found(ledger.judged(results), "P-D-CS256-FID")["measured"][0]["seeds"] == 3


def test_the_order_of_runs_changes_nothing(results):
    before = ledger.judged(results)
    (results / "recorded/one").rename(results / "recorded/z")
    after = ledger.judged(results)
    assert [c["verdict"] for c in before["claims"]] == [c["verdict"] for c in after["claims"]]


def test_a_changed_file_decides_nothing_and_is_named(results):
    folder = results / "bench/cuda/latency/none/pix2pixhd/asapnet/seed0"
    write_manifest(folder, {"id": "bench", "kind": "time", "out": "x"}, {})
    path = folder / "metrics.json"
    path.write_text(path.read_text().replace("2.8", "2.81"))
    document = ledger.judged(results)
    assert found(document, "S-SPD-3")["verdict"] == "not testable here"
    assert len(document["left_out"]) == 1 and "it was changed" in document["left_out"][0]


@pytest.mark.parametrize("content", ['{"commit": 7}', "[]", '{"commit": "a", "more": 1}'])
def test_a_wrong_commit_is_one_line(results, content):
    (results / "recorded/one/commit.json").write_text(content)
    with pytest.raises(PixelwiseError, match=r"commit\.json: must hold the text 'commit' alone"):
        ledger.judged(results)


def test_without_any_record_it_is_one_line(tmp_path):
    with pytest.raises(PixelwiseError, match="no record of a run in recorded/ or bench/"):
        ledger.judged(tmp_path)


def printed(results, **options):
    console = Console(width=240, record=True, file=io.StringIO())
    verdict_tables.show(results, recorded=True, console=console, **options)
    return console.export_text()


def test_on_the_terminal_numbers_stand_with_run_commit_and_command(results):
    text = printed(results, everything=True)
    assert "Published claims, judged by all recorded runs" in text
    numbers = text[text.index("Numbers tested") : text.index("Runs judged together")]
    line = next(line for line in numbers.splitlines() if "P-D-CS256-FID" in line)
    for words in ("-2.4", "recorded/one", "abc", "make reproduce PROFILE=one"):
        assert words in line
    assert "not recorded" in numbers and "make bench" in numbers
    assert "recorded/two" in printed(results, explain="P-D-CS256-FID")


def test_one_run_has_no_table_of_runs(results):
    console = Console(width=240, record=True, file=io.StringIO())
    verdict_tables.show(results, metrics=results / "recorded/one", console=console)
    assert "Runs judged together" not in console.export_text()


def test_the_command_writes_all_of_it_as_json(results, monkeypatch):
    monkeypatch.chdir(results.parent)
    done = CliRunner().invoke(app, ["claims", "--recorded", "--json", "ledger.json"])
    assert done.exit_code == 0, done.output
    document = json.loads(Path("ledger.json").read_text())
    assert document == ledger.judged(Path("results"))
    assert Verdicts.model_validate(document).runs[0].name == "recorded/one"
    again = CliRunner().invoke(app, ["claims", "--recorded", "--json", "ledger.json"])
    assert isinstance(again.exception, PixelwiseError) and "exists" in str(again.exception)
    both = CliRunner().invoke(app, ["claims", "--recorded", "--metrics", "results"])
    assert isinstance(both.exception, PixelwiseError) and "one of them is allowed" in str(both.exception)


def test_readme_blocks_read_the_ledger(results):
    text = readme.filled(
        "<!-- generated:verdicts ledger -->\n<!-- end --><!-- generated:headline ledger --><!-- end -->", results
    )
    document = ledger.judged(results)
    assert all(sentence in text for answer in document["answers"] for sentence in answer["sentences"])
    assert f"| measured here | {document['counts']['measured here']['confirmed']} |" in text


@pytest.fixture(scope="module")
def recorded():
    return ledger.judged(RESULTS)


def test_the_recorded_ledger_decides_whatever_one_run_decides(recorded):
    """A claim about BSD68 decided in `street-cpu` is decided, whatever `tiny` lacks."""
    alone = {run: judge_below(RESULTS / "recorded" / run) for run in RUNS}
    together = {claim["id"]: claim["verdict"] for claim in recorded["claims"]}
    for run, document in alone.items():
        for claim in document["claims"]:
            if claim["verdict"] in ("confirmed", "contradicted") and claim["basis"] == "measured here":
                assert together[claim["id"]] == claim["verdict"], (run, claim["id"])


def test_no_recorded_speed_claim_is_decided_by_a_processor(recorded):
    timed = [claim for claim in recorded["claims"] if claim["check"].get("kind") == "latency"]
    assert timed
    for claim in timed:
        decides = claim["verdict"] in ("confirmed", "direction only", "contradicted")
        assert not decides or all(used["condition"]["device"] == "cuda" for used in claim["evidence"])


def test_recorded_counts_are_by_basis(recorded):
    assert set(recorded["counts"]) == set(BASES)
    assert [row["id"] for row in recorded["rows"]] == [claim.id for claim in register().headlines]


@pytest.mark.parametrize("run", RUNS)
def test_recorded_verdicts_are_of_the_present_form(run):
    document = read_verdicts(RESULTS / "recorded" / run / "claims")
    whole = Verdicts.model_validate(document)
    assert whole.model_dump(mode="json") == document and whole.run == run
    assert any(decided(claim) for claim in whole.claims)
