"""Records that say two things of themselves, or lack what decides, as someone plants them who wants a verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pixelwise.claims import evidence
from pixelwise.claims.answers import answers
from pixelwise.claims.bench_pairs import as_timing
from pixelwise.claims.claim_schema import register
from pixelwise.claims.faster import faster
from pixelwise.claims.headline import nearest_number, rows, verdict
from pixelwise.claims.verdicts import decide, decide_all
from pixelwise.claims.wording import MOST, long
from pixelwise.record import Run

from .conftest import RELEASED, item

KNOWN = register()
LONG = "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz"
SEEDS = range(3)
FACADES = {"tile": 32, "padding": "reflection"}


def ratio(value, half=0.02, model="pix2pixhd/asapnet", **changes):
    return item("latency", model, "ratio", value, half, dataset="none", **changes)


def over_rounds(timing):
    """The same with the interval that one process gives."""
    value = timing.record.values["ratio"].model_copy(update={"interval": "bootstrap over the rounds of one process"})
    return replace(timing, record=timing.record.model_copy(update={"values": {"ratio": value}}))


def bench(**condition):
    """A benchmark's pair, read as a timing."""
    made = ratio(2.8)
    told = {name: value for name, value in made.record.condition.items() if name not in ("mode", "scope")}
    return replace(
        made, record=as_timing(made.record.model_copy(update={"kind": "bench", "condition": told | condition}))
    )


def fids(asap=70.6, other=65.0, seeds=SEEDS, counts=(500, 500), **changes):
    pairs = (("report_asapnet", asap, counts[0]), ("report_pix2pixhd", other, counts[1]))
    return [item("fid", m, "fid", v, 1.0, seed=s, n=n, **changes) for m, v, n in pairs for s in seeds]


def denoised(value, **changes):
    facts = {"dataset": "bsds500", "protocol": "report-256"} | changes
    return [item("restoration", "asapnet_report", "psnr", value, 0.5, seed=seed, **facts) for seed in SEEDS]


def judged(items, name="S-SPD-3"):
    return decide(KNOWN, KNOWN.claim(name), items, [])


def row(items, name):
    return next(row for row in rows(KNOWN, decide_all(KNOWN, items)) if row.id == name)


def reasons(finding):
    assert finding.verdict == "not testable here" and not finding.evidence
    return finding.context_only[0].reasons_excluded


@pytest.mark.parametrize("hardware", [{"device": "cpu", "cpu": "AMD EPYC"}, {"cpu": "AMD EPYC", "threads": 2}])
def test_a_processor_that_calls_itself_a_gpu_decides_nothing(hardware):
    assert judged([ratio(2.8, hardware=hardware)]).verdict == "other machine"


@pytest.mark.parametrize(
    ("timing", "words"),
    [
        (over_rounds(ratio(2.8)), "timed in one process: how much processes differ is unknown"),
        (ratio(2.8, condition={"processes": "3"}), "timed in one process: how much processes differ is unknown"),
        (ratio(2.8, n=29), "timed too shortly: 29 rounds, not 30"),
        (bench(mode="eager"), "treatment eager, not published"),
    ],
)
def test_a_timing_that_contradicts_itself_decides_nothing(timing, words):
    assert words in reasons(judged([timing]))


def test_a_benchmark_of_a_part_is_no_time_of_the_generator():
    assert judged([bench()]).verdict == "confirmed"
    part = judged([bench(scope="stream")])
    assert not part.evidence and not part.context_only


def test_a_processor_hides_no_gpu():
    """The claim speaks of SPADE's pix2pixHD first; only the other one was timed on a GPU."""
    cpu = ratio(1.74, model="spade_pix2pixhd/asapnet", condition={"device": "cpu"})
    finding = judged([cpu, ratio(2.8, model="pix2pixhd_global/asapnet")])
    assert finding.verdict == "confirmed" and [number.value for number in finding.measured] == [2.8]


