"""Each machine's number stands alone; short and busy timings decide nothing."""

from __future__ import annotations

import pytest

from pixelwise.claims.claim_schema import register
from pixelwise.claims.findings import decided
from pixelwise.claims.headline import verdict as told
from pixelwise.claims.verdicts import decide

from .conftest import item

GPUS = ("A100", "A40", "H100", "H200", "L4", "T4", "V100", "GTX 1080 Ti")
FASTER = "ASAP-Net is {} times as fast as pix2pixHD"


def ratio(value, gpu="H100", half=0.02, *, hardware=None, **changes):
    made = hardware or {"gpu": f"NVIDIA {gpu}", "cpu": "AMD EPYC"}
    return item("latency", "pix2pixhd/asapnet", "ratio", value, half, dataset="none", hardware=made, **changes)


def judged(items, name="S-SPD-3"):
    known = register()
    return decide(known, known.claim(name), items, [])


def test_eight_machines_from_2_1_to_3_6_confirm_nothing():
    """They gave "confirmed 2.86, 8 seeds"."""
    values = (2.1, 2.4, 2.6, 2.8, 3.0, 3.2, 3.35, 3.6)
    finding = judged([ratio(value, gpu) for value, gpu in zip(values, GPUS, strict=True)])
    assert not decided(finding) or finding.verdict == "direction only"
    assert sorted(number.value for number in finding.measured) == list(values)
    assert {number.seeds for number in finding.measured} == {0}
    assert all("NVIDIA" in number.setting for number in finding.measured)


def test_machines_that_disagree_leave_the_claim_open():
    finding = judged([ratio(2.8, "H100"), ratio(0.8, "T4")])
    assert finding.verdict == "underspecified"
    assert finding.reason.startswith("It depends on the machine, which its source does not state.")
    assert "On NVIDIA H100" in finding.reason and "On NVIDIA T4" in finding.reason
    words = told(register().claim("S-SPD-3"), finding)
    assert words == f"It depends on the machine: {FASTER.format('0.78 to 2.82')} on 2 machines; claimed is 2.3 to 3.4."


def test_machines_that_agree_decide():
    finding = judged([ratio(2.8, "H100"), ratio(2.6, "T4")])
    assert finding.verdict == "confirmed" and len(finding.measured) == 2
    words = told(register().claim("S-SPD-3"), finding)
    assert words == f"It holds: {FASTER.format('2.58 to 2.82')} on 2 machines; claimed is 2.3 to 3.4."


def test_settings_of_one_card_are_no_machines_whatever_a_processor_took():
    timings = [ratio(value, condition={"warmup": warmup}) for value, warmup in ((2.8, 50), (2.6, 60))]
    timings += [ratio(1.7, hardware={"cpu": "AMD EPYC", "threads": 2}, condition={"device": "cpu"})]
    words = told(register().claim("S-SPD-3"), judged(timings))
    assert words == f"It holds: {FASTER.format('2.58 to 2.82')} in 2 settings; claimed is 2.3 to 3.4."


def test_a_machine_whose_number_is_open_keeps_the_claim_open():
    finding = judged([ratio(2.8, "H100"), ratio(2.3, "T4", half=1.5)])
    assert finding.verdict == "not testable here"
    assert "timed calls" in finding.missing
    assert told(register().claim("S-SPD-3"), finding).startswith("Not decided: ASAP-Net is ")


@pytest.mark.parametrize("change", [{"driver": "560"}, {"torch": "2.9"}, {"cpu": "Intel Xeon"}, {"gpu": "NVIDIA H200"}])
def test_what_makes_another_machine(change):
    usual = {"gpu": "NVIDIA H100", "cpu": "AMD EPYC", "driver": "550", "torch": "2.11"}
    assert len(judged([ratio(2.6, hardware=usual), ratio(3.0, hardware=usual | change)]).measured) == 2


def test_two_runs_of_one_machine_are_one_number_with_their_spread():
    finding = judged([ratio(2.75, n=500), ratio(2.85, n=600)])
    assert [number.value for number in finding.measured] == [pytest.approx(2.8)]
    assert "2 runs" in finding.measured[0].basis
    assert finding.measured[0].high > 3.4  # Student's t of one degree: 12.7 x 0.05


def test_trained_quality_is_no_matter_of_the_machine():
    pairs = (("asapnet", 70.6), ("pix2pixhd", 65.0))
    items = [
        item("fid", model, "fid", value, 1.0, seed=seed, hardware={"gpu": f"NVIDIA {GPUS[seed]}"})
        for model, value in pairs
        for seed in range(3)
    ]
    check = next(e for e in register().claims if e.id == "P-D-CS256-FID")
    finding = decide(register(), check, items, [])
    assert len(finding.measured) == 1 and finding.measured[0].seeds == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"condition": {"busy": True}, "short": True}, "the machine was busy with something else"),
        ({"short": True}, "timed too shortly"),
        ({"condition": {"device": "cpu"}, "n": 14}, "timed too shortly: 14 rounds, not 15"),
        ({"condition": {"device": "cpu", "busy": True}}, "the machine was busy with something else"),
    ],
)
def test_a_short_or_busy_timing_is_marked_and_decides_nothing(changes, words):
    finding = judged([ratio(2.8, **changes)])
    assert finding.verdict == "not testable here" and not finding.measured
    assert words in finding.context_only[0].reasons_excluded
    assert words in finding.context_measured[0].reasons_excluded


def test_fifteen_rounds_on_a_processor_are_told():
    finding = judged([ratio(1.74, condition={"device": "cpu"}, n=15)])
    assert finding.verdict == "other machine"
    assert "ASAP-Net is 1.74 [1.72, 1.76] times as fast" in finding.reason


def test_two_processors_stand_alone():
    cpus = [{"cpu": name, "threads": 2} for name in ("AMD EPYC", "Intel Xeon")]
    items = [ratio(v, hardware=cpu, condition={"device": "cpu"}) for v, cpu in zip((1.7, 2.8), cpus, strict=True)]
    finding = judged(items)
    assert len(finding.measured) == 2
    words = told(register().claim("S-SPD-3"), finding)
    told_range = "across a border of the claimed range (2.3 to 3.4); only a GPU decides it."
    assert words == f"On 2 CPUs the ratio of times is 1.68 to 2.82, {told_range}"


def test_a_busy_machine_changes_no_verdict():
    quiet = judged([ratio(2.8)])
    both = judged([ratio(2.8), ratio(0.5, condition={"busy": True}, short=True)])
    assert (both.verdict, both.measured) == (quiet.verdict, quiet.measured)
