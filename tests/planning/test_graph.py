"""params.yaml: every profile plans, every mistake is one line that names the parameter."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pixelwise.errors import PixelwiseError
from pixelwise.planning import graph
from tests.pipeline.micro import PARAMS, ROOT

PROFILES = list(yaml.safe_load((ROOT / "params.yaml").read_text())["profiles"])


@pytest.mark.parametrize("smoke", [False, True])
@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_plans_without_data(profile: str, smoke: bool) -> None:
    plan = graph.plan(ROOT / "params.yaml", profile, smoke)
    made: set[str] = set()
    for job in plan.jobs:
        assert set(job.inputs.values()) <= made, f"{job.id} comes before what it is made from"
        made.add(job.out)
        assert job.out.split("/")[1] == plan.name == profile + ("-smoke" if smoke else "")
    assert plan.jobs[-1].id == "report"
    assert len(made) == len(plan.jobs), "two jobs write to one folder"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("profile", "papre", r"params.yaml: profile: papre; allowed: micro"),
        ("profiles.micro.train.dncnn.learnin_rate", 0.1, r"train\.dncnn\.learnin_rate.*did you mean learning_rate\?"),
        ("profiles.micro.train.dncnn.learning_rate", -1, r"train\.dncnn\.learning_rate.*greater than 0 \(found -1\)"),
        ("profiles.micro.train.dncnn.dataset", "phots", r"no data set 'phots'; allowed: streets, photos"),
        ("profiles.micro.networks.dncnn.architecture", "dncn", r"networks\.dncnn: architecture: 'dncn'; allowed: asap"),
        (
            "profiles.micro.train.dncnn.network",
            "dncn",
            r"train\.dncnn\.network: no network 'dncn'; allowed: segmenter, ",
        ),
        (
            "profiles.micro.train.dncnn.architecture",
            "dncnn",
            r"train\.dncnn: architecture; a network is described in net",
        ),
        (
            "profiles.micro.time.denoising.networks",
            ["x"],
            r"time\.denoising\.networks: no network 'x'; allowed: segmenter",
        ),
        ("profiles.micro.time.denoising.networks", ["dncnn"], r"networks: dncnn is in trained too"),
        (
            "profiles.micro.time.denoising.trained",
            ["x"],
            r"time\.denoising\.trained: no entry 'x' of train; allowed: as",
        ),
        ("profiles.micro.time.denoising.models", {}, r"time\.denoising: models; a group names networks"),
        ("profiles.micro.datasets.streets.heigth", 3, r"datasets\.streets\.heigth.*did you mean height\?"),
        (
            "profiles.micro.segment.segmenter",
            "drn",
            r"profiles\.micro\.train: no entry 'drn', which reads label maps back",
        ),
        ("profiles.micro.restore.photos.sigmas", ["loud"], r"restore\.photos\.sigmas"),
        ("profiles.micro.titel", "x", r"profiles\.micro\.titel.*did you mean title\?"),
        ("profiels", {}, r"profiels.*did you mean profiles\?"),
    ],
)
def test_mistakes_are_named(path: str, value: Any, message: str) -> None:
    config = copy.deepcopy(PARAMS)
    *parents, last = path.split(".")
    node: Any = config
    for parent in parents:
        node = node[parent]
    node[last] = value
    with pytest.raises(PixelwiseError) as caught:
        graph.plan_of(config)
    assert re.search(message, str(caught.value)), caught.value
    assert "\n" not in str(caught.value)


def test_changing_one_model_changes_no_other_job() -> None:
    changed = copy.deepcopy(PARAMS)
    changed["profiles"]["micro"]["train"]["dncnn"]["learning_rate"] = 0.5  # type: ignore[index]
    before = {job.id: job.description() for job in graph.plan_of(PARAMS).jobs}
    after = {job.id: job.description() for job in graph.plan_of(changed).jobs}
    assert [name for name in before if before[name] != after[name]] == ["train/photos/dncnn/seed0"]


def test_missing_configuration(tmp_path: Path) -> None:
    with pytest.raises(PixelwiseError, match="no such file"):
        graph.plan(tmp_path / "params.yaml")


def test_cityscapes_must_be_there_before_the_first_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CITYSCAPES_ROOT", "CITYSCAPES_USERNAME", "CITYSCAPES_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    plan = graph.plan(ROOT / "params.yaml", "paper", True)
    with pytest.raises(PixelwiseError, match="set CITYSCAPES_ROOT"):
        graph.preflight(plan, [job.id for job in plan.jobs])
    graph.preflight(plan, [])
