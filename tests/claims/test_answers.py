"""The visitor's questions: what is said follows the records, and says what they cannot."""

from __future__ import annotations

import pytest

from pixelwise.claims.answers import answers
from pixelwise.claims.claim_schema import register
from pixelwise.claims.evidence import Item
from pixelwise.claims.faster import NO_GPU, faster
from pixelwise.claims.verdicts import decide_all

from .conftest import item

CPU = {"device": "cpu"}


def ratio(value: float, half: float = 0.03, condition=None, hardware=None, **changes):
    kept = {"n": 50, "hardware": hardware or {"cpu": "a processor"}, "dataset": "random"} | changes
    return item("latency", "pix2pixhd/asapnet", "ratio", value, half, condition=condition or CPU, **kept)


def told(items):
    known = register()
    return {answer.topic: answer.sentences for answer in answers(known, decide_all(known, items), items)}


@pytest.mark.parametrize(
    ("value", "half", "word"), [(1.74, 0.03, "Yes"), (0.8, 0.03, "No"), (1.01, 0.03, "Not everywhere")]
)
def test_the_word_follows_the_interval(value, half, word):
    text = " ".join(faster([ratio(value, half)]))
    assert text.startswith(f"{word}: {value:.3g}")
    assert "at 256x512, on a CPU (a processor), both as published" in text and text.endswith(NO_GPU)


def test_sizes_are_ends_of_one_run_and_a_gpu_stands_apart():
    big = {"device": "cpu", "height": 1024, "width": 2048}
    middle = {"device": "cpu", "height": 512, "width": 1024}
    sizes = [ratio(5.0, condition=big), ratio(1.74), ratio(3.0, condition=middle)]
    card = ratio(2.8, condition={"device": "cuda"}, hardware={"gpu": "a card"})
    assert faster([*sizes, card]) == [
        "Yes: 2.80 times [2.77, 2.83] at 256x512, on a GPU (a card), both as published.",
        "On a CPU (a processor): 1.74 times [1.71, 1.77] at 256x512 and 5.00 times [4.97, 5.03] at 1024x2048, "
        "both as published.",
    ]


def test_what_was_timed_too_shortly_says_so_and_comes_last():
    hasty = ratio(2.8, condition={"device": "cuda"}, hardware={"gpu": "a card"}, short=True)
    assert faster([hasty])[0].startswith("Probably: ") and "timed too shortly" in faster([hasty])[0]
    first, second = faster([hasty, ratio(1.74)])
    assert first.startswith("Yes: 1.74 times") and second.startswith("On a GPU (a card)") and "shortly" in second


def test_one_process_and_a_busy_machine_are_told_and_are_not_sure():
    card = {"condition": {"device": "cuda", "processes": 1}, "hardware": {"gpu": "a card"}}
    assert faster([ratio(2.8, **card)]) == [
        "Probably: 2.80 times [2.77, 2.83] at 256x512, on a GPU (a card), both as published, in one process."
    ]
    busy = faster([ratio(2.8, condition=CPU | {"busy": True})])[0]
    assert busy.startswith("Probably") and busy.endswith("both as published, the machine was busy with something else.")


def test_a_size_that_does_not_decide_stands_beside_none_that_does():
    hasty = ratio(9.0, condition={"device": "cpu", "height": 1024, "width": 2048}, n=4)
    assert "9.0" not in " ".join(faster([ratio(1.74), hasty]))


def test_unlike_treatments_are_no_pair():
    made = ratio(2.8).record
    unlike = made.model_copy(update={"rival": made.rival.model_copy(update={"treatment": "optimised"})})
    assert faster([Item(unlike)]) == ["Not timed here."]


def test_a_shrunk_network_is_named_and_gives_way_to_the_published_one():
    shrunk = ratio(9.0, ran={"options": {"width": 16}})
    assert "both shrunk" in faster([shrunk])[0]
    assert faster([shrunk, ratio(1.74)])[0].startswith("Yes: 1.74 times")


def test_without_a_timing_nothing_is_said():
    assert faster([]) == ["Not timed here."]
    assert faster([item("latency", "dncnn/asapnet_denoise", "ratio", 2.0, 0.1, task="denoising")]) == [
        "Not timed here."
    ]


def fids(asap, other, **changes):
    return [
        item("fid", model, "fid", value, 1.0, seed=seed, **changes)
        for model, value in (("asapnet", asap), ("pix2pixhd", other))
        for seed in range(3)
    ]


