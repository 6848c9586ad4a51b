"""`benchmarks/gpu.py` on emulated cards: in small, with what a card cannot do left out, and beside other cards."""

from __future__ import annotations

import json
import os

import pytest
import torch

from benchmarks import device_checks, gpu, precision_limits
from benchmarks.subjects import Condition, copied, streams
from pixelwise.cards import builds, selecting
from pixelwise.cards.builds import Installed
from pixelwise.evaluation.hardware import precisions
from pixelwise.models.fast.kernel_choice import obstacle
from pixelwise.record import read_records
from tests.gpu_emulated.machine_stubs import emulated
from tests.gpu_emulated.stand_ins import kernels

CARD = torch.device("cuda")


@pytest.fixture(autouse=True)
def fresh():
    obstacle.cache_clear()
    yield
    obstacle.cache_clear()


def test_the_gpu_command_in_small(tmp_path, monkeypatch):
    arguments = ["--out", str(tmp_path), "--device", "cuda", "--quick", "--jobs", "0", "--seconds", "0.1"]
    arguments += ["--minutes", "60"]  # nothing is left out on a busy machine
    monkeypatch.setattr(
        "sys.argv", ["gpu.py", *arguments, "--sections", "stream,generator,denoiser", "--skip", "sweep"]
    )
    with emulated(), kernels():
        status = gpu.main()
    document = json.loads((tmp_path / "checks.json").read_text())
    assert status == 0, document
    names = {entry["check"].split()[0] for entry in document["checks"]}
    assert names == {"asapnet", "spade_pix2pixhd", "kernel", "input", "norm", "dncnn"} and not document["problems"]


def test_every_check_has_a_limit():
    with emulated(), kernels():
        checks = [c for narrow in (True, False) for g in device_checks.groups(CARD, narrow).values() for c in g]
    assert {check.name for check in checks} <= set(precision_limits.known())


def test_a_card_is_offered_what_it_has_units_and_shared_memory_for():
    def offered(card: str) -> set[str]:
        with emulated(card), kernels(), torch.no_grad():
            return {s.precision for s in streams(Condition(32, 64, 1, CARD)) if s.name == "pixelwise kernel"}

    assert offered("T4") == {"ieee"} and offered("RTX 3060") == {"ieee", "tf32", "bf16"}
    assert "tf32x3" in offered("H100")


@pytest.mark.parametrize(("card", "left_out"), [("T4", {"tf32", "tf32x3"}), ("RTX 3060", {"tf32x3"}), ("A100", set())])
def test_a_kernel_over_its_cards_limit_is_no_failed_check(card, left_out):
    found: list[dict] = []
    with emulated(card), kernels():
        assert device_checks.run(device_checks.groups(CARD, False)["kernel gray"], found.append)
    passed = {entry["check"].split()[-1]: entry["passed"] for entry in found}
    assert len(passed) == 4 and {name for name, well in passed.items() if well is None} == left_out, found
    assert all(well for name, well in passed.items() if name not in left_out), found
    assert all("KiB of shared memory" in entry["problem"] for entry in found if entry["passed"] is None)


def test_no_number_of_an_older_card_is_called_tf32_or_bfloat16(tmp_path, monkeypatch):
    arguments = ["--out", str(tmp_path), "--quick", "--jobs", "0", "--seconds", "0.1", "--minutes", "60"]
    arguments += ["--sections", "stream,generator,denoiser", "--skip", "sweep,checks"]
    monkeypatch.setattr("sys.argv", ["gpu.py", *arguments])
    with emulated("T4"), kernels():
        status = gpu.main()
        names = [check.name for checks in device_checks.groups(CARD, True).values() for check in checks]
    records = read_records(tmp_path / "cuda" / "metrics.json")
    assert status == 0 and {str(record.condition["precision"]) for record in records} <= {"fp32", "ieee", "fp32/ieee"}
    assert not [name for name in names if "tf32" in name or (name.endswith("bf16") and name.startswith(("asap", "dn")))]


def test_a_card_before_volta_gets_pytorchs_forms(monkeypatch):
    monkeypatch.setattr(builds, "installed", lambda: Installed("2.11.0", "12.6"))
    with emulated("GTX 1080 Ti"):
        assert selecting.select("cuda") == torch.device("cuda", 0)
        assert obstacle(CARD) == "Triton needs a card from sm_70 on, this one is sm_61"
        assert precisions(CARD) == ["fp32"]
        assert not [name for name in device_checks.groups(CARD, True) if name.startswith("kernel")]


def test_the_copy_leaves_a_small_card_room():
    with emulated("RTX 3060"):
        assert 8 * copied(CARD) <= 11.8 * 2**30 / 8
    with emulated("H100"):
        assert copied(CARD) == 2**29


def test_checks_in_processes_share_the_card_that_was_leased():
    with emulated(devices=2):
        given = gpu.alone(torch.device("cuda", 1))
        assert given["CUDA_VISIBLE_DEVICES"] == selecting.card(1).uuid != selecting.card(0).uuid
    with emulated():
        assert gpu.alone(CARD) == dict(os.environ)
