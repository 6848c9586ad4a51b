"""Numbers at the ends of what a record may hold: every sentence about them stays short, true and readable."""

from __future__ import annotations

import itertools
import math
import re

import pytest

from pixelwise.claims import shown_numbers
from pixelwise.claims.answers import answers
from pixelwise.claims.claim_schema import register
from pixelwise.claims.headline import nearest_number, rows, verdict
from pixelwise.claims.power import needed
from pixelwise.claims.verdicts import decide_all
from pixelwise.claims.wording import MOST, headline_word, long
from pixelwise.reporting import readme_blocks

from .conftest import item

KNOWN = register()
SEEDS = range(3)
ENDS = ((0.0, 0.0), (0.0, 1.0), (1e-200, 1e-201), (1e-9, 1e-10), (1e-3, 300.0), (2.0, 1e-12), (1e300, 1.0), (1e9, 1e9))
WRONG = re.compile(r"\bnan\b|\binf\b|[0-9]e[+-]?[0-9]|-0(\.0*)?(?![.0-9])|\(1 claims|\b1 (drawn )?pictures|  ")


def pair(kind, name, models, numbers, seeds=SEEDS, **changes):
    values = [(value, min(half, value)) for value, half in numbers]
    return [
        item(kind, model, name, *number, seed=seed, **changes)
        for model, number in zip(models, values, strict=True)
        for seed in seeds
    ]


def planted(first, second, **changes):
    report, paper = ("report_asapnet", "report_pix2pixhd"), ("asapnet", "pix2pixhd")
    made = [one for models in (report, paper) for one in pair("fid", "fid", models, (first, second), **changes)]
    where = {"dataset": "bsd68"} | changes
    made += pair("restoration", "psnr", ("asapnet_report", "dncnn"), (first, second), **where)
    made += [item("restoration", "identity", "psnr", first[0], 0.0, **where)]
    for device in ("cuda", "cpu"):
        low = min(first[1], first[0])
        condition = {"condition": {"device": device}, "dataset": "none"}
        names = ("cpu",) if device == "cpu" else ("gpu",)
        cards = [dict.fromkeys(names, f"{device} {number}") for number in range(2)]
        made += [
            item("latency", "pix2pixhd/asapnet", "ratio", value, low, hardware=card, **condition)
            for value, card in zip((first[0], second[0] + low), cards, strict=True)
        ]
    return made


def sentences(items):
    findings = decide_all(KNOWN, items)
    by_id = {finding.id: finding for finding in findings}
    for answer in answers(KNOWN, findings, items):
        yield from answer.sentences
    for claim in KNOWN.headlines:
        told, beside = verdict(claim, by_id[claim.id]), nearest_number(claim, by_id[claim.id])
        assert len(told.split()) <= MOST, told
        yield from (told, beside)
    for row in rows(KNOWN, findings):
        yield from (row.told, row.needs, readme_blocks._here(row), readme_blocks._verdict(row))
    for finding in findings:
        yield from (finding.reason, finding.missing or "")


@pytest.mark.parametrize(("first", "second"), [*itertools.permutations(ENDS, 2)][::3])
def test_extreme_numbers_read_as_numbers(first, second):
    for text in sentences(planted(first, second)):
        assert not WRONG.search(text), text
        assert not long(text), long(text)


@pytest.mark.parametrize("dataset", ["St. Petersburg. A street", "a|b <i>", "word " * 30 + "end", "1"])
@pytest.mark.parametrize("n", [1, 10**12])
def test_data_sets_of_any_name_and_size_make_no_long_sentence(dataset, n):
    for text in sentences(planted((60.0, 1.0), (90.0, 1.0), dataset=dataset, n=n)):
        assert not WRONG.search(text) and not long(text), text