def test_machines_without_a_name_are_not_pooled():
    finding = judged([ratio(2.3 + place / 10, 0.01) for place in range(8)])
    assert len(finding.measured) == 8


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"reference": "cityscapes/train"}, "scored on the split train, not on val"),
        ({"reference": "cityscapes/val", "reference_n": 2975}, "compared with 2975 photographs, not with 500"),
    ],
)
def test_other_photographs_make_another_distance(condition, words):
    assert reasons(judged(fids(condition=condition), "S-FID-3")) == [words]
    told = {"split": "val", "reference": "cityscapes/val", "reference_n": 500}
    assert judged(fids(condition=told), "S-FID-3").verdict == "confirmed"


def test_more_pictures_than_the_set_has_decide_nothing():
    finding = judged(fids(counts=(2975, 2975)), "S-FID-3")
    assert finding.verdict == "not testable here"
    assert finding.missing == "Needs the 500 images of the set alone (2,975 here)."
    facades = {"dataset": "facades", "condition": {"height": 512, "width": 512}, "ran": {"options": FACADES}}
    beside = [item("fid", "asapnet", "fid", 80.0, 1.0, seed=s, n=78, **facades) for s in SEEDS]
    assert judged(beside, "P-F-FA512-ASAP-FID").missing == "Even all 78 images of the set leave it open."


def test_a_protocol_without_its_photographs_decides_nothing():
    assert reasons(judged(denoised(16.0, dataset="camvid"), "S-DN-2")) == ["measured on camvid, not on bsds500"]
    assert judged(denoised(16.98), "S-DN-2").missing == "Even all 68 images of the set leave it open."


def test_one_training_with_several_weights_is_one():
    one = [
        item("fid", "asapnet", "fid", 60.0 + s, 1.0, seed=s, weights_sha256=f"{s}" * 64, ran={"training": "a" * 64})
        for s in SEEDS
    ]
    others = [item("fid", "pix2pixhd", "fid", 90.0 + s, 1.0, seed=s) for s in SEEDS]
    assert judged([*one, *others], "P-D-CS256-FID").missing == "Needs 3 seeds on each side (1 here)."


def test_released_weights_that_were_trained_further_are_others():
    run = Run(architecture="dncnn", options={"variant": "merged"}, weights_sha256=RELEASED, recipe="dncnn_s")
    tuned = item("restoration", "x", "psnr", 29.23, 0.1, dataset="bsd68", subject=run)
    told = "a training by recipe dncnn_s, not the released weights dncnn_25"
    assert reasons(judged([tuned], "D1-DNCNN-S-25")) == [told]


@pytest.mark.parametrize(
    "changes",
    [
        {"ran": {"treatment": None}},
        {"ran": {"treatment": "compiled"}},
        {"condition": {"mode": "optimised"}},
        {"condition": {"tf32": True}},
    ],
)
def test_the_answer_on_speed_is_of_pairs_that_say_how_they_were_run(changes):
    assert faster([ratio(2.8, **changes)]) == ["Not timed here."]


def test_a_short_training_gives_no_sure_answer():
    where = {"dataset": "bsd68"}
    items = [item("restoration", "asapnet_residual", "psnr", 22, 0.1, seed=s, short=True, **where) for s in SEEDS]
    items += [item("restoration", "dncnn_released", "psnr", 29.2, 0.1, **where)]
    told = {answer.topic: answer.sentences for answer in answers(KNOWN, decide_all(KNOWN, items), items)}
    assert told["denoising"][0].startswith("Probably not: on BSD68 (68 pictures, short training)")


def test_an_open_claim_names_what_it_lacks_and_not_a_training_that_is_there():
    assert row(fids(seeds=[0]), "S-FID-3").needs == "3 seeds on each side (1 here)"
    assert row(fids(asap=66.0), "S-FID-3").needs == ""  # all pictures of the set leave it open
    assert row(fids(short=True), "S-FID-3").needs == "the claim's own training"
    assert row([ratio(2.8, ran={"treatment": "optimised"})], "S-SPD-3").needs == "another timing on a GPU"
    items = [item("fid", m, "fid", v, 1.0) for m, v in (("asapnet", 60), ("pix2pixhd", 90))]
    quality = answers(KNOWN, decide_all(KNOWN, items), items)[1].sentences
    assert quality[0] == (
        "Not tested: the paper's claims on FID and mean IoU need 3 seeds on each side (1 here) and Cityscapes."
    )


