"""Kinds of entries that were once wrong, and what keeps each kind out."""

from __future__ import annotations

import copy
import math

import pytest

from pixelwise.claims.audit import published, rounding
from pixelwise.claims.checks import BASES, Agreement, Arithmetic, Audit, Measurement, Ran, basis_of
from pixelwise.claims.claim_schema import parse, register
from pixelwise.claims.documents import computed
from pixelwise.claims.register_files import REGISTER, read
from pixelwise.claims.verdicts import decide, decide_all
from pixelwise.errors import PixelwiseError
from pixelwise.models import declarations

from .conftest import item


def measured():
    return [claim for claim in register().claims if isinstance(claim.check, Measurement)]


def broken(change, *ids):
    """The register with some entries changed."""
    document = copy.deepcopy(read()[0])
    for section in ("claims", "readings", "references", "contradictions"):
        for entry in document[section]:
            if entry["id"] in ids:
                change(entry)
    return parse(document, REGISTER)


def test_our_own_settings_decide_no_published_claim():
    """P-REC-*, S-REC-*, S-ARCH-8: a record written from our own recipe says what we wrote into the recipe."""
    for claim in measured():
        assert not str(claim.check.model).startswith("recipe "), claim.id

    def ours(entry):
        entry["check"] = {"by": "measurement", "kind": "architecture", "model": "recipe asapnet", "value": "batch"}
        entry["check"] |= {"rule": {"equals": 32}, "exact": True}

    with pytest.raises(PixelwiseError, match="our own settings decide no published claim"):
        broken(ours, "S-ARCH-8")


def test_a_measured_number_is_of_the_claimed_kind_and_size():
    """P-C8: 256 rows of pixels were "confirmed" by 16 rows of tiles."""
    for entry in (e for e in register().checked if isinstance(e.check, Measurement)):
        rule = entry.check.rule
        if rule.equals is not None and isinstance(entry.value, int | float):
            assert rule.equals == entry.value, entry.id
        if rule.within is not None and isinstance(entry.value, int | float):  # S-DN-9 was told as -12.55 of [-1, 0]
            assert rule.within[0] <= entry.value <= rule.within[1], entry.id


def test_a_bit_short_is_not_confirmed_by_twelve_decibels():
    """S-DN-9: any shortfall confirmed "a bit short"."""
    known = register()

    def found(asapnet_report):
        pairs = (("asapnet_report", asapnet_report), ("dncnn", 29.2))
        items = [item("restoration", m, "psnr", v, 0.1, dataset="bsd68", seed=s) for m, v in pairs for s in range(3)]
        return decide(known, known.claim("S-DN-9"), items, []).verdict

    assert found(16.65) == "direction only"
    assert found(28.7) == "confirmed"
    assert found(29.9) == "contradicted"


def test_no_range_of_our_own_sums_is_wider_than_the_numbers_allow():
    """K-2-GAIN: a range was widened until the sum fell into it."""
    known = register()
    for entry in known.references:
        if not isinstance(entry.check, Arithmetic):
            continue
        assert entry.check.rule.within is None, entry.id
        if entry.check.rule.equals is not None:
            assert entry.check.rule.tolerance is not None
            (number,) = computed(known, entry, entry.check).measured
            allowed = max(number.high - number.value, number.value - number.low) + rounding(entry)
            assert entry.check.rule.tolerance <= 1.25 * allowed + 1e-9, entry.id


def test_a_contradiction_is_larger_than_the_tolerance_that_is_allowed_elsewhere():
    """S-Q-1: FID worse by 8.6 % was a contradiction, while every claim about FID is allowed 10 %."""
    known = register()
    for entry in known.contradictions:
        if entry.rule != "worse":
            continue
        for name in entry.right.claims:
            claim = known.claim(name)
            assert isinstance(claim.check, Measurement) and claim.check.rule.within is not None
            low, high = claim.check.rule.within
            assert entry.margin >= (high - low) / 2 - 0.01, entry.id


def test_no_check_rests_on_a_source_that_nobody_could_read():
    """K-PROTOCOL-*: checks compared with numbers that are "often quoted"."""
    known = register()
    unread = {name for name, source in known.sources.items() if source.read == "unverified"}
    assert unread and not [claim.id for claim in known.claims if claim.source in unread]

    def rests(entry):
        entry["check"]["claims"] = ["B-CRN-FID", "B-SPADE-1-FID"]

    with pytest.raises(PixelwiseError, match="rests on a source that nobody could read"):
        broken(rests, "K-PROTOCOL-SPADE")


