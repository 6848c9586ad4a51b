"""A claim about times on a GPU is decided on a GPU alone; a processor's number has a mark of its own."""

from __future__ import annotations

import pytest

from pixelwise.claims.claim_schema import register
from pixelwise.claims.findings import decided
from pixelwise.claims.headline import rows
from pixelwise.claims.judge import document
from pixelwise.claims.register_entries import Claim
from pixelwise.claims.verdicts import decide, decide_all

from .conftest import claim, item

CPU = {"condition": {"device": "cpu"}}
FASTER = "On this CPU ASAP-Net is {} times as fast as pix2pixHD"
RANGE = "the claimed range (2.3 to 3.4)"


def ratio(value: float, half: float = 0.02, **changes):
    return item("latency", "pix2pixhd/asapnet", "ratio", value, half, dataset="none", **changes)


@pytest.mark.parametrize(
    ("value", "half", "words"),
    [
        (1.74, 0.02, f"{FASTER.format('1.74 [1.72, 1.76]')}. That is outside {RANGE}."),
        (2.81, 0.02, f"{FASTER.format('2.81 [2.79, 2.83]')}. That is inside {RANGE}."),
        (2.3, 0.05, f"{FASTER.format('2.30 [2.25, 2.35]')}. That is across a border of {RANGE}."),
    ],
)
def test_a_processor_neither_confirms_nor_contradicts(value, half, words):
    known = register()
    finding = decide(known, known.claim("S-SPD-3"), [ratio(value, half, **CPU)], [])
    assert finding.verdict == "other machine" and not decided(finding)
    assert finding.reason == words
    assert finding.missing == "Needs the same timing on a GPU."


@pytest.mark.parametrize("value", [1.2, 2.8, 40.0])
def test_no_speed_claim_of_the_register_is_decided_by_a_processor(value):
    known = register()
    names = ("pix2pixhd/asapnet", "pix2pixhd/asapnet_s32", "pix2pixhd/asapnet_s64", "pix2pixhd/asapnet_s128")
    sizes = ((256, 256), (256, 512), (512, 512), (512, 1024), (1024, 1024), (2048, 2048))
    places = [{"height": height, "width": width, "device": "cpu"} for height, width in sizes]
    items = [item("latency", n, "ratio", value, 0.01, dataset="none", condition=p) for n in names for p in places]
    items += [item("latency", "dncnn/asapnet", "ratio", value, 0.01, task="denoising", condition=p) for p in places]
    found = {finding.id: finding for finding in decide_all(known, items)}
    timed = [entry for entry in known.claims if entry.check.by == "measurement" and entry.check.kind == "latency"]
    assert len(timed) > 10
    assert not [entry.id for entry in timed if decided(found[entry.id])]
    assert sum(found[entry.id].verdict == "other machine" for entry in timed) > 7


def test_a_gpu_decides_and_the_processor_stands_back():
    known = register()
    finding = decide(known, known.claim("S-SPD-3"), [ratio(1.74, **CPU), ratio(2.8)], [])
    assert finding.verdict == "confirmed"
    assert [number.value for number in finding.measured] == [2.8]


def test_it_is_counted_apart_and_told_as_it_is():
    known = register()
    items = [ratio(1.74, **CPU)]
    findings = decide_all(known, items)
    counts = document("planted", known, findings, items)["counts"]["measured here"]
    assert counts["other machine"] >= 3
    assert counts["confirmed"] == counts["contradicted"] == 0
    row = next(row for row in rows(known, findings) if row.id == "S-SPD-3")
    assert (
        row.told
        == f"{FASTER.format('1.74 [1.72, 1.76]')}; outside the claimed range (2.3 to 3.4); only a GPU decides it."
    )
    assert not row.decides and row.needs == "a GPU" and row.claimed == (2.3, 3.4)


