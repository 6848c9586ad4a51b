from __future__ import annotations

import json
from pathlib import Path

import pytest

from pixelwise.claims import amounts, costs, plan, plan_tables
from pixelwise.claims.predicted_records import Datasets, accelerator
from pixelwise.errors import PixelwiseError
from pixelwise.planning.graph import plan as planned
from tests.cards.machine import CARD, OLD, smi
from tests.claims.log_lines import line

ROOT = Path(__file__).parents[2]


@pytest.fixture
def card(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def give(*cards):
        monkeypatch.setenv("PATH", smi(tmp_path / "bin", list(cards)))

    return give


def groups(profile, device="cpu", name=None):
    found = plan.groups_of(list(planned(ROOT / "params.yaml", profile).jobs), Path("none"), device, name)
    return {group["jobs"]: group for group in found}


def test_a_profile_of_the_processor_takes_as_long_with_a_card():
    found = groups("street-cpu", "cuda")
    assert all(group["hours"] == group["gpu_hours"] and group["gpu_memory_gb"] is None for group in found.values())
    # Recorded: 2 h 16 min, and 44 min in trainings that were stopped and went on.
    assert 2.4 < sum(group["hours"] or 0 for group in found.values()) < 3.8


def test_bm3d_gains_nothing_by_a_card():
    found = groups("street", "cuda")
    baselines = found["restore/bsd68/baselines"]
    assert baselines["hours"] == baselines["gpu_hours"] > 0.4
    training = found["train/camvid/asapnet"]
    assert training["hours"] == training["gpu_hours"] < 1 and 5 < training["gpu_memory_gb"] < 6


def test_a_slower_card_takes_longer():
    hours = {
        name: groups("street", "cpu", name)["train/camvid/asapnet"]["gpu_hours"] for name in ("T4", "A100", "H100")
    }
    assert hours["T4"] > 10 * hours["A100"] > 20 * hours["H100"] > 0
    document = costs.table()
    assert costs.card_of(document, "NVIDIA A100-SXM4-80GB") == "A100 80GB"
    assert costs.card_of(document, "NVIDIA A100-PCIE-40GB") == "A100" and costs.card_of(document, None) == "H200"
    assert costs.card_of(document, "NVIDIA T400 4GB") == "H200"  # no T4
    assert costs.card_words(document, "a100-80gb", None) == "A100 80GB"
    assert costs.card_words(document, None, None) == "H200 (assumed: no GPU here, no --card)"
    assert (
        costs.card_words(document, None, "NVIDIA GeForce RTX 5090")
        == "H200 (NVIDIA GeForce RTX 5090 is not in the table)"
    )
    with pytest.raises(PixelwiseError, match="--card: 'V100'; allowed are H200"):
        plan_tables.show(planned(ROOT / "params.yaml", "tiny"), card="V100")


def test_fewer_rounds_and_forms_take_less():
    job = next(job for job in planned(ROOT / "params.yaml", "street").jobs if job.id == "time/translation_256")
    whole = job.settings.model_copy(update={"modes": ("eager", "compiled"), "narrow": None})
    few = whole.model_copy(update={"narrow": 0.01})
    assert amounts.timing_work(few) < 0.4 * amounts.timing_work(whole)
    assert amounts.timing_work(whole.model_copy(update={"batches": (1, 8)})) == 9 * amounts.timing_work(
        whole.model_copy(update={"batches": (1,)})
    )


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (CARD, ("NVIDIA H200", 143771 * 2**20 / 1e9)),
        (CARD | {"memory.total": "[N/A]"}, ("NVIDIA H200", None)),
        (OLD, None),
    ],
)
def test_the_card_of_this_machine(card, given, wanted):
    card(given)
    assert accelerator() == wanted


def test_what_is_missing_of_a_card(card):
    run = planned(ROOT / "params.yaml", "facades")
    card(CARD | {"memory.total": "[N/A]"})
    assert not [line for line in plan.survey(run, Path("none"))["missing"] if "GPU" in line]
    card(CARD | {"memory.total": "40960"})
    assert (
        "GPU memory: about 71 GB for the largest training job, 43 GB here" in plan.survey(run, Path("none"))["missing"]
    )
    card(CARD | {"memory.total": "81559"})  # an 80 GB card takes it
    assert not [line for line in plan.survey(run, Path("none"))["missing"] if "GPU" in line]
    asked = plan.survey(run, Path("none"), "T4")["missing"]  # whatever is here
    assert "GPU memory: about 71 GB for the largest training job, 16 GB on the T4" in asked
    assert not [line for line in plan.survey(run, Path("none"), "A100 80GB")["missing"] if "GPU" in line]
    card(OLD)
    (line,) = [line for line in plan.survey(run, Path("none"))["missing"] if line.startswith("a GPU: ")]
    assert "560.70 is too old" in line


