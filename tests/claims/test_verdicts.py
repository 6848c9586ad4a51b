from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pixelwise.claims.claim_schema import register
from pixelwise.claims.evidence import load_file
from pixelwise.claims.findings import decided
from pixelwise.claims.verdicts import decide, decide_all
from pixelwise.record import Record, write_records

from .conftest import claim, item

FID = {
    "by": "measurement",
    "kind": "fid",
    "task": "translation",
    "model": "report_asapnet",
    "against": ["report_pix2pixhd", "other"],
}
FID |= {"combine": "difference", "dataset": "cityscapes", "value": "fid", "rule": {"greater_than": 0}}
FID |= {"min_n": 500, "min_seeds": 3}
NAMES = ("report_asapnet", "report_pix2pixhd")
RATIO = {"by": "measurement", "kind": "latency", "model": "pix2pixhd/asapnet", "value": "ratio", "min_n": 5}
RATIO |= {"rule": {"within": [2.3, 3.4], "direction": {"greater_than": 1}}, "device": "gpu"}


def verdict(check, items, **changes):
    return decide(register(), claim(check, **changes), items, [])


def fids(asap, other, half=1.0, seeds=(0, 1, 2), spread=0.1, **changes):
    a, b = NAMES
    drawn = [(a, asap + spread * s, s) for s in seeds] + [(b, other - spread * s, s) for s in seeds]
    return [item("fid", model, "fid", value, half, seed=seed, **changes) for model, value, seed in drawn]


def test_a_true_effect_is_confirmed():
    finding = verdict(FID, fids(70.6, 65))
    assert finding.verdict == "confirmed"
    assert finding.measured[0].seeds == 3
    assert len(finding.evidence) == 6


def test_a_reversed_effect_is_contradicted():
    assert verdict(FID, fids(65, 70.6)).verdict == "contradicted"


def test_a_noisy_effect_is_undecided_and_says_how_many_images_would_settle_it():
    finding = verdict(FID, fids(70.6, 65, half=8))
    assert finding.verdict == "not testable here"
    assert "images" in finding.missing


def test_spread_between_seeds_counts_as_noise():
    finding = verdict(FID, fids(70.6, 65, half=0.1, spread=4.0))
    assert finding.verdict == "not testable here"
    assert "seeds" in finding.missing


def test_no_record_no_verdict():
    finding = verdict(FID, [])
    assert finding.verdict == "not testable here"
    assert "cityscapes" in finding.missing and "CITYSCAPES_ROOT" in finding.missing
    assert verdict(FID, fids(70.6, 65)[:3]).verdict == "not testable here"


@pytest.mark.parametrize(
    "change", [{"dataset": "camvid"}, {"synthetic": True}, {"short": True}, {"dataset": "streets"}]
)
def test_a_claim_on_cityscapes_is_never_decided_by_other_data(change):
    finding = verdict(FID, fids(70.6, 65, **change))
    assert finding.verdict == "not testable here"
    assert not finding.evidence
    assert len(finding.context_only) == 6
    assert all(used.reasons_excluded for used in finding.context_only)


def test_other_data_stand_beside_the_deciding_ones():
    finding = verdict(FID, fids(70.6, 65) + fids(60, 80, dataset="camvid"))
    assert finding.verdict == "confirmed"
    assert {used.dataset for used in finding.context_only} == {"camvid"}
    assert finding.context_only[0].reasons_excluded == ["measured on camvid, not on cityscapes"]


def test_the_number_beside_is_told_with_what_bars_it():
    finding = verdict(FID, fids(60, 80, dataset="camvid") + fids(1, 2, dataset="streets", synthetic=True, short=True))
    numbers = {shown.setting.split(";")[0]: shown for shown in finding.context_measured}
    assert numbers["camvid"].value == pytest.approx(-19.8)
    assert numbers["camvid"].reasons_excluded == ["measured on camvid, not on cityscapes"]
    assert "data drawn by a program" in numbers["streets"].reasons_excluded
    assert not finding.measured


def test_pictures_of_another_size_stand_beside():
    check = {**FID, "where": {"height": 256, "width": 512}}
    finding = verdict(check, fids(70.6, 65, condition={"height": 64, "width": 128}))
    assert finding.verdict == "not testable here"
    assert "height 64, not 256" in finding.context_only[0].reasons_excluded


def test_too_few_images_or_seeds_are_too_little():
    assert "500 images (100 here)" in verdict(FID, fids(70.6, 65, n=100)).missing
    assert "3 seeds on each side (2 here)" in verdict(FID, fids(70.6, 65, seeds=(0, 1))).missing


def test_one_number_without_an_interval_is_no_evidence():
    check = {**FID, "model": "one", "against": "two", "subject": {"method": "one"}, "rival": {"method": "two"}}
    items = [item("fid", "one", "fid", 70.6), item("fid", "two", "fid", 65.0)]
    finding = verdict(check, items)
    assert finding.verdict == "not testable here"
    assert "an interval" in finding.missing


