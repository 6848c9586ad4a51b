"""What a record says of what was run: from the training, the conversion, or the settings of a timing."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

from pixelwise.artifacts import as_made, write_json, write_manifest
from pixelwise.data.published_weights import ELSEWHERE, WEIGHTS, hash_of, name_of
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import inspect_networks, subjects
from pixelwise.models import declarations, registry
from pixelwise.models.network_options import defaults, for_images, network_digest, plain
from pixelwise.record import Record, Records, read_records
from pixelwise.settings.claims import ArchitectureSettings
from pixelwise.settings.evaluation import TimeSettings


@pytest.mark.parametrize("name", declarations.models())
def test_defaults_read_from_the_source_are_those_of_the_network(name):
    parameters = inspect.signature(registry.factory(name)).parameters
    given = {key: plain(p.default) for key, p in parameters.items() if p.default is not inspect.Parameter.empty}
    assert defaults(name) == given


def test_equal_networks_have_one_digest_however_their_options_are_written():
    assert network_digest("dncnn", {}) == network_digest("dncnn", {"depth": 17, "width": 64})
    assert network_digest("dncnn", {}) != network_digest("dncnn", {"depth": 18})
    assert network_digest("asapnet", {}) != network_digest("asapnet", {"num_labels": 12})
    assert subjects.built("dncnn", {"depth": 17}) == subjects.built("dncnn", {})
    assert subjects.built("asapnet", {"tile": 32, "width": 64}).options == {"tile": 32}


def made(folder: Path, **facts) -> tuple[Path, dict]:
    options = facts.pop("options", {"channels": 1})
    write_json(folder / "training.json", {"short": False, "architecture": "dncnn", "options": options} | facts)
    write_manifest(folder, {"id": "train/x"}, {})
    return folder, {"name": "dncnn", "options": options}


def deviation(name: str, here) -> dict:
    return {"name": name, "published": "other", "here": here}


def test_a_training_tells_recipe_deviations_and_where_it_comes_from(tmp_path):
    known = [deviation("batch", 8), deviation("options.depth", 7), deviation("options.channels", 1)]
    known += [deviation(name, here) for name, _, here in declarations.recipes("restoration")["dncnn_s"].gaps]
    assert len(known) > 3
    facts = {"recipe": "dncnn_s", "options": {"depth": 7}, "dataset": {"kind": "train400"}}
    run = subjects.trained(*made(tmp_path / "a", deviations=known, **facts))
    assert run.data == "train400"
    assert (run.architecture, run.options, run.recipe) == ("dncnn", {"depth": 7}, "dncnn_s")
    assert run.deviations == {"batch": 8, "options.channels": 1}
    assert run.training == as_made(tmp_path / "a/manifest.json")
    plain_one = subjects.trained(*made(tmp_path / "b", recipe="dncnn_s"))
    assert plain_one.deviations == {} and plain_one.digest != run.digest
    assert plain_one.digest == plain_one.model_copy(update={"training": "0" * 64}).digest


def test_released_weights_are_known_by_their_hash(tmp_path):
    sha256 = WEIGHTS["dncnn_25"].sha256
    official = {"file": "mine.pth", "sha256": sha256, "name": "whatever"}
    run = subjects.trained(*made(tmp_path / "a", recipe="official weights", official=official))
    assert (run.weights, run.weights_sha256, run.recipe) == ("dncnn_25", sha256, None)
    run = subjects.trained(*made(tmp_path / "b", official=official | {"sha256": "1" * 64, "name": "dncnn_25"}))
    assert (run.weights, run.weights_sha256) == (None, "1" * 64)


def test_facts_of_another_network_are_refused(tmp_path):
    folder, info = made(tmp_path / "a", recipe="dncnn_s")
    with pytest.raises(PixelwiseError, match=r"training.json: dncnn .*; the checkpoint beside is dncnn"):
        subjects.trained(folder, info | {"options": {"depth": 5}})
    write_json(folder / "training.json", {"short": False})
    assert subjects.trained(folder, info) == subjects.built("dncnn", {}, training=as_made(folder / "manifest.json"))


def test_hashes_of_published_weights_are_hashes_of_one_file_each():
    known = [found for name in (*WEIGHTS, *ELSEWHERE) if (found := hash_of(name))]
    assert len(set(known)) == len(known) and all(re.fullmatch("[0-9a-f]{64}", found) for found in known)
    assert name_of(known[0]) == "inception" and name_of("0" * 64) is None


def test_a_noise_level_of_its_own_is_no_deviation_and_another_is_one():
    run = subjects.built("dncnn", {}, recipe="dncnn_s", deviations={"sigma": 15.0})
    assert subjects.at_level(run, 15.0, 15).deviations == {}
    assert subjects.at_level(run, 15.0, 25).deviations == {"sigma": 15.0}
    usual = subjects.built("dncnn", {}, recipe="dncnn_s")
    assert subjects.at_level(usual, 25.0, 15).deviations == {"sigma": 25.0}
    blind = subjects.built("dncnn", {"depth": 20}, recipe="dncnn_b")
    assert subjects.at_level(blind, [0.0, 55.0], 15).deviations == {}


def test_timed_networks_are_known_by_their_options():
    settings = TimeSettings.model_validate(
        {
            "name": "g",
            "task": "denoising",
            "models": {"x": {"architecture": "dncnn"}, "dncnn": {"architecture": "asapnet", "options": {"tile": 32}}},
            "ratios": [("x", "dncnn")],
            "baselines": ["bm3d"],
        }
    )
    found = subjects.timed(settings, "x/dncnn", "optimised")
    assert found["subject"].architecture == "dncnn" and found["subject"].options == {}
    gray = {"dense_channels": 1, "instance_edge": False, "output_channels": 1}
    assert found["rival"].options == gray | {"tile": 32} and found["rival"].treatment == "optimised"
    assert subjects.timed(settings, "bm3d", "eager") == {"subject": subjects.method("bm3d"), "rival": None}
    assert subjects.timed(settings, "x")["subject"].treatment is None
    assert for_images("dncnn", 3) == {"channels": 3}


def test_inspected_networks_have_the_options_of_their_size(tmp_path):
    settings = ArchitectureSettings(architecture="pix2pixhd_global", sizes=[(512, 1024)], against=["asapnet"])
    inspect_networks.run(settings, {}, tmp_path, tmp_path)
    pair = next(record for record in read_records(tmp_path / "metrics.json") if "/" in record.model)
    assert pair.subject.architecture == "pix2pixhd_global" and pair.subject.options == {}
    assert pair.rival.architecture == "asapnet" and pair.rival.options == {"tile": 32}


def test_records_without_subjects_still_read(tmp_path):
    facts = {"kind": "fid", "task": "translation", "model": "a", "dataset": "d", "protocol": "p", "n": 2}
    record = Record(**facts, synthetic=False, short=False, values={"fid": {"value": 1.0, "unit": "1"}})
    document = json.loads(Records(records=[record]).model_dump_json())
    for entry in document["records"]:
        del entry["subject"], entry["rival"]
    write_json(tmp_path / "metrics.json", document)
    assert read_records(tmp_path / "metrics.json")[0].subject is None