def test_the_log_of_a_machine_with_a_card(tmp_path):
    run = planned(ROOT / "params.yaml", "street")
    jobs = {job.id: job for job in run.jobs}
    log = tmp_path / "run.jsonl"
    chosen = [jobs["train/camvid/asapnet/seed0"], jobs["restore/bsd68/baselines/seed0"]]
    log.write_text("".join(f"{line(job, jobs)}\n" for job in chosen))
    recorded = costs.from_log(list(run.jobs), Datasets(list(run.jobs)), log, "cuda")
    assert [entry.device for entry in recorded] == ["cuda", "cpu"]
    found = {group["jobs"]: group for group in plan.groups_of(list(run.jobs), log, "cuda", "T4")}
    assert found["train/camvid/asapnet"]["hours"] == pytest.approx(2.0)  # this machine's own, whatever the card's name
    assert found["restore/bsd68/baselines"]["hours"] == pytest.approx(1.0)


def test_a_recorded_run_comes_before_the_table_and_after_the_machine_s_own_log(tmp_path):
    jobs, kept = list(planned(ROOT / "params.yaml", "tiny").jobs), ROOT / "results/recorded/tiny"
    found = {group["jobs"]: group for group in plan.groups_of(jobs, tmp_path / "none", "cpu", None, kept)}
    lines = [json.loads(line) for line in (kept / "run.jsonl").read_text().splitlines()]
    seconds = {line["job"]: line["seconds"] for line in lines}["train/streets/asapnet/seed0"]
    assert found["train/streets/asapnet"]["hours"] == pytest.approx(seconds / 3600)
    assert found["train/streets/asapnet"]["basis"].startswith("recorded on ")
    assert found["train/streets/asapnet"]["machine"] != costs.HERE
    (job,) = [job for job in jobs if job.id == "train/streets/asapnet/seed0"]
    log = tmp_path / "run.jsonl"
    log.write_text(line(job, {other.id: other for other in jobs}, 36.0))
    found = {group["jobs"]: group for group in plan.groups_of(jobs, log, "cpu", None, kept)}
    assert found["train/streets/asapnet"]["hours"] == pytest.approx(0.01)
    assert found["train/streets/asapnet"]["machine"] == costs.HERE


def test_what_was_recorded_on_another_card_says_nothing_of_this_one(tmp_path):
    jobs, kept = list(planned(ROOT / "params.yaml", "denoising").jobs), ROOT / "results/recorded/denoising"

    def hours(name, folder=kept):
        found = plan.groups_of(jobs, tmp_path / "none", "cuda", name, folder)
        return {group["jobs"]: group["hours"] for group in found}

    trained, baselines = "train/train400/asapnet_residual_s8", "restore/bsd68/baselines"
    lines = [json.loads(text) for text in (kept / "run.jsonl").read_text().splitlines()]
    recorded = sum(line["seconds"] for line in lines if line["job"].startswith(f"{trained}/")) / 3600
    assert hours("NVIDIA H100 80GB HBM3")[trained] == hours(None)[trained] == pytest.approx(recorded, rel=0.1)
    assert hours("Tesla T4")[trained] == hours("T4", None)[trained] > 2 * recorded
    assert hours("Tesla T4")[baselines] == hours("NVIDIA H100 80GB HBM3")[baselines], "on the processor"


def test_cards_without_units_for_the_precision_of_trainings_are_named(card):
    def lines(profile, name=None):
        missing = plan.survey(planned(ROOT / "params.yaml", profile), Path("none"), name)["missing"]
        return [line for line in missing if line.startswith("units")]

    card(CARD)
    assert lines("street") == []
    (line,) = lines("street", "T4")
    assert line.startswith("units for bfloat16 and TF32: the T4 has none; set precision: fp32 for train/camvid/")
    assert lines("street", "RTX 3060") == lines("street-cpu", "T4") == []
    card(CARD | {"name": "Tesla T4", "compute_cap": "7.5"})
    (line,) = lines("street")
    assert "the Tesla T4 has none" in line
    card(CARD | {"name": "Tesla T4", "compute_cap": "7.5"}, CARD | {"index": "1", "uuid": "GPU-bbbb"})
    assert lines("street") == []