def test_a_missing_value_is_no_evidence():
    items = fids(70.6, 65)[:-3] + [item("fid", NAMES[1], "fid", None, seed=s) for s in range(3)]
    assert verdict(FID, items).verdict == "not testable here"


def test_alternative_names_are_not_mixed():
    items = fids(70.6, 65) + [item("fid", "other", "fid", 500.0, 1, seed=s) for s in range(3)]
    assert verdict(FID, items).verdict == "confirmed"


@pytest.mark.parametrize(
    ("value", "half", "expected"),
    [
        (2.8, 0.1, "confirmed"),
        (2.15, 0.05, "direction only"),
        (4.0, 0.1, "direction only"),
        (0.5, 0.1, "contradicted"),
        (2.8, 4.0, "not testable here"),
        (2.8, 1.0, "direction only"),
    ],
)
def test_ratio_with_a_direction(value, half, expected):
    assert verdict(RATIO, [item("latency", "pix2pixhd/asapnet", "ratio", value, half)]).verdict == expected


def test_speed_needs_no_data_set_and_prefers_the_accelerator():
    cpu = {"condition": {"device": "cpu"}}
    processor = item("latency", "pix2pixhd/asapnet", "ratio", 1.5, 0.1, dataset="none", **cpu)
    gpu = item("latency", "pix2pixhd/asapnet", "ratio", 2.8, 0.1, dataset="none", synthetic=True)
    finding = verdict(RATIO, [processor, gpu])
    assert finding.verdict == "confirmed"
    assert len(finding.measured) == 1


def test_conditions_and_hardware_are_held():
    check = {**RATIO, "where": {"height": 256, "batch": 1}, "hardware": {"gpu": "GTX 1080 Ti"}}
    made = {"hardware": {"gpu": "NVIDIA GeForce GTX 1080 Ti"}}
    right = item("latency", "pix2pixhd/asapnet", "ratio", 2.8, 0.1, **made)
    assert verdict(check, [right]).verdict == "confirmed"
    assert verdict(check, [item("latency", "pix2pixhd/asapnet", "ratio", 2.8, 0.1)]).verdict == "not testable here"
    other = item("latency", "pix2pixhd/asapnet", "ratio", 2.8, 0.1, condition={"height": 512}, **made)
    assert verdict(check, [other]).verdict == "not testable here"


def test_protocols_that_disagree_make_a_claim_underspecified():
    items = fids(70.6, 65, protocol="pytorch-fid") + fids(60, 65, protocol="clean-fid")
    finding = verdict(FID, items)
    assert finding.verdict == "underspecified"
    assert len(finding.measured) == 2
    assert verdict({**FID, "protocol": "pytorch-fid"}, items).verdict == "confirmed"


def test_exact_quantities_need_no_interval():
    check = {"by": "measurement", "kind": "architecture", "model": "asapnet", "value": "parameters", "exact": True}
    check["rule"] = {"equals": 10}
    planted = {"task": "translation", "dataset": "none"}
    assert (
        verdict(
            check, [item("architecture", "asapnet", "parameters", 10, **planted)], value=10, reading_error=0
        ).verdict
        == "confirmed"
    )
    assert (
        verdict(
            check, [item("architecture", "asapnet", "parameters", 11, **planted)], value=10, reading_error=0
        ).verdict
        == "contradicted"
    )


def test_a_fixed_list_of_images_is_not_a_sample():
    check = {"by": "measurement", "kind": "restoration", "model": "dncnn_released"}
    check |= {"dataset": "bsd68", "value": "psnr"}
    check |= {"rule": {"equals": 29.23, "tolerance": 0.1}, "min_n": 68}
    check["subject"] = {"architecture": "dncnn", "options": {"variant": "merged"}, "checkpoint": "dncnn_25"}
    planted = [item("restoration", "dncnn_released", "psnr", 29.24, 0.7, dataset="bsd68")]
    assert verdict(check, planted).verdict == "not testable here"
    assert verdict({**check, "repeatability": 0.02}, planted).verdict == "confirmed"
    wrong = [item("restoration", "dncnn_released", "psnr", 28.9, 0.7, dataset="bsd68")]
    assert verdict({**check, "repeatability": 0.02}, wrong).verdict == "contradicted"


def test_subjects_with_different_tiles_can_be_compared():
    check = {"by": "measurement", "kind": "restoration", "model": "small", "against": "large", "combine": "difference"}
    check |= {"value": "psnr", "rule": {"greater_than": 0}, "repeatability": 0.02}

    def of(model, value, **condition):
        return [item("restoration", model, "psnr", value, 0.7, condition=condition, seed=seed) for seed in range(3)]

    small = of("small", 28.0, period=4)
    assert verdict(check, small + of("large", 27.0, period=16)).verdict == "confirmed"
    assert verdict(check, small + of("large", 27.0, period=16, sigma=50)).verdict == "not testable here"


