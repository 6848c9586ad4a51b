from __future__ import annotations

import csv
import json
import shutil

import pytest

from pixelwise.artifacts import sha256, write_manifest
from pixelwise.claims import judge
from pixelwise.record import write_records
from pixelwise.settings.claims import JudgeSettings

from .conftest import item

SETTINGS = JudgeSettings(run="planted")


@pytest.fixture
def results(tmp_path):
    """A results folder as the pipeline leaves it: one folder for each job."""
    root = tmp_path / "results" / "planted"
    planted = [
        item("fid", model, "fid", value, 1.0, seed=seed)
        for model, value in (("report_asapnet", 70.6), ("report_pix2pixhd", 65.0))
        for seed in (0, 1, 2)
    ]
    planted.append(item("latency", "pix2pixhd/asapnet", "ratio", 2.8, 0.1, dataset="none"))
    for entry in planted:
        write_records(root / entry.file, [entry.record])
    job = {"id": "latency/none/pix2pixhd/asapnet/seed0", "kind": "time", "out": "results/planted/x"}
    write_manifest((root / planted[-1].file).parent, job, {})
    return root


def run(results, out):
    inputs = {path.parent.relative_to(results).as_posix(): path.parent for path in results.rglob("metrics.json")}
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    judge.run(SETTINGS, inputs, out, out)
    document = json.loads((out / "claims.json").read_text())
    return document, {entry["id"]: entry for entry in document["claims"]}


def test_three_files_with_the_evidence(results, tmp_path):
    document, claims = run(results, tmp_path / "out")
    counted = sum(sum(numbers.values()) for numbers in document["counts"].values())
    assert counted + sum(document["undecidable"].values()) == len(claims)
    assert len(document["rows"]) == 12 and len(document["answers"]) == 4
    assert claims["S-FID-3"]["verdict"] == "confirmed"
    used = claims["S-FID-3"]["evidence"][0]
    assert used["sha256"] == sha256(results / used["file"])
    assert used["value"]["low"] is not None and used["n"] == 500 and used["condition"]["height"] == 256
    timed = claims["S-SPD-3"]["evidence"][0]
    assert timed["command"] == "pixelwise time results/planted/jobs/latency/none/pix2pixhd/asapnet/seed0.json"
    rows = list(csv.DictReader((tmp_path / "out" / "claims.csv").open()))
    assert {row["id"]: row["verdict"] for row in rows} == {name: entry["verdict"] for name, entry in claims.items()}
    contradictions = json.loads((tmp_path / "out" / "contradictions.json").read_text())["contradictions"]
    assert sum(entry["found"] for entry in contradictions) >= 25


def test_removing_a_metrics_file_never_leaves_a_pass(results, tmp_path):
    before = run(results, tmp_path / "out")[1]
    (results / "fid/cityscapes/report_pix2pixhd/seed0/metrics.json").unlink()
    (results / "fid/cityscapes/report_pix2pixhd/seed1/metrics.json").unlink()
    (results / "fid/cityscapes/report_pix2pixhd/seed2/metrics.json").unlink()
    (results / "latency/none/pix2pixhd/asapnet/seed0/metrics.json").unlink()
    after = run(results, tmp_path / "out")[1]
    changed = {name for name in before if before[name]["verdict"] != after[name]["verdict"]}
    assert {"S-FID-3", "S-FID-2", "S-SPD-3", "P-R1"} <= changed
    assert {after[name]["verdict"] for name in changed} == {"not testable here"}
    assert after["S-FID-3"]["missing"]


def test_removing_any_single_file_never_improves_a_verdict(results, tmp_path):
    before = run(results, tmp_path / "out")[1]
    for path in sorted(results.rglob("metrics.json")):
        content = path.read_bytes()
        path.unlink()
        after = run(results, tmp_path / "out")[1]
        path.write_bytes(content)
        for name, entry in after.items():
            assert entry["verdict"] in (before[name]["verdict"], "not testable here"), (path, name)


def test_same_inputs_same_bytes(results, tmp_path):
    run(results, tmp_path / "one")
    run(results, tmp_path / "two")
    for name in ("claims.json", "claims.csv", "contradictions.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_reading_the_whole_folder_is_the_same(results, tmp_path):
    document, _ = run(results, tmp_path / "out")
    whole = json.loads(json.dumps(judge.judge_below(results)))
    assert whole["counts"] == document["counts"]


def test_copies_in_the_summary_do_not_count_twice(results, tmp_path):
    shutil.copytree(results / "fid/cityscapes/report_asapnet/seed0", results / "summary")
    _, claims = run(results, tmp_path / "out")
    assert claims["S-FID-1"]["measured"][0]["seeds"] == 3
    assert not any(used["file"].startswith("summary") for used in claims["S-FID-1"]["evidence"])


def test_a_broken_metrics_file_is_one_line_and_costs_its_own_claims(results, tmp_path):
    path = results / "fid/cityscapes/report_asapnet/seed0/metrics.json"
    path.write_text('{"records": [{"kind": "fid"}]}')
    document, claims = run(results, tmp_path / "out")
    assert document["left_out"] == [f"{path}: records.0.task: Field required"]
    assert {used["seed"] for used in claims["S-FID-1"]["evidence"]} == {1, 2}
    assert claims["S-SPD-3"]["verdict"] == "confirmed"


def test_the_headline_table_tells_the_verdicts(results, tmp_path):
    document, claims = run(results, tmp_path / "out")
    for row in document["rows"]:
        assert row["verdict"] == claims[row["id"]]["verdict"]
        assert row["decides"] == bool(claims[row["id"]]["measured"])
    told = {row["id"]: row["told"] for row in document["rows"]}
    assert claims["S-SPD-3"]["reason"][1:].partition(". ")[0] in told["S-SPD-3"]
