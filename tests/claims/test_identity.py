"""Evidence is what was run: architecture, options, recipe or hash. Names of entries decide nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pixelwise.claims import predicted_records, predicted_runs
from pixelwise.claims.checks import Measurement, Ran
from pixelwise.claims.claim_schema import register
from pixelwise.claims.evidence import unique
from pixelwise.claims.verdicts import decide, decide_all
from pixelwise.data.published_weights import WEIGHTS
from pixelwise.evaluation import subjects
from pixelwise.models import declarations
from pixelwise.models.network_options import FROM_DATA, defaults
from pixelwise.planning.graph import plan
from pixelwise.record import Run
from pixelwise.settings.training import DenoisingSettings, deviations

from .conftest import GRAY, RELEASED, item

KNOWN = register()
DNCNN = "D1-DNCNN-PYTORCH-25"


def psnr(name="whatever", value=29.24, **changes):
    return item("restoration", name, "psnr", value, 0.02, dataset="bsd68", **changes)


def found(claim, *items):
    return decide(KNOWN, KNOWN.claim(claim), list(items), [])


def subject(**facts):
    return {"subject": Run(**facts)}


RIGHT = {"architecture": "dncnn", "recipe": "dncnn_s", "data": "train400"}


def test_the_same_network_decides_under_any_name():
    for name in ("dncnn", "my_favourite"):
        assert found(DNCNN, *(psnr(name, seed=seed, **subject(**RIGHT)) for seed in range(3))).verdict == "confirmed"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (RIGHT | {"options": {"depth": 7}}, "depth 7, not 17"),
        (RIGHT | {"options": {"width": 32}}, "width 32, not 64"),
        (RIGHT | {"recipe": "kair"}, "recipe kair, not dncnn_s"),
        ({"architecture": "dncnn", "data": "train400"}, "recipe unknown, not dncnn_s"),
        (RIGHT | {"deviations": {"steps": 9, "batch": 8}}, "deviates from recipe dncnn_s: steps 9, batch 8"),
        (RIGHT | {"data": "photos"}, "trained on photos, not on train400"),
        (RIGHT | {"method": "windows"}, "applied by windows, not to whole images"),
        (
            {"architecture": "dncnn", "weights_sha256": "1" * 64, "data": "train400"},
            "released weights, not a training by dncnn_s",
        ),
    ],
)
def test_the_name_of_an_entry_decides_nothing(facts, reason):
    finding = found(DNCNN, psnr("dncnn", **subject(**facts)))
    assert finding.verdict == "not testable here" and not finding.evidence
    assert finding.context_only[0].reasons_excluded == [reason]


@pytest.mark.parametrize(("precision", "verdict"), [("fp32", "confirmed"), ("bf16", "not testable here")])
def test_a_training_in_another_arithmetic_deviates(precision, verdict):
    trained = DenoisingSettings(architecture="dncnn", recipe="dncnn_s", precision=precision)
    changed = subjects.deviations("dncnn_s", {name: here for name, _, here in deviations(trained)})
    finding = found(DNCNN, *(psnr(seed=seed, **subject(**RIGHT, deviations=changed)) for seed in range(3)))
    assert finding.verdict == verdict
    if precision == "bf16":
        assert finding.context_only[0].reasons_excluded == ["deviates from recipe dncnn_s: precision bf16"]


@pytest.mark.parametrize("facts", [{"architecture": "asapnet", "recipe": "dncnn_s"}, {"method": "bm3d"}])
def test_another_architecture_under_that_name_is_not_even_shown(facts):
    finding = found(DNCNN, psnr("dncnn", **subject(**facts)))
    assert finding.verdict == "not testable here"
    assert not finding.evidence and not finding.context_only


def test_a_record_that_does_not_say_what_was_run_stands_beside():
    finding = found(DNCNN, psnr("dncnn", subject=None))
    assert finding.verdict == "not testable here"
    assert finding.context_only[0].reasons_excluded == ["its file does not say what was run"]
    assert not found(DNCNN, psnr("another", subject=None)).context_only


def test_released_weights_decide_by_their_hash():
    merged = {"architecture": "dncnn", "options": {"variant": "merged"}}
    right = psnr("anything", 29.23, **subject(**merged, weights_sha256=RELEASED))
    assert found("D1-DNCNN-S-25", right).verdict == "confirmed"
    wrong = psnr("dncnn_25", 29.23, **subject(**merged, weights="dncnn_25", weights_sha256="2" * 64))
    finding = found("D1-DNCNN-S-25", wrong)
    assert finding.context_only[0].reasons_excluded == ["not the released weights dncnn_25"]
    trained = psnr("dncnn_released", 29.23, **subject(**RIGHT))
    assert not found("D1-DNCNN-S-25", trained).evidence


def test_a_pair_is_known_by_both_its_networks():
    def ratio(name="x/y", rival=None, **changes):
        a = Run(architecture="dncnn", treatment="published")
        b = Run(**{"architecture": "asapnet", "options": GRAY, "treatment": "published"} | (rival or {}))
        made = {"task": "denoising", "dataset": "random", "subject": a, "rival": b, **changes}
        return item("latency", name, "ratio", 2.0, 0.02, **made)

    assert found("S-SPD-6", ratio()).measured
    assert not found("S-SPD-6", ratio("dncnn/asapnet", {"options": GRAY | {"width": 8}})).measured
    assert not found("S-SPD-6", ratio("dncnn/asapnet", {"architecture": "spade"})).context_only
    optimised = Run(architecture="dncnn", treatment="optimised")
    assert not found("S-SPD-6", ratio("dncnn/asapnet", {"treatment": "optimised"}, subject=optimised)).measured
    turned = ratio("dncnn/asapnet")
    swapped = turned.record.model_copy(update={"subject": turned.record.rival, "rival": turned.record.subject})
    assert not found("S-SPD-6", turned.__class__(swapped)).measured


def test_recipes_belong_to_their_architectures():
    def fid(architecture, recipe):
        made = [subject(architecture=architecture, recipe=recipe, data="cityscapes") for _ in range(3)]
        return [item("fid", "pix2pixhd", "fid", 75.0, 0.5, seed=s, **facts) for s, facts in enumerate(made)]

    name = "P-F-CS256-PIX2PIXHD-FID"
    for architecture, recipe in (("pix2pixhd_global", "pix2pixhd"), ("spade_pix2pixhd", "spade_pix2pixhd")):
        assert found(name, *fid(architecture, recipe)).measured
    for architecture, recipe in (("spade_pix2pixhd", "pix2pixhd"), ("spade_pix2pixhd", "asapnet")):
        assert not found(name, *fid(architecture, recipe)).measured


def test_a_translator_was_trained_on_the_claims_data():
    def fids(data):
        facts = subject(architecture="asapnet", recipe="asapnet", data=data)
        return [item("fid", "x", "fid", 70.0, 0.5, seed=s, **facts) for s in range(3)]

    assert found("P-F-CS256-ASAP-FID", *fids("cityscapes")).measured
    assert not found("P-F-CS256-ASAP-FID", *fids("camvid")).measured


def test_options_of_the_data_are_the_datas_affair_in_scores_alone():
    trained = {"architecture": "asapnet", "recipe": "asapnet", "data": "cityscapes"}
    own = [subject(**trained, options={"num_labels": 34}) for _ in range(3)]
    drawn = [item("fid", "x", "fid", 70.0, 0.5, seed=s, **facts) for s, facts in enumerate(own)]
    assert found("P-F-CS256-ASAP-FID", *drawn).measured
    set_off = subject(**trained, options={"instance_edge": False}, deviations={"options.instance_edge": False})
    off = [item("fid", "x", "fid", 70.0, 0.5, seed=s, **set_off) for s in range(3)]
    assert not found("P-F-CS256-ASAP-FID", *off).measured


def test_a_run_counted_once_whatever_folder_holds_it():
    made = [item("fid", "report_asapnet", "fid", 70.0 + s, 0.5, seed=s) for s in range(3)]
    copies = [one.__class__(one.record, f"recorded/{one.file}") for one in made]
    assert len(unique([*made, *copies])) == 3
    once, twice = (
        next(finding for finding in decide_all(KNOWN, items) if finding.id == "S-FID-1")
        for items in (made, made + copies)
    )
    assert once.measured == twice.measured and once.measured[0].seeds == 3
    assert len(twice.evidence) == 3


def entries():
    return [entry for entry in KNOWN.checked if isinstance(entry.check, Measurement)]


def test_every_measurement_names_what_must_be_run():
    for entry in entries():
        check = entry.check
        assert check.subject != Ran(), entry.id
        paired = check.against is not None or "/" in str(check.model)
        assert (check.rival is not None and check.rival != Ran()) == paired, entry.id
        for what in (check.subject, *([check.rival] if check.rival else [])):
            for name in [what.architecture] if isinstance(what.architecture, str) else what.architecture or []:
                assert set(what.options) <= set(defaults(name)), entry.id
            groups = [group for model in declarations.models().values() for group in model.recipes.values()]
            for name in [what.recipe] if isinstance(what.recipe, str) else what.recipe or []:
                assert any(name in group for group in groups), (entry.id, name)


def test_options_that_follow_from_data_are_options():
    known = {option for name in declarations.models() for option in defaults(name)}
    assert known >= FROM_DATA


@pytest.mark.parametrize("profile", ["paper", "street", "tiny"])
def test_a_plan_knows_what_it_would_run(profile):
    jobs = list(plan(Path("params.yaml"), profile).jobs)
    by_out = {job.out: job for job in jobs}
    scored = [job for job in jobs if job.kind in ("fid", "segment", "restore") and job.settings.name != "baselines"]
    runs = {job.id: predicted_runs.scored(job, by_out) for job in scored}
    assert runs and all(runs.values())
    if profile == "paper":
        released = runs["restore/bsd68/dncnn_released/seed0"]
        assert released.weights_sha256 == WEIGHTS["dncnn_25"].sha256
        assert runs["fid/cityscapes/asapnet/seed0"].deviations == {}
        assert runs["fid/cityscapes/asapnet/seed0"].data == "cityscapes"
    if profile == "tiny":
        assert "presentations" in runs["fid/streets/asapnet/seed0"].deviations
    items = predicted_records.records(jobs, KNOWN)
    assert all(one.record.subject is not None for one in items)


def test_judging_reads_no_torch():
    source = Path(predicted_runs.__file__).read_text()
    assert "torch" not in {alias.name for node in ast.walk(ast.parse(source)) for alias in getattr(node, "names", [])}


def test_the_kind_of_the_data_decides_and_not_what_its_entry_is_called():
    known = register()

    def found(**data):
        items = [
            item("fid", model, "fid", value, 1.0, seed=seed, **data)
            for model, value in (("report_asapnet", 60), ("report_pix2pixhd", 90))
            for seed in range(3)
        ]
        return decide(known, known.claim("S-FID-3"), items, [])

    assert found(dataset="mine", data="cityscapes").verdict == found().verdict == "contradicted"
    other = found(dataset="cityscapes", data="custom")
    assert other.verdict == "not testable here"
    assert "measured on custom, not on cityscapes" in other.context_only[0].reasons_excluded
