"""Beside an open claim stands the number nearest to its conditions, with unit and direction."""

from __future__ import annotations

from itertools import permutations

import pytest

from pixelwise.claims.claim_schema import register
from pixelwise.claims.headline import nearest_number, rows
from pixelwise.claims.verdicts import decide, decide_all

from .conftest import item

SEEDS = range(3)


def fids(asap, other, **changes):
    pairs = (("report_asapnet", asap), ("report_pix2pixhd", other))
    return [item("fid", model, "fid", value, 1.0, seed=seed, **changes) for model, value in pairs for seed in SEEDS]


def test_the_protocol_comes_before_the_data_and_the_alphabet():
    """`clean-fid` and `camvid` come first by alphabet."""
    same_protocol = fids(60, 90, dataset="streets", synthetic=True, short=True, condition={"height": 64, "width": 128})
    same_data = fids(90, 60, dataset="cityscapes", protocol="clean-fid")
    neither = fids(80, 60, dataset="camvid", protocol="clean-fid")
    known = register()
    for order in permutations((same_protocol, same_data, neither)):
        items = [record for part in order for record in part]
        finding = decide(known, known.claim("S-FID-3"), items, [])
        assert finding.verdict == "not testable here"
        assert [round(number.value) for number in finding.context_measured] == [-30, 30, 20]


def test_less_far_conditions_come_first():
    known = register()
    near = fids(70, 60, dataset="camvid")
    far = fids(70, 50, dataset="camvid", condition={"height": 64, "width": 128})
    drawn = fids(70, 40, dataset="boxes", synthetic=True)
    numbers = decide(known, known.claim("S-FID-3"), [*far, *drawn, *near], []).context_measured
    assert [round(number.value) for number in numbers] == [10, 20, 30]  # drawn scenes last, of whatever size


@pytest.mark.parametrize(
    ("asap", "other", "words"),
    [
        (80, 60, "+20.0 [18.6, 21.4] (lower is better), on the claimed side"),
        (60, 80, "-20.0 [-21.4, -18.6] (lower is better), on the other side"),
        (60.2, 60, "+0.200 [-1.214, 1.614] (lower is better), on no sure side"),
    ],
)
def test_it_has_a_sign_and_a_side(asap, other, words):
    known = register()
    claim = known.claim("S-FID-3")
    text = nearest_number(claim, decide(known, claim, fids(asap, other, dataset="camvid"), []))
    assert text == f" Nearest number: FID {words}; measured on camvid, not on cityscapes."


def test_differences_of_shares_are_in_points():
    pairs = (("report_asapnet", 30.0), ("report_pix2pixhd", 27.0))
    items = [item("segmentation", m, "miou", v, 0.3, seed=s, dataset="camvid") for m, v in pairs for s in SEEDS]
    known = register()
    told = {row.id: row.told for row in rows(known, decide_all(known, items))}["S-IOU-3"]
    assert (
        "Nearest number: mean IoU +3.00 points [2.58, 3.42] (higher is better), on the claimed side; measured on camvid"
        in told
    )


def test_a_claimed_number_tells_inside_or_outside():
    known = register()
    claim = known.claim("D1-DNCNN-S-25")
    for value, words in (
        (29.2, "29.20 dB [29.16, 29.24] (higher is better), inside"),
        (28.0, "28.00 dB [27.96, 28.04] (higher is better), outside"),
    ):
        planted = item("restoration", "dncnn_released", "psnr", value, 0.5, dataset="bsd68", short=True)
        assert f"{words} the claimed range" in nearest_number(claim, decide(known, claim, [planted], []))


def test_a_decided_claim_has_none():
    known = register()
    claim = known.claim("S-FID-3")
    finding = decide(known, claim, [*fids(70, 60), *fids(70, 60, dataset="camvid")], [])
    assert finding.verdict == "confirmed" and nearest_number(claim, finding) == ""
