"""Records of other people, alone and in a ledger: what lacks a field, hides a spread, or takes a verdict away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pixelwise.claims.answers import answers
from pixelwise.claims.bench_pairs import upright
from pixelwise.claims.claim_schema import register
from pixelwise.claims.evidence import Item, load_file
from pixelwise.claims.faster import faster
from pixelwise.claims.findings import by_intervals
from pixelwise.claims.verdicts import decide, decide_all
from pixelwise.record import Run, Value, write_records

from .conftest import item

KNOWN = register()
SEEDS = range(3)
CPU = {"device": "cpu"}


def ratio(value, half=0.02, model="spade_pix2pixhd/asapnet", **changes):
    return item("latency", model, "ratio", value, half, dataset="none", **changes)


def fid(model, values, **changes):
    return [item("fid", model, "fid", value, 1.0, seed=seed, **changes) for seed, value in enumerate(values)]


def fids(asap=70.6, other=65.0, **changes):
    return [*fid("report_asapnet", [asap] * 3, **changes), *fid("report_pix2pixhd", [other] * 3, **changes)]


def psnr(model, value, seed=0, **changes):
    return item("restoration", model, "psnr", value, 0.1, dataset="bsd68", seed=seed, **changes)


def altered(made: Item, name, **changes):
    """The same with another number under a name."""
    value = made.record.values[name].model_copy(update=changes)
    return replace(made, record=made.record.model_copy(update={"values": {name: value}}))


def judged(items, name="S-SPD-3"):
    return next(finding for finding in decide_all(KNOWN, items) if finding.id == name)


def told(items, topic):
    found = answers(KNOWN, decide_all(KNOWN, items), items)
    return next(answer.sentences for answer in found if answer.topic == topic)


def reasons(finding):
    assert finding.verdict == "not testable here" and not finding.evidence
    return finding.context_only[0].reasons_excluded


@pytest.mark.parametrize(
    ("model", "words"),
    [("spade_pix2pixhd/asapnet", "SPADE's pix2pixHD"), ("pix2pixhd_global/asapnet", "pix2pixHD")],
)
@pytest.mark.parametrize("name", ["S-SPD-3", "P-1-LOW"])
@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_a_sentence_names_the_network_that_was_run(model, words, name, device):
    finding = judged([ratio(2.8, model=model, condition={"device": device})], name)
    assert f" times as fast as {words}." in finding.reason, finding.reason


def test_a_difference_names_the_networks_that_were_run():
    items = [*fid("asapnet", [60, 61, 62]), *fid("spade_pix2pixhd", [90, 91, 92])]
    assert "minus that of SPADE's pix2pixHD is" in judged(items, "P-D-CS256-FID").reason


@pytest.mark.parametrize("n", [50, 2975])
def test_a_score_of_other_pictures_takes_no_verdict_away(n):
    more = fids(n=n)[:1]
    finding = judged([*fids(), *more], "S-FID-3")
    assert finding.verdict == "confirmed" and finding.measured == judged(fids(), "S-FID-3").measured
    beside = [used for used in finding.context_only if used.n == n]
    words = {50: "50 images, not 500", 2975: "2,975 images: the set has 500"}
    assert [used.reasons_excluded for used in beside] == [[words[n]]]


def test_no_score_is_of_more_pictures_than_the_set_has():
    items = [psnr("dncnn_released", 29.23, n=400)]
    finding = judged(items, "D1-DNCNN-S-25")
    assert finding.verdict == "not testable here"
    assert finding.missing == "Needs the 68 images of the set alone (400 here)."


@pytest.mark.parametrize(
    ("hardware", "condition", "words"),
    [
        ({"gpu": None, "cpu": "AMD EPYC"}, {}, None),
        ({"gpu": "", "cpu": "AMD EPYC"}, {}, None),
        ({"gpu": "NVIDIA H100"}, {"device": None}, "its device is unknown"),
        ({"gpu": "Apple M3"}, {"device": "mps"}, "its device is mps"),
        ({"gpu": "NVIDIA H100", "cpu": "AMD EPYC"}, {"device": "cuda:0"}, ""),
        ({"gpu": "NVIDIA H100", "device": None}, {}, ""),
    ],
)
def test_what_is_known_of_the_device_decides(hardware, condition, words):
    finding = judged([ratio(2.8, hardware=hardware, condition=condition)])
    if words is None:
        assert finding.verdict == "other machine"
    elif words:
        assert reasons(finding) == [words]
    else:
        assert finding.verdict == "confirmed"


def test_a_processor_beside_a_card_has_its_own_name():
    made = ratio(1.74, condition=CPU, hardware={"gpu": "NVIDIA H100", "cpu": "AMD EPYC", "threads": 2})
    assert judged([made]).measured[0].machine == "AMD EPYC (2 threads)"
    assert "on a CPU (AMD EPYC)" in faster([made])[0]


def test_another_card_of_the_machine_is_not_the_claims():
    made = {"gpu": "NVIDIA GeForce RTX 4090", "display": "NVIDIA GeForce GTX 1080 Ti"}
    timing = altered(
        item("latency", "asapnet", "median", 18.0, 0.5, dataset="none", hardware=made), "median", unit="ms"
    )
    assert not judged([timing], "S-SPD-1").evidence
    own = replace(timing, record=timing.record.model_copy(update={"hardware": {"gpu": made["display"]}}))
    assert judged([own], "S-SPD-1").verdict == "confirmed"


@pytest.mark.parametrize("name", ["gpus", "cuda_graph", "compile"])
def test_a_condition_that_nobody_named_decides_no_time(name):
    assert reasons(judged([ratio(2.8, condition={name: 8})])) == [
        f"timed with {name} 8, of which the claim says nothing"
    ]
    assert judged([ratio(2.8, condition={name: None})]).verdict == "confirmed"


def test_what_this_program_says_of_a_card_decides():
    own = {"tf32": False, "cudnn_benchmark": True, "memory_format": "contiguous", "warmup": 50}
    assert judged([ratio(2.8, condition=own)]).verdict == "confirmed"
    other = own | {"memory_format": "channels last"}
    assert reasons(judged([ratio(2.8, condition=other)])) == ["treatment channels last, not published"]


def test_a_training_on_unknown_data_is_not_the_claims():
    run = Run(architecture="asapnet", recipe="report_asapnet")
    other = Run(architecture="spade_pix2pixhd", recipe="report_pix2pixhd")
    items = [replace(one, record=one.record.model_copy(update={"subject": run})) for one in fids()[:3]]
    items += [replace(one, record=one.record.model_copy(update={"subject": other})) for one in fids()[3:]]
    assert reasons(judged(items, "S-FID-3")) == ["trained on unknown data, not on cityscapes"]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"reference": "camvid/val", "reference_n": 500}, "compared with photographs of camvid, not of cityscapes"),
        ({"reference": "cityscapes/train", "split": "val"}, "scored on the split train, not on val"),
    ],
)
def test_photographs_of_elsewhere_make_another_distance(condition, words):
    assert reasons(judged(fids(condition=condition), "S-FID-3")) == [words]


def test_the_same_seeds_trained_twice_hide_no_spread():
    """Each pair of trainings has the same mean, so that the means of the seeds alone do not differ."""
    first, second = fid("report_asapnet", [62, 66, 70]), fid("report_asapnet", [70, 66, 62])
    made = [
        replace(one, record=one.record.model_copy(update={"weights_sha256": f"{place}" * 64}))
        for place, one in enumerate([*first, *second])
    ]
    finding = judged([*made, *fid("report_pix2pixhd", [63, 63.1, 63.2])], "S-FID-3")
    assert finding.verdict == "not testable here" and finding.measured[0].low < 0


def test_two_scores_of_the_same_weights_that_disagree_are_not_sure():
    items = [psnr("dncnn_released", 29.23), psnr("dncnn_released", 28.0)]
    finding = judged(items, "D1-DNCNN-S-25")
    assert finding.verdict == "not testable here" and finding.measured[0].low < 28 and finding.measured[0].high > 29.2


def test_no_interval_is_narrower_than_none():
    """Without a width it would be no chance, so that neither Holm nor the number of false verdicts knew of it."""
    flat = [altered(ratio(2.8), "ratio", low=2.8, high=2.8)]
    finding = judged(flat)
    assert finding.verdict == "not testable here" and "an interval" in finding.missing
    bare = [altered(one, "fid", low=None, high=None, interval=None) for one in fids()]
    finding = judged(bare, "S-FID-3")
    assert finding.verdict == "not testable here" and "an interval" in finding.missing
    assert by_intervals(decide_all(KNOWN, bare)) == 0


def test_few_processes_are_few_whatever_the_interval_says():
    plain = altered(ratio(2.5, 0.15), "ratio", interval=None)
    spoken = altered(ratio(2.5, 0.15), "ratio", interval="Student's t over 3 processes, 95 %")
    assert judged([plain]).p_value == judged([spoken]).p_value


def test_a_network_of_the_claims_own_training_stands_beside_another():
    """Only one side misses a condition, and the number is there all the same."""
    full, short = fid("report_asapnet", [70.6] * 3), fid("report_pix2pixhd", [65.0] * 3, short=True)
    finding = judged([*full, *short], "S-FID-3")
    (number,) = finding.context_measured
    assert round(number.value, 1) == 5.6
    assert number.reasons_excluded == ["the schedule is shorter than the published one"]


def test_two_networks_under_two_settings_are_told_so():
    items = [*fids(protocol_hash="a")[:3], *fids(protocol_hash="b")[3:]]
    finding = judged(items, "S-FID-3")
    assert finding.verdict == "not testable here" and finding.reason == "Too little evidence."
    assert finding.missing == "Needs both networks measured alike (here they differ in definition)."


def test_one_training_gives_no_sure_difference_on_the_first_page():
    items = [item("fid", m, "fid", v, 1.0, dataset="camvid") for m, v in (("asapnet", 60), ("pix2pixhd", 90))]
    assert told(items, "quality")[1].endswith("than pix2pixHD's; too few trainings to be sure (1).")


@pytest.mark.parametrize("weak", [psnr("dncnn", 24.0), psnr("dncnn", 25.0, ran={"options": {"depth": 7}})])
def test_to_beat_a_weak_dncnn_is_no_good_denoising(weak):
    made = [psnr("asapnet_residual", 27.0, seed=seed) for seed in SEEDS]
    rivals = [replace(weak, record=weak.record.model_copy(update={"seed": seed})) for seed in SEEDS]
    sentences = told([*made, *rivals], "denoising")
    assert sentences[0].startswith("Cannot tell: on BSD68")
    assert "This DnCNN is weaker than the published one." in sentences
    strong = [psnr("dncnn", 29.2, seed=seed) for seed in SEEDS]
    assert told([*made, *strong], "denoising")[0].startswith("No: ")


CARDS = [{"gpu": f"NVIDIA {name}"} for name in ("A100", "T4")]


def test_a_slower_card_is_not_hidden_by_the_alphabet():
    fast, slow = ratio(2.8, hardware=CARDS[0]), ratio(0.8, hardware=CARDS[1])
    for items in ([fast, slow], [slow, fast]):
        assert faster(items) == [
            "Not everywhere: 2.80 times [2.78, 2.82] at 256x512, on a GPU (NVIDIA A100), both as published.",
            "On a GPU (NVIDIA T4): 0.800 times [0.780, 0.820] at 256x512, both as published.",
        ]
    assert len(faster([fast, ratio(2.6, hardware=CARDS[1])])) == 1


def test_a_busy_machine_changes_no_answer():
    busy = ratio(0.9, condition=CPU | {"busy": True})
    assert faster([ratio(2.8), busy])[0].startswith("Yes: ")


def test_neither_yes_nor_no_is_sure_of_one_process():
    one = {"condition": {"processes": 1}}
    assert [faster([ratio(value, **one)])[0].partition(":")[0] for value in (2.8, 0.8)] == ["Probably", "Probably not"]


@pytest.mark.parametrize("options", [{"width": 64}, {"num_labels": 12}, {"tile": 16}])
def test_the_published_network_in_so_many_words_is_not_shrunk(options):
    made = ratio(2.8)
    run = made.record.rival.model_copy(update={"options": options})
    assert "both as published" in faster([Item(made.record.model_copy(update={"rival": run}))])[0]


@pytest.mark.parametrize("change", [{"options": {"tile": 64}}, {"method": "windows"}])
def test_another_tile_or_another_way_of_running_is_no_pair(change):
    made = ratio(2.8)
    run = made.record.rival.model_copy(update=change)
    assert faster([Item(made.record.model_copy(update={"rival": run}))]) == ["Not timed here."]


def test_options_in_so_many_words_divide_no_seeds():
    plain = fid("asapnet", [60, 61], dataset="camvid")
    third = fid("asapnet", [60, 61, 62], dataset="camvid", ran={"options": {"tile": 16}})[2:]
    finding = judged([*plain, *third, *fid("pix2pixhd", [90, 91, 92], dataset="camvid")], "P-D-CS256-FID")
    assert [number.seeds for number in finding.context_measured] == [3]


def test_a_ratio_the_other_way_round_is_the_same_evidence(tmp_path):
    made = ratio(2.8, condition=CPU).record
    turned = made.model_copy(
        update={
            "model": "asapnet/spade_pix2pixhd",
            "subject": made.rival,
            "rival": made.subject,
            "values": {"ratio": Value(value=1 / 2.8, low=1 / 2.9, high=1 / 2.7, unit="times", interval="planted")},
        }
    )
    write_records(tmp_path / "metrics.json", [turned])
    (found,) = load_file(tmp_path / "metrics.json", "x")
    assert judged([found]).reason.startswith(
        "On this CPU ASAP-Net is 2.80 [2.70, 2.90] times as fast as SPADE's pix2pixHD."
    )
    assert faster([found])[0].startswith("Yes: 2.80 times")
    assert upright(made) is made and upright(upright(turned)) == upright(turned)


def test_a_register_s_claims_are_judged_the_same_alone():
    items = fids()
    assert decide(KNOWN, KNOWN.claim("S-FID-3"), items, []).verdict == judged(items, "S-FID-3").verdict