def test_a_pair_that_disagrees_is_one_finding():
    """S-DATA-4 with S-DATA-7, S-SPD-2-*: one discrepancy made two or four contradicted claims."""
    audits = [claim.check.contradiction for claim in register().claims if isinstance(claim.check, Audit)]
    assert len(audits) == len(set(audits)) > 10

    def same(entry):
        entry["check"] = {"by": "audit", "contradiction": "C-12"}

    with pytest.raises(PixelwiseError, match="C-12 decides two claims"):
        broken(same, "S-DATA-7")


def test_several_readings_of_one_mark_are_one_claim():
    """Marks of one figure read twice were claims of their own."""
    known = register()
    seen = {}
    for claim in known.claims:
        if isinstance(claim.value, int | float) and claim.model and claim.setting and claim.unit == "ms":
            size = (claim.source[0], claim.model, claim.setting.get("height"), claim.setting.get("width"))
            seen.setdefault(size, []).append(claim.id)
    assert not [ids for ids in seen.values() if len(ids) > 1]
    assert len([reading for reading in known.readings if reading.of == "S-SPD-2"]) == 4


def test_a_default_of_the_code_contradicts_no_words_about_a_paper():
    """S-ARCH-9, S-ARCH-2, S-ARCH-10: counted in the released code, said of a paper."""
    verdicts = {finding.id: finding.verdict for finding in decide_all(register(), [])}
    for name in ("S-ARCH-2", "S-ARCH-9", "S-ARCH-10"):
        assert basis_of(register().claim(name).check) is None
        assert verdicts[name] == "not testable here"


@pytest.mark.parametrize("name", ["S-ARCH-3", "S-ARCH-4", "S-ARCH-5", "S-ARCH-6"])
def test_no_count_stands_for_a_statement(name):
    """What the statement says (sufficient, synthesises, much lower, uses) is not how many there are."""
    claim = register().claim(name)
    assert not isinstance(claim.check, Measurement)
    assert not isinstance(claim.value, int | float)


def test_what_nobody_published_is_no_claim():
    known = register()
    own = ("A-", "K-", "P-C", "P-REC", "S-REC", "S-F4")
    assert not [claim.id for claim in known.claims if claim.id.startswith(own) or claim.source == "K"]
    assert sum(entry.id.startswith(("A-PARAM-", "K-", "P-C7-")) for entry in known.references) > 60
    assert "S-FLIP-1" not in known.entries and "S-DRAFT-8" not in known.entries


def test_halves_of_a_compound_sentence_are_decided_apart():
    """ "Performance and speed" was confirmed by speed alone."""
    known = register()
    halves = known.claim("S-DN-4"), known.claim("S-SPD-6")
    assert halves[0].quote == halves[1].quote
    fast = item("latency", "dncnn/asapnet_denoise", "ratio", 4.0, 0.1, task="denoising", dataset="none")
    quality, speed = (decide(known, claim, [fast], []) for claim in halves)
    assert "it holds" in speed.reason and "not tested" in quality.reason


def test_derived_ratios_of_others_without_size_or_gpu_are_no_claims():
    """R-T-*: three quotients of times whose size and GPU are not stated."""
    known = register()
    assert not [name for name in known.entries if name.startswith("R-T-")]
    assert {reading.id for reading in known.readings if reading.of == "R-5-15"} == {"R-5-25", "R-5-50"}


def test_the_reports_account_of_the_paper_is_not_its_measurement():
    assert "not the report's measurement" in known_note("S-SPD-4-256")
    assert "did not measure" in known_note("S-SPD-4")
    assert basis_of(register().claim("S-SPD-4").check) == "own sums"


def known_note(name):
    return register().claim(name).note


def test_accuracy_and_iou_name_segmenter_and_protocol():
    """S-IOU-3 and the facades were decided by a segmenter of our own."""
    chosen = [claim for claim in measured() if claim.check.kind == "segmentation"]
    assert len(chosen) > 10
    for claim in chosen:
        assert claim.check.where["segmenter"] == "drn_d_105" and claim.check.protocol == "N", claim.id
    pair = [
        item("segmentation", m, "miou", v, 0.3, seed=s)
        for m, v in (("report_asapnet", 30), ("report_pix2pixhd", 20))
        for s in range(3)
    ]
    own = [i.record.model_copy(update={"condition": {**i.record.condition, "segmenter": "own"}}) for i in pair]
    known = register()
    assert decide(known, known.claim("S-IOU-3"), pair, []).verdict == "confirmed"
    others = [type(pair[0])(record, "x") for record in own]
    assert decide(known, known.claim("S-IOU-3"), others, []).verdict == "not testable here"

    def unnamed(entry):
        del entry["check"]["where"]["segmenter"]

    with pytest.raises(PixelwiseError, match="names segmenter and protocol"):
        broken(unnamed, "S-IOU-3")
    facades = [claim for claim in known.claims if claim.id.startswith("P-F-FA") and claim.id.endswith(("IOU", "ACC"))]
    assert len(facades) == 22
    assert not [claim.id for claim in facades if isinstance(claim.check, Measurement)]