def test_a_ratio_beside_an_open_claim_says_what_is_faster():
    claim = KNOWN.claim("S-SPD-3")
    text = nearest_number(claim, judged([ratio(2.8, ran={"treatment": "optimised"})]))
    number = "ASAP-Net 2.80 [2.78, 2.82] times as fast, on the claimed side"
    assert text == f" Nearest number: {number}; treatment optimised, not published."


def test_long_names_and_many_needs_make_no_long_sentence():
    few = judged(fids(seeds=[0], counts=(100, 90)), "S-FID-3")
    assert few.missing.count("Needs") == 3 and not long(few.missing)
    assert len(verdict(KNOWN.claim("S-FID-3"), few).split()) <= MOST
    hardware = {"cpu": LONG, "driver": "580.1", "torch": "2.11"}
    cards = [hardware | {"gpu": f"NVIDIA {name} 80GB HBM3 MIG 3g.40gb"} for name in ("H100", "H200")]
    both = judged([ratio(value, hardware=card) for value, card in zip((2.5, 2.9), cards, strict=True)])
    assert both.verdict == "confirmed" and not long(both.reason) and "On NVIDIA H200" in both.reason
    busy = {"device": "cpu", "busy": True, "processes": 1}
    for sentence in faster([ratio(1.74, hardware={"cpu": LONG}, condition=busy)]):
        assert not long(sentence)


def test_a_processor_that_calls_itself_a_gpu_has_no_place_on_the_first_page():
    planted = ratio(2.8, hardware={"cpu": "AMD EPYC", "device": "cpu"})
    assert not row([planted], "S-SPD-3").decides and faster([planted]) == ["Not timed here."]
    told = {answer.topic: answer.sentences for answer in answers(KNOWN, decide_all(KNOWN, [planted]), [planted])}
    assert told["open"][0] == "A GPU: nothing was timed on one."


def of_run(name, *items):
    return [replace(one, run=name, file=f"{name}/{one.file}") for one in items]


def test_a_copied_part_of_a_run_takes_no_number_away():
    """The copy comes first, and holds one of the two networks that were compared."""
    asap, other = (item("fid", m, "fid", v, 1.0, dataset="camvid") for m, v in (("asapnet", 60), ("pix2pixhd", 90)))
    whole = of_run("whole", asap, other)
    for copy in (of_run("copy", asap), of_run("copy", other), of_run("copy", asap, other)):
        findings = {finding.id: finding for finding in decide_all(KNOWN, [*copy, *whole])}
        assert [number.value for number in findings["P-D-CS256-FID"].context_measured] == [-30]
        told = answers(KNOWN, [*findings.values()], evidence.unique([*copy, *whole]))[1].sentences
        assert any("30" in sentence for sentence in told), told


def test_the_dncnn_of_another_run_opens_no_verdict():
    level = denoised(16.0)
    made = (item("restoration", "dncnn", "psnr", 29.24, 0.1, dataset="bsd68", seed=s) for s in SEEDS)
    good = of_run("theirs", *made)
    assert judged([*of_run("theirs", *level), *good], "S-DN-2").verdict == "confirmed"
    held = judged([*of_run("mine", *level), *good], "S-DN-2")
    assert held.verdict == "not testable here"
    assert "must first reach 29.14 dB in mine; nothing was measured" in held.reason
    copied = decide_all(KNOWN, [*of_run("copy", *level), *of_run("theirs", *level), *good])
    assert next(finding for finding in copied if finding.id == "S-DN-2").verdict == "confirmed"


def test_a_run_without_dncnn_takes_no_verdict_away():
    """Its number is another, so that both together would decide nothing."""
    made = (item("restoration", "dncnn", "psnr", 29.24, 0.1, dataset="bsd68", seed=s) for s in SEEDS)
    theirs = [*of_run("theirs", *denoised(16.0)), *of_run("theirs", *made)]
    finding = judged([*theirs, *of_run("mine", *denoised(12.0))], "S-DN-2")
    alone = judged(theirs, "S-DN-2")
    assert finding.verdict == "confirmed" and finding.measured == alone.measured
    beside = [used.reasons_excluded for used in finding.context_only if used.run == "mine"]
    assert beside == [["the PSNR of DnCNN of its own run has not reached 29.14 dB"]] * 3