def test_quality_is_not_tested_without_cityscapes_and_the_nearest_number_has_its_place():
    quality = told(fids(60, 90, dataset="boxes", synthetic=True, short=True, n=24))["quality"]
    assert quality[0] == "Not tested: the paper's claims on FID and mean IoU need Cityscapes."
    assert quality[1].startswith("On boxes (24 drawn pictures, short training) its FID is 30.0 lower [28.6, 31.4] than")
    assert quality[1].endswith("lower is better.") and quality[2] == "24 pictures are too few to say more."
    unsure = told(fids(60.2, 60, dataset="camvid"))["quality"]
    assert unsure[1].startswith("On CamVid (500 pictures) its FID differs") and unsure[1].endswith(
        "no sure difference."
    )


def test_real_pictures_come_before_drawn_ones():
    items = [*fids(60, 90, dataset="boxes", synthetic=True), *fids(80, 60, dataset="camvid", short=True)]
    assert told(items)["quality"][1].startswith("On CamVid")


def test_a_decided_claim_is_told_by_its_verdict():
    quality = told(fids(60, 90))["quality"]
    assert quality == [
        "ASAP-Net's pictures look more real than pix2pixHD's, by FID: it holds; difference -30.0 [-31.4, -28.6], "
        "lower is better.",
        "ASAP-Net's pictures follow their labels less well than pix2pixHD's, by mean IoU: not tested.",
    ]


def decibels(model, value, **changes):
    return item("restoration", model, "psnr", value, 0.1, dataset="bsd68", **changes)


def test_denoising_takes_the_best_form_of_three_trainings_and_the_released_dncnn():
    items = [decibels("asapnet_l2", 21.0), decibels("asapnet_residual", 22.0), decibels("identity", 20.2)]
    items += [decibels("dncnn", 28.6), decibels("dncnn_released", 29.2)]
    first, second = told(items)["denoising"]
    assert first.startswith("Not sure: on BSD68 (68 pictures), its best form reaches 22.00 dB [21.90, 22.10]")
    assert "DnCNN 29.20 dB" in first
    seeds = [decibels("asapnet_residual", 22.0 + 0.01 * seed, seed=seed) for seed in range(3)]
    settled = told([*seeds, *items[2:]])["denoising"]
    assert settled[0].startswith("No: on BSD68 (68 pictures), its best form reaches 22.01 dB")
    assert second == "The noisy input itself has 20.2 dB."


def test_a_denoiser_that_returns_its_input_has_learned_nothing():
    items = [decibels("asapnet_l2", 20.15, n=5), decibels("dncnn", 28.6, n=5), decibels("identity", 20.2, n=5)]
    sentences = told(items)["denoising"]
    assert sentences[0].startswith("Cannot tell: on BSD68 (5 pictures)")
    assert "The noisy input itself has 20.2 dB: the network learned nothing." in sentences
    assert "5 pictures are too few to say more." in sentences
    assert told([decibels("dncnn", 28.6)])["denoising"] == ["Not tested: of both only DnCNN was scored."]


def test_one_picture_of_both_is_not_told_as_one_of_them():
    """A mean of one picture has an interval of no width, which is none."""
    items = [item("restoration", m, "psnr", v, 0.0, dataset="photos", n=1) for m, v in (("asapnet", 21), ("dncnn", 28))]
    (first,) = told(items)["denoising"]
    assert first == "Not sure: both were scored, but not alike, or on too few pictures for an interval."


def test_a_deeper_dncnn_is_not_a_weak_one():
    items = [decibels("asapnet_residual", 29.6, seed=seed) for seed in range(3)]
    items += [decibels("dncnn_b", 29.2, seed=seed) for seed in range(3)]
    first, *others = told(items)["denoising"]
    assert first.startswith("Yes: on BSD68") and not others


def test_what_was_not_tested_names_device_data_and_trainings():
    known = register()
    nothing = told([])["open"]
    assert nothing[0] == "A GPU: nothing was timed on one."
    count = sum(
        getattr(claim.check, "dataset", None) == "cityscapes" and finding.verdict == "not testable here"
        for claim, finding in zip(known.claims, decide_all(known, []), strict=False)
    )
    assert f"Cityscapes ({count} claims)" in nothing[1]
    assert told(fids(60, 90, short=True))["open"][-1].startswith("Full trainings: every one here was shorter")
    assert not [text for text in told(fids(60, 90))["open"] if "trainings" in text]