def test_the_tile_grid_is_what_a_picture_has_beyond_the_clean_one():
    """S-DN-7: clean BSD68 has a blockiness of 1.013, and passed a test for more than 1."""
    known = register()

    def found(blockiness):
        values = {"blockiness": (blockiness, 0.002), "blockiness_clean": (1.0133, 0.002)}
        base = item("restoration", "asapnet_report", "blockiness", 1.0, 0.1, dataset="bsd68", unit="1")
        made = {
            n: base.record.values["blockiness"].model_copy(update={"value": v, "low": v - h, "high": v + h})
            for n, (v, h) in values.items()
        }
        gate = item("restoration", "dncnn", "psnr", 29.2, 0.1, dataset="bsd68")
        records = [base.record.model_copy(update={"values": made, "seed": seed}) for seed in range(3)]
        return decide(known, known.claim("S-DN-7"), [*(type(base)(record, "x") for record in records), gate], [])

    assert found(1.0133).verdict == "not testable here"
    assert found(1.2).verdict == "confirmed"
    assert found(1.0).verdict == "contradicted"
    assert found(1.2).measured[0].value == pytest.approx(0.1867)


def several(names):
    return [names] if isinstance(names, str) else names or []


def test_conditions_name_what_was_run():
    """Architectures, options and recipes that exist; a claim about released weights names them."""
    recipes = {name for group in ("translation", "restoration", "segmentation") for name in declarations.recipes(group)}
    for entry in (e for e in register().checked if isinstance(e.check, Measurement)):
        check = entry.check
        assert check.subject != Ran(), entry.id
        assert (check.rival is not None) == (check.against is not None or "/" in str(check.model)), entry.id
        for ran in (check.subject, *([check.rival] if check.rival else [])):
            assert (ran.architecture is None) != (ran.method is None), entry.id
            for name in several(ran.architecture):
                declarations.model(name).options.model_validate(ran.options)
            assert set(several(ran.recipe)) <= recipes and not (ran.recipe and ran.checkpoint), entry.id
            trained = check.kind in ("fid", "segmentation", "restoration") and ran.architecture
            assert not trained or ran.recipe or ran.checkpoint, entry.id
    assert register().claim("D1-DNCNN-S-25").check.subject.checkpoint == "dncnn_25"
    assert "DnCNN-S-25/net.pth" in register().claim("D2-DNCNN-S-25").check.subject.checkpoint


def test_headlines_are_few_and_the_papers_authors_come_first():
    known = register()
    authors = [known.sources[claim.source].authors for claim in known.headlines]
    assert 6 <= len(authors) <= 12
    assert authors == sorted(authors, reverse=True) and any(authors)
    many = [claim.id for claim in known.claims if claim.weight == "detail"][:3]

    def raised(entry):
        entry |= {"weight": "headline", "plain": "Another"}

    with pytest.raises(PixelwiseError, match="headlines; at most 12 are allowed"):
        broken(raised, *many)


def test_every_basis_is_used_and_claims_without_one_stay_open():
    known = register()
    used = {basis_of(claim.check) for claim in known.claims}
    assert used == {*BASES, None}
    for finding in decide_all(known, []):
        entry = known.entries[finding.id]
        if basis_of(entry.check) is None:
            assert finding.verdict in ("underspecified", "not testable here", "superseded")


def test_words_agree_with_words():
    known = register()
    found = {finding.id: finding for finding in decide_all(known, [])}
    assert found["S-ARCH-6"].verdict == "confirmed"

    def other(entry):
        entry["value"] = "least squares"

    changed = broken(other, "P2-GAN-MODE")
    finding = decide(changed, changed.claim("S-ARCH-6"), [], [])
    assert finding.verdict == "contradicted" and "hinge, but least squares" in finding.reason


def test_numbers_that_are_compared_are_numbers():
    known = register()
    for entry in known.checked:
        if isinstance(entry.check, Arithmetic):
            assert all(math.isfinite(published(known.entry(name))[0]) for name in entry.check.claims)
        if isinstance(entry.check, Agreement):
            assert all(type(known.entry(name).value) is not type(None) for name in entry.check.claims)
