from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from pixelwise.claims import costs, plan, plan_tables, predicted_records
from pixelwise.claims.beyond_profiles import needs
from pixelwise.claims.checks import basis_of
from pixelwise.claims.claim_schema import register
from pixelwise.claims.predicted_records import Datasets
from pixelwise.data.kinds.cityscapes import LOGIN
from pixelwise.planning import graph
from pixelwise.planning.graph import plan_of

DATA = {
    "cityscapes": {"kind": "cityscapes", "height": 256, "width": 512},
    "streets": {"kind": "streets", "height": 256, "width": 512, "train": 96, "val": 600},
}
DATA |= {"bsd68": {"kind": "bsd68"}}
NETWORKS = {
    "asapnet": {"architecture": "asapnet"},
    "pix2pixhd": {"architecture": "spade_pix2pixhd"},
    "drn": {"architecture": "drn_d_105"},
}
TIME = {"task": "translation", "networks": ["pix2pixhd"], "against": "asapnet"}


def run(dataset="cityscapes", device="cpu", time=(), **changes):
    model = {"task": "translation", "dataset": dataset, "network": "asapnet", "recipe": "report_asapnet", **changes}
    profile = {
        "title": "planned",
        "seeds": [0, 1, 2],
        "compute": {"device": device},
        "datasets": DATA,
        "train": {
            "asapnet": model,
            "pix2pixhd": model | {"network": "pix2pixhd", "recipe": "report_pix2pixhd"},
            "segmenter": {
                "task": "segmentation",
                "dataset": dataset,
                "network": "drn",
                "recipe": "drn_d_105",
            },
        },
        "segment": {"segmenter": "segmenter", "protocols": ["N"]},
        "restore": {"bsd68": {"dataset": "bsd68"}},
        "time": {"translation": TIME | dict(time)},
    }
    return plan_of({"profile": "p", "networks": NETWORKS, "profiles": {"p": profile}})


@pytest.fixture(autouse=True)
def no_gpu_and_no_logins(monkeypatch):
    monkeypatch.setattr(predicted_records, "accelerator", lambda: None)
    for name in ("CITYSCAPES_ROOT", *LOGIN):
        monkeypatch.delenv(name, raising=False)


def claims(planned, tmp_path):
    return plan.survey(planned, tmp_path / "run.jsonl")["claims"]


def test_without_a_login_cityscapes_claims_wait(tmp_path, monkeypatch):
    found = claims(run(), tmp_path)
    assert "S-FID-3" not in found["now"] and "S-FID-3" in found["with_all_data"]
    assert "S-SPD-3" not in found["now"] and "C-4" not in found["now"]
    assert found["now"]["S-DATA-1"] == "documents compared" and found["now"]["S-ARCH-1"] == "rebuilt and counted"
    monkeypatch.setenv("CITYSCAPES_ROOT", "/anywhere")
    assert "S-FID-3" in claims(run(), tmp_path)["now"]


@pytest.mark.parametrize("changes", [{"dataset": "streets"}, {"presentations": 100}])
def test_drawn_data_and_short_schedules_decide_no_quality_claim(tmp_path, monkeypatch, changes):
    monkeypatch.setenv("CITYSCAPES_ROOT", "/anywhere")
    found = claims(run(**changes), tmp_path)
    assert not {"S-FID-3", "S-IOU-3", "S-FID-1"} & set(found["with_all_data"])


def test_timings_on_a_gpu_in_the_published_form_alone_decide(tmp_path, monkeypatch):
    assert "S-SPD-3" not in claims(run(), tmp_path)["with_all_data"]
    monkeypatch.setattr(predicted_records, "accelerator", lambda: ("planted", 80.0))
    assert "S-SPD-3" in claims(run(device="cuda"), tmp_path)["now"]
    assert "S-SPD-3" not in claims(run(device="cuda", time={"modes": ["eager", "optimised"]}), tmp_path)["now"]