def test_numbers_far_from_one_are_told_with_a_power_of_ten():
    assert shown_numbers.interval(1e-9, 5e-10, 2e-9) == "1.00\u00d710^-9 [5.00\u00d710^-10, 2.00\u00d710^-9]"
    assert shown_numbers.interval(0.001, -300, 300) == "0.001 [-300, 300]"
    assert shown_numbers.number(1e300) == "1.00\u00d710^300" and shown_numbers.number(-0.0) == "0"
    assert shown_numbers.interval(-0.582, -5.255, 4.089) == "-0.582 [-5.255, 4.089]"


@pytest.mark.parametrize(
    ("distance", "sampling", "spread"), [(1e-300, 1.0, None), (1e-300, 0.0, 1.0), (1e-9, 1.0, 1.0)]
)
def test_nobody_is_asked_for_more_than_there_can_be(distance, sampling, spread):
    assert needed(distance, 500, sampling, 3, spread).startswith("no number of images or seeds settles it")


def test_what_was_tested_is_never_called_not_tested():
    """Two cards, one of which leaves it open; a headline that falls with the others; a claim that waits for DnCNN."""
    cards = [
        item("latency", "pix2pixhd/asapnet", "ratio", 2.8, half, dataset="none", hardware={"gpu": name})
        for name, half in (("H100", 0.02), ("T4", 1.5))
    ]
    level = pair("restoration", "psnr", ("asapnet_report", "dncnn"), ((16.0, 0.1), (28.0, 0.1)), dataset="bsd68")
    found = {row.id: row for row in rows(KNOWN, decide_all(KNOWN, [*cards, *level]))}
    for name in ("S-SPD-3", "S-DN-9"):
        row = found[name]
        assert row.told.startswith("Not decided: "), row.told
        assert headline_word(row.model_dump()) == "not decided"
        assert readme_blocks._verdict(row).startswith("not decided")
    assert found["S-DN-9"].told == "Not decided: the PSNR of DnCNN must first reach 29.14 dB here; it is 28 dB."
    assert found["S-DN-9"].needs == "a PSNR of DnCNN of at least 29.14 dB here first"


def test_one_process_on_a_gpu_is_told_in_25_words():
    items = [
        item("latency", "pix2pixhd/asapnet", "ratio", value, 0.02, dataset="none", condition=where)
        for value, where in ((1.74, {"device": "cpu"}), (2.42, {"processes": 1}))
    ]
    told = {row.id: row.told for row in rows(KNOWN, decide_all(KNOWN, items))}
    for name, side in (("S-SPD-3", "outside 2.3 to 3.4"), ("P-1-LOW", "not above 2")):
        here = f"On this CPU 1.74 [1.72, 1.76], {side}"
        assert told[name] == f"{here}; needs several processes on a GPU; one gave 2.42 [2.40, 2.44] times."


def test_a_headline_names_no_option_of_a_network():
    items = pair(
        "fid", "fid", ("report_asapnet", "report_pix2pixhd"), ((60, 1), (90, 1)), ran={"options": {"width": 16}}
    )
    beside = {row.id: row.told for row in rows(KNOWN, decide_all(KNOWN, items))}["S-FID-3"].partition("Nearest")[2]
    assert beside.endswith("on the other side; networks with other settings."), beside


def test_beside_an_open_headline_stands_the_first_reason_that_is_short_enough():
    changes = {"deviations": {f"setting {number}": number for number in range(9)}}
    items = pair("fid", "fid", ("asapnet", "pix2pixhd"), ((60, 1), (90, 1)), ran=changes, dataset="camvid")
    beside = {row.id: row.told for row in rows(KNOWN, decide_all(KNOWN, items))}["P-D-CS256-FID"].partition("Nearest")[
        2
    ]
    assert beside.endswith("on the claimed side; measured on camvid, not on cityscapes."), beside


def test_infinity_is_no_number_of_a_sentence():
    perfect = [item("restoration", "asapnet_report", "psnr", math.inf, dataset="bsd68", seed=seed) for seed in SEEDS]
    assert not [text for text in sentences(perfect) if "inf" in re.findall(r"\w+", text)]
    assert shown_numbers.number(math.inf, "dB") == "\u221e dB"
