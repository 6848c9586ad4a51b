"""A difference in trained quality needs three trainings on each side; released weights are themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pixelwise.claims import plan
from pixelwise.claims.claim_schema import register
from pixelwise.claims.estimates import summarise
from pixelwise.claims.findings import decided
from pixelwise.claims.power import needed
from pixelwise.claims.verdicts import decide
from pixelwise.planning.graph import plan_of

from .conftest import claim, item

SPREAD, NOISE, PLANTED, SHIFT = 0.06, 0.01, 600, 0.05
"""dB between trainings of one network, dB of one noise draw, planted differences, and their size."""
PSNR = {"by": "measurement", "kind": "restoration", "model": "asapnet_l2", "against": "dncnn", "combine": "difference"}
PSNR |= {"value": "psnr", "rule": {"greater_than": 0}, "dataset": "bsd68", "min_n": 68, "repeatability": 0.04}
PSNR |= {"subject": {"architecture": "asapnet", "options": {"output": "linear"}, "recipe": "asapnet_like_dncnn"}}
PSNR |= {"rival": {"architecture": "dncnn", "recipe": "dncnn_s"}}
PICTURES = PSNR | {
    "model": "asapnet",
    "subject": {"architecture": "asapnet", "recipe": "asapnet"},
    "against": "pix2pixhd",
}
PICTURES |= {"rival": {"architecture": "pix2pixhd_global", "recipe": "pix2pixhd"}, "dataset": "cityscapes"}
RELEASED = PSNR | {"against": "dncnn_released"}
RELEASED |= {"rival": {"architecture": "dncnn", "options": {"variant": "merged"}, "checkpoint": "dncnn_25"}}
KINDS = {
    "fid": PICTURES | {"kind": "fid", "value": "fid"},
    "segmentation": PICTURES
    | {"kind": "segmentation", "value": "miou", "protocol": "N", "where": {"segmenter": "drn_d_105"}},
    "restoration": PSNR,
}


def scored(model, values, kind="restoration", name="psnr", dataset="bsd68", **changes):
    return [item(kind, model, name, float(v), 0.5, dataset=dataset, seed=s, **changes) for s, v in enumerate(values)]


def verdict(items, check=PSNR):
    return decide(register(), claim(check), items, [])


def trials(seeds, shift, rng):
    """Verdicts on planted differences of known sign."""
    for number in range(PLANTED):
        sign = 1 if number % 2 else -1
        small = 28 + sign * shift + rng.normal(0, SPREAD, seeds) + rng.normal(0, NOISE)
        large = 28 + rng.normal(0, SPREAD, seeds)
        found = verdict(scored("asapnet_l2", small) + scored("dncnn", large)).verdict
        yield found, "confirmed" if sign > 0 else "contradicted"


def test_planted_differences_with_one_training_each_decide_nothing():
    """117 of 600 were decided wrongly."""
    assert {found for found, _ in trials(1, SHIFT, np.random.default_rng(0))} == {"not testable here"}


def test_planted_differences_with_three_trainings_are_seldom_decided_wrongly():
    results = list(trials(3, SHIFT, np.random.default_rng(1)))
    wrong = sum(found not in (truth, "not testable here") for found, truth in results)
    assert wrong <= 0.05 / 2 * PLANTED
    assert sum(found == truth for found, truth in results) > wrong


def test_large_planted_differences_are_found():
    results = list(trials(3, 0.6, np.random.default_rng(2)))
    assert sum(found == truth for found, truth in results) > 0.9 * PLANTED


@pytest.mark.parametrize(
    ("kind", "name", "unit"), [("fid", "fid", "1"), ("segmentation", "miou", "%"), ("restoration", "psnr", "dB")]
)
def test_every_kind_of_trained_quality_is_treated_alike(kind, name, unit):
    check = KINDS[kind]

    def found(left, right):
        changes = {"kind": kind, "name": name, "dataset": check["dataset"], "unit": unit}
        sides = ((check["model"], left), (check["against"], right))
        return verdict([one for model, values in sides for one in scored(model, values, **changes)], check)

    assert found([40, 40.1, 40.2], [30, 30.1, 30.2]).verdict == "confirmed"
    for left, right in (([40], [30]), ([40, 40.1], [30, 30.1]), ([40, 40.1, 40.2], [30]), ([40], [30, 30.1, 30.2])):
        short = found(left, right)
        assert short.verdict == "not testable here" and not short.measured
        assert f"3 seeds on each side ({min(len(left), len(right))} here)" in short.missing
        assert [number.value for number in short.context_measured] == [pytest.approx(np.mean(left) - np.mean(right))]
        assert "too little" in short.context_measured[0].reasons_excluded[0]


def test_a_number_of_one_training_decides_nothing_either():
    check = {**PSNR, "combine": "value", "rule": {"equals": 28.0, "tolerance": 0.5}}
    del check["against"], check["rival"]
    assert verdict(scored("asapnet_l2", [28.0]), check).verdict == "not testable here"
    assert verdict(scored("asapnet_l2", [28.0, 28.02, 27.98]), check).verdict == "confirmed"


def test_released_weights_need_no_seed_and_have_none():
    released = scored("dncnn_released", [29.2])
    found = verdict(scored("asapnet_l2", [28.0, 28.02, 27.98]) + released, RELEASED)
    assert found.verdict == "contradicted" and found.measured[0].seeds == 3
    short = verdict(scored("asapnet_l2", [28.0]) + released, RELEASED)
    assert short.verdict == "not testable here" and "3 seeds (1 here)" in short.missing


def test_released_weights_scored_twice_are_one_number():
    check = claim(RELEASED | {"combine": "value", "against": None, "rival": None, "subject": RELEASED["rival"]}).check
    twice = summarise(check, scored("dncnn_released", [29.2, 29.3]))
    assert twice.value == pytest.approx(29.25) and twice.seeds == 0 and twice.spread is None


def test_a_run_under_two_folders_counts_once():
    """Three seeds recorded in two folders made six."""
    small, large = scored("asapnet_l2", [28.3, 28.2, 28.4]), scored("dncnn", [28.0, 28.1, 28.2])
    copied = [type(one)(one.record, f"recorded/{one.file}", one.sha256, one.command) for one in small + large]
    once, twice = verdict(small + large), verdict(small + large + copied)
    assert once.measured == twice.measured and once.verdict == twice.verdict
    assert twice.measured[0].seeds == 3


def test_a_seed_scored_twice_is_one_training():
    small = scored("asapnet_l2", [28.0, 28.0]) + scored("asapnet_l2", [28.1, 28.1], n=67)
    found = summarise(claim(PSNR).check, small)
    assert found.seeds == 2 and found.value == pytest.approx(28.05)


def test_the_spread_between_seeds_is_in_the_interval():
    narrow = verdict(scored("asapnet_l2", [28.5, 28.5, 28.5]) + scored("dncnn", [28.0] * 3))
    wide = verdict(scored("asapnet_l2", [28.2, 28.5, 28.8]) + scored("dncnn", [28.0] * 3))
    assert narrow.verdict == "confirmed" and wide.verdict == "not testable here"
    assert wide.measured[0].high - wide.measured[0].value == pytest.approx(
        np.hypot(0.04 * 2**0.5, 4.303 * 0.3 / 3**0.5), rel=1e-3
    )
    assert "seeds" in wide.missing


def test_no_more_images_are_planned_than_the_set_has():
    assert needed(0.1, 50, 0.11, 1, None, 68) == "needs 61 images (50 here)"
    assert needed(0.1, 50, 1.0, 1, None, 68) == "even all 68 images of the set leave it open"
    assert needed(0.1, 68, 0.2, 3, 0.1, 68) == "even all 68 images of the set leave it open"
    assert needed(0.1, 68, 0.05, 3, 0.1, 68) == "needs 8 seeds (3 here)"


def test_where_seeds_dominate_seeds_are_asked_for():
    text = needed(1.0, 100, 0.9, 3, 2.0, 500)
    assert "seeds" in text and "images" not in text
    assert "seeds" in needed(0.5, 500, 0.45, 3, 2.0, 500)


@pytest.mark.parametrize(("dataset", "most"), [("bsd68", 68), ("cityscapes", 500), ("set12", 12), ("cbsd68", 68)])
def test_the_register_knows_how_many_images_there_are(dataset, most):
    assert register().datasets[dataset].images == most
    needs = [e for e in register().checked if e.check.by == "measurement" and e.check.dataset == dataset]
    assert needs and all(entry.check.min_n <= most for entry in needs)


def test_no_claim_of_the_register_is_decided_by_one_seed():
    known = register()
    quality = [
        claim
        for claim in known.claims
        if claim.check.by == "measurement" and claim.check.kind in ("fid", "segmentation", "restoration")
    ]
    trained = [entry for entry in quality if not (entry.check.subject.checkpoint or entry.check.subject.method)]
    assert len(trained) > 40
    for entry in trained:
        check = entry.check
        conditions = dict(check.where)
        names = {n if isinstance(n, str) else n[0] for n in (check.model, check.against) if n}
        facts = {
            "dataset": check.dataset or "bsd68",
            "condition": conditions,
            "n": 5000,
            "protocol": check.protocol or "any",
        }
        items = [
            item(check.kind, name, check.value, 30.0, 0.01, task=check.task or "denoising", **facts) for name in names
        ]
        assert not decided(decide(known, entry, items, [])), entry.id


def test_a_plan_with_one_seed_waits_for_seeds():
    """The data are there; what lacks is trainings."""
    entry = {"kind": "bsd68"}
    train = {"task": "denoising", "dataset": "train400", "network": "dncnn", "recipe": "dncnn_s"}
    profile = {
        "title": "planned",
        "seeds": [0],
        "datasets": {"bsd68": entry, "train400": {"kind": "train400"}},
        "train": {"dncnn": train},
        "restore": {"bsd68": {"dataset": "bsd68", "sigmas": [25]}},
    }
    networks = {"dncnn": {"architecture": "dncnn"}}

    def surveyed(seeds):
        planned = plan_of({"profile": "p", "networks": networks, "profiles": {"p": profile | {"seeds": seeds}}})
        return plan.survey(planned)["claims"]

    one, three = surveyed([0]), surveyed([0, 1, 2])
    assert "D1-DNCNN-PYTORCH-25" in three["now"] and "D1-DNCNN-PYTORCH-25" not in one["now"]
    assert any(text == "3 seeds (1 here)" for text, _ in one["waiting"])


def test_one_training_under_three_seeds_is_one():
    """The same weights scored again bring no other training."""
    same = [item("fid", "asapnet", "fid", 60.0, 1.0, seed=seed, weights_sha256="a" * 64) for seed in range(3)]
    others = scored("pix2pixhd", [90, 91, 92], "fid", "fid", "cityscapes")
    found = verdict([*same, *others], KINDS["fid"])
    assert found.verdict == "not testable here" and "3 seeds on each side (1 here)" in found.missing


def test_a_training_copied_under_another_name_counts_once():
    own = scored("report_asapnet", [60, 61], "fid", "fid", "cityscapes")
    copies = [replace(i, record=i.record.model_copy(update={"model": "mine", "seed": 0})) for i in own]
    check = KINDS["fid"] | {"subject": {"architecture": "asapnet", "recipe": "report_asapnet"}}
    found = verdict([*own, *copies, *scored("pix2pixhd", [90, 91, 92], "fid", "fid", "cityscapes")], check)
    assert found.verdict == "not testable here" and "(2 here)" in found.missing


def test_a_fid_of_more_pictures_is_no_partner():
    asap = scored("asapnet", [60, 61, 62], "fid", "fid", "cityscapes")
    found = verdict([*asap, *scored("pix2pixhd", [90, 91, 92], "fid", "fid", "cityscapes", n=1000)], KINDS["fid"])
    assert found.verdict == "not testable here" and "as many images on each side" in found.missing


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"split": "train"}, "scored on the split train, not on val"),
        ({"segmenter_recipe": "drn"}, "its segmenter was trained here, by recipe drn"),
    ],
)
def test_training_pictures_and_a_segmenter_of_ones_own_decide_nothing(condition, words):
    items = scored("asapnet", [60, 61, 62], "segmentation", "miou", "cityscapes", condition=condition)
    items += scored("pix2pixhd", [50, 51, 52], "segmentation", "miou", "cityscapes", condition=condition)
    found = verdict(items, KINDS["segmentation"])
    assert found.verdict == "not testable here" and words in found.context_only[0].reasons_excluded