def test_shared_draws_make_a_difference_paired():
    """Two distances whose images move them together: their difference is known far better than either."""
    rng = np.random.default_rng(0)
    shared, own = rng.normal(0, 4, 200), rng.normal(0, 0.2, (2, 3, 200))

    def drawn(models):
        planted = fids(66.0, 65.0, half=8, spread=0.01)
        return [
            replace(i, draws={"fid": dict(enumerate(80 + shared + own[models.index(i.record.model), i.record.seed]))})
            if i.record.model in models
            else i
            for i in planted
        ]

    both = verdict(FID, drawn([*NAMES]))
    assert both.verdict == "confirmed" and "same bootstrap draws" in both.measured[0].basis
    wanted = np.quantile(own[0].mean(0) - own[1].mean(0), [0.025, 0.975])
    between = 4.303 * np.hypot(0.01, 0.01) / 3**0.5  # Student's t of two degrees
    assert both.measured[0].high - both.measured[0].value == pytest.approx(np.hypot(wanted[1], between), abs=0.02)
    assert verdict(FID, drawn([NAMES[0]])).verdict == "not testable here"


def test_draws_are_read_beside_the_records(tmp_path):
    records = [item("fid", "asapnet", name, value).record for name, value in (("fid", 70.0), ("kid", 0.1))]
    write_records(tmp_path / "metrics.json", [records[0], records[1].model_copy(update={"protocol": "kid"})])
    rows = ["protocol,resample,value", "pytorch-fid,0,70.5", "pytorch-fid,2,69.5", "kid,0,0.25"]
    (tmp_path / "resamples.csv").write_text("\n".join(rows) + "\n")
    found = load_file(tmp_path / "metrics.json", "x")
    assert [i.draws for i in found] == [{"fid": {0: 70.5, 2: 69.5}}, {"kid": {0: 0.25}}]


def test_no_verdict_on_asapnet_before_the_runs_own_dncnn_is_the_published_one():
    known = register()

    def found(dncnn):
        items = [item("restoration", "asapnet_report", "psnr", 24.0, 0.1, dataset="bsd68", seed=s) for s in range(3)]
        items += [item("restoration", "dncnn", "psnr", dncnn, 0.1, dataset="bsd68", seed=seed) for seed in range(3)]
        return decide(known, known.claim("S-DN-9"), items, [])

    assert found(29.16).verdict == found(29.5).verdict == "direction only"
    held = found(28.4)
    assert (
        held.verdict == "not testable here" and "Needs a PSNR of DnCNN of at least 29.14 dB here first." in held.missing
    )
    assert held.measured


def test_a_withdrawn_claim_is_superseded_whatever_is_measured():
    known = register()
    pairs = (("asapnet_report", 35.0), ("dncnn", 29.2))
    items = [item("restoration", m, "psnr", v, 0.1, dataset="bsd68", seed=s) for m, v in pairs for s in range(3)]
    finding = decide(known, known.claim("S-DN-4"), items, [])
    assert finding.verdict == "superseded"
    assert "The evidence alone: it holds." in finding.reason


def test_published_claims_follow_planted_metrics():
    """The register's own checks, on planted records of every kind."""
    good = fids(70.6, 65)
    good += [item("fid", m, "fid", v, 1.0, seed=s) for m, v in (("asapnet", 71), ("pix2pixhd", 65)) for s in range(3)]
    good += [
        item("segmentation", m, "miou", v, 0.3, seed=s)
        for m, v in (("report_asapnet", 30), ("report_pix2pixhd", 29))
        for s in range(3)
    ]
    good += [item("latency", "pix2pixhd/asapnet", "ratio", 2.8, 0.1, dataset="none")]
    pairs = (("asapnet_report", 28.7), ("dncnn", 29.2))
    good += [item("restoration", m, "psnr", v, 0.5, dataset="bsd68", seed=s) for m, v in pairs for s in range(3)]
    found = {finding.id: finding.verdict for finding in decide_all(register(), good)}
    for name in ("S-FID-1", "S-FID-2", "S-FID-3", "S-IOU-1", "S-IOU-2", "S-IOU-3", "S-SPD-3", "S-DN-9"):
        assert found[name] == "confirmed", name
    assert found["P-D-CS256-FID"] == "contradicted"
    assert found["P-1-LOW"] == "confirmed"


def test_without_any_record_only_documents_decide():
    known = register()
    for finding in decide_all(known, []):
        if decided(finding):
            assert next(e for e in known.checked if e.id == finding.id).check.by in (
                "arithmetic",
                "agreement",
                "audit",
            ), finding.id
            assert not finding.evidence


def test_order_of_records_changes_nothing():
    items = fids(70.6, 65) + fids(60, 80, dataset="camvid")
    first, second = verdict(FID, items), verdict(FID, items[::-1])
    assert (first.verdict, first.measured) == (second.verdict, second.measured)


def test_record_format_is_the_shared_one():
    assert isinstance(item("fid", "asapnet", "fid", 1.0).record, Record)