@pytest.mark.slow
def test_the_list_of_claims_beyond_all_profiles_is_the_plans(tmp_path, monkeypatch):
    monkeypatch.setattr(predicted_records, "accelerator", lambda: ("planted", 80.0))
    known, params = register(), Path(__file__).parents[2] / "params.yaml"
    decided: set[str] = set()
    for profile in yaml.safe_load(params.read_text())["profiles"]:
        decided |= set(plan.settled(known, plan.decidable(known, list(graph.plan(params, profile, False).jobs))))
    standing = [claim for claim in known.claims if not claim.withdrawn_by]
    assert set(needs()) == {claim.id for claim in standing if basis_of(claim.check) == "measured here"} - decided


def test_what_is_missing_is_said(tmp_path):
    found = plan.survey(run(), tmp_path / "run.jsonl")
    assert any(line.startswith("data cityscapes: set CITYSCAPES_ROOT to") for line in found["missing"])
    assert not any("a GPU" in line for line in found["missing"])  # its jobs compute on the processor
    gpu = plan.survey(run(device="cuda", batch=32), tmp_path / "run.jsonl")["missing"]
    assert any(line.startswith("a GPU: none here; the largest training job needs about ") for line in gpu)
    entry = next(entry for entry in found["data"] if entry["name"] == "cityscapes")
    assert "cityscapes" in entry["from"] and entry["disk_gb"] > 10 and not entry["have"]


def test_everything_is_printed():
    console = Console(width=160, record=True, file=io.StringIO())
    plan_tables.show(run(), console)
    text = console.export_text()
    for words in ("Claims that this run can decide", "Jobs", "Data", "Missing: data cityscapes", "claims wait for"):
        assert words in text


def training(planned, name="train/cityscapes/asapnet/seed0"):
    return next(job for job in planned.jobs if job.id == name), Datasets(list(planned.jobs))


def test_this_machines_log_comes_before_the_table(tmp_path):
    planned = run()
    job, _ = training(planned)
    log = tmp_path / "run.jsonl"
    settings = job.effort({other.out: other for other in planned.jobs})
    line = {"job": job.id, "kind": job.kind, "out": job.out, "status": "done", "seconds": 7200.0}
    lines = [line | {"settings": settings}]
    lines.append({**lines[0], "status": "failed", "seconds": 1.0})
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    groups = {group["jobs"]: group for group in plan.survey(planned, log)["jobs"]}
    group = groups["train/cityscapes/asapnet"]
    assert group["count"] == 3
    assert group["hours"] == pytest.approx(6.0)
    assert "recorded here" in group["basis"]


def test_costs_follow_the_work_and_name_another_machine():
    (job, datasets), (small, fewer) = training(run()), training(run(presentations=2975))
    ratio = costs.work_of(job, datasets) / costs.work_of(small, fewer)
    assert ratio == pytest.approx(300)
    recorded = [costs.Recorded("adversarial", "asapnet", 10.0, 50.0, "cpu", "recorded there")]
    scaling = {"cuda": {"from": "cpu", "factor": 100, "basis": "two timings"}}
    here = costs.estimate(small, fewer, recorded, "cpu", scaling)
    assert here.seconds == pytest.approx(5 * 2975)
    there = costs.estimate(small, fewer, recorded, "cuda", scaling)
    assert there.seconds == pytest.approx(here.seconds / 100)
    assert "two timings" in there.basis
    assert costs.estimate(small, fewer, recorded, "cuda", {}).seconds is None
    assert costs.estimate(small, fewer, [], "cpu", scaling).seconds is None


def test_memory_grows_with_the_batch():
    document = costs.table()
    (job, datasets), (more, _) = training(run(batch=8)), training(run(batch=32))
    assert 3 < costs.memory_gb(job, datasets, document) < costs.memory_gb(more, datasets, document) < 80


def test_the_committed_table_is_whole():
    document = costs.table()
    assert all(entry.seconds > 0 and entry.work > 0 for entry in costs.from_table(document))
    assert len(document["memory"]) == 2


def test_a_broken_log_is_told_in_one_line(tmp_path):
    (tmp_path / "run.jsonl").write_text("{}\n")
    (line,) = plan.survey(run(), tmp_path / "run.jsonl")["left_out"]
    assert "run.jsonl: line 1 is not a line of the run log" in line


def test_expected_records_are_those_of_the_steps():
    kinds = {item.record.kind for item in predicted_records.records(list(run().jobs), register())}
    assert kinds == {"fid", "segmentation", "restoration", "latency", "architecture"}