def test_one_sided_ranges_read_as_sentences():
    known = register()
    for value, words in ((2.4, "inside"), (1.5, "outside"), (2.01, "across a border of")):
        finding = decide(known, known.claim("P-1-LOW"), [ratio(value, **CPU)], [])
        assert finding.reason.endswith(f"That is {words} the claimed range (above 2).")


def test_a_claim_about_time_names_its_device():
    check = {"by": "measurement", "kind": "latency", "model": "a/b", "value": "ratio", "rule": {"greater_than": 1}}
    with pytest.raises(ValueError, match="names the class of device"):
        claim(check)
    assert isinstance(claim({**check, "device": "gpu"}), Claim)


def test_another_treatment_stands_beside():
    known = register()
    made = {"ran": {"treatment": "optimised"}}
    finding = decide(known, known.claim("S-SPD-3"), [ratio(2.8, **made)], [])
    assert finding.verdict == "not testable here"
    assert finding.context_only[0].reasons_excluded == ["treatment optimised, not published"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ran": {"treatment": None}}, "treatment unknown, not published"),
        ({"condition": {"mode": "optimised"}}, "treatment optimised, not published"),
        ({"condition": {"tf32": True}}, "treatment tf32, not published"),
    ],
)
def test_a_treatment_that_is_not_told_or_contradicted_decides_nothing(changes, words):
    known = register()
    finding = decide(known, known.claim("S-SPD-3"), [ratio(2.8, **changes)], [])
    assert finding.verdict == "not testable here"
    assert words in finding.context_only[0].reasons_excluded


def test_the_less_likely_network_stands_beside_the_likely_one():
    known = register()
    spade = item("latency", "spade_pix2pixhd/asapnet", "ratio", 1.74, 0.02, dataset="none")
    both = decide(known, known.claim("P-1-LOW"), [ratio(2.5), spade], [])
    alone = decide(known, known.claim("P-1-LOW"), [spade], [])
    decides, beside = sorted((both.measured[0].value, both.context_measured[0].value))[::-1]
    assert (alone.measured[0].value, {decides, beside}) == (1.74, {2.5, 1.74})
    assert both.context_only[0].reasons_excluded == ["another network, of which the claim speaks less likely"]


def test_a_gpu_timed_in_one_process_is_told_beside_the_processor():
    known = register()
    alone = ratio(2.8, condition={"device": "cuda", "processes": 1}, hardware={"gpu": "A card"})
    findings = decide_all(known, [ratio(1.74, **CPU), alone])
    found = next(finding for finding in findings if finding.id == "S-SPD-3")
    told = "Needs several processes on a GPU; one gave 2.80 [2.78, 2.82] times."
    assert found.verdict == "other machine" and found.missing == told
    row = next(row for row in rows(known, findings) if row.id == "S-SPD-3")
    assert row.told == f"On this CPU 1.74 [1.72, 1.76], outside 2.3 to 3.4; n{told[1:]}"
    assert row.needs == "several processes on a GPU" and [number.value for number in row.here] == [2.8]


@pytest.mark.parametrize(("device", "decides"), [("cpu", False), ("cuda", True)])
def test_a_withdrawn_claim_about_a_gpu_shows_no_processor_s_number_as_its_own(device, decides):
    known = register()
    name = next(c.id for c in known.headlines if c.withdrawn_by and getattr(c.check, "kind", "") == "latency")
    timing = item("latency", "dncnn/asapnet", "ratio", 1.2, 0.01, task="denoising", condition={"device": device})
    row = next(row for row in rows(known, decide_all(known, [timing])) if row.id == name)
    assert row.withdrawn and bool(row.here) and row.decides == decides


def test_where_a_processor_lies_is_told_however_long_the_range():
    known = register()
    findings = decide_all(
        known, [item("latency", "spade_pix2pixhd/asapnet", "ratio", 2.05, 0.09, dataset="none", **CPU)]
    )
    row = next(row for row in rows(known, findings) if row.id == "P-1-LOW")
    assert row.told == "On this CPU 2.05 [1.96, 2.14], not surely above 2; only a GPU decides it."
