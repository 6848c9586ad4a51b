from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pixelwise.errors import PixelwiseError
from pixelwise.planning import clone
from pixelwise.planning.graph import plan
from tests.cards.machine import CARD, OLD, smi

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def street():
    return list(plan(ROOT / "params.yaml", "street").jobs)


def test_work_of_the_processor_asks_no_card(street):
    asks = {job.id: job.on_gpu for job in street}
    for name in (
        "restore/bsd68/baselines/seed0",
        "inspect/asapnet",
        "summarise",
        "judge",
        "figures",
        "report",
        "prepare/camvid",
    ):
        assert not asks[name], name
    assert not asks["train/train400/dncnn_released/seed0"]  # a conversion
    for name in ("train/camvid/asapnet/seed0", "time/translation_256", "restore/bsd68/dncnn/seed0"):
        assert asks[name], name
    assert not any(job.on_gpu for job in plan(ROOT / "params.yaml", "street-cpu").jobs)


def test_a_run_that_would_meet_an_unusable_card_is_refused(street, tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", smi(tmp_path / "bin", [OLD]))
    with pytest.raises(
        PixelwiseError, match=r"GTX 1080 Ti is there, but driver 560\.70 .*--torch-backend=cu126"
    ) as refused:
        clone.preflight(street, ["time/translation_256"])
    assert "\n" not in str(refused.value)
    clone.preflight(street, ["inspect/asapnet", "restore/bsd68/baselines/seed0"])
    clone.preflight(plan(ROOT / "params.yaml", "street-cpu").jobs, ["time/translation"])
    monkeypatch.setenv("PATH", smi(tmp_path / "bin", [CARD]))
    clone.preflight(street, ["time/translation_256"])


def test_more_processes_than_cards_are_refused_before_the_first_job(street):
    job = next(job for job in street if job.id == "train/camvid/spade/seed0")
    wide = dataclasses.replace(job, settings=job.settings.model_copy(update={"processes": 4}))
    with pytest.raises(PixelwiseError, match=r"train/camvid/spade/seed0: processes: 4; .* this machine has 2"):
        clone.enough_cards([*street, wide], [wide.id], 2)
    clone.enough_cards([wide], [wide.id], 4)
    clone.enough_cards([wide], [], 2)  # it is done
    clone.enough_cards([wide], [wide.id], 0)  # on a processor, or on a cluster
    assert (job.processes, wide.processes) == (1, 4)
    assert {job.processes for job in street if job.step == "time"} == {1}


def test_environments_that_snakemake_would_build_are_refused():
    clone.one_environment([])
    clone.one_environment(["env-modules"])
    with pytest.raises(PixelwiseError, match=r"conda: not supported.*requirements\.lock") as refused:
        clone.one_environment(["conda"])
    assert "\n" not in str(refused.value)
