"""params.yaml as DVC writes it: `dvc exp run -S` changes the asked line alone; the shipped profiles stay out of git."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.utils.hydra import apply_overrides
from dvc.utils.serialize import modify_yaml

from pixelwise.planning import graph
from tests.pipeline.micro import ROOT

FILE = ROOT / "params.yaml"
PROFILES = list(yaml.safe_load(FILE.read_text(encoding="utf-8"))["profiles"])


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copyfile(FILE, tmp_path / "params.yaml"))


def test_it_is_written_as_dvc_writes_it(copied: Path) -> None:
    with modify_yaml(copied):
        pass
    assert copied.read_bytes() == FILE.read_bytes()
    apply_overrides(copied, ["smoke=true"])  # here DVC makes every list and table anew
    apply_overrides(copied, ["smoke=false"])
    assert copied.read_bytes() == FILE.read_bytes()


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("profile=street", "profile: street"),
        ("smoke=true", "smoke: true"),
        ("profiles.tiny.train.dncnn_narrow.steps=3", "        steps: 3"),
        ("profiles.street.defaults.train.translation.batch=4", "          batch: 4"),
        ("profiles.street.seeds=[7,1]", "    - 7"),
        ("profiles.tiny.restore.photos.sigmas=[15]", "      photos: {dataset: photos, sigmas: [15], bm3d_limit: 1}"),
        ("defaults.time.translation.warmup=3", "      warmup: 3"),
        ("networks.asapnet_s32.options.tile=8", "  asapnet_s32: {architecture: asapnet, options: {tile: 8}}"),
        (
            "profiles.tiny.networks.dncnn_narrow.options.depth=4",
            "      dncnn_narrow: {architecture: dncnn, options: {depth: 4, width: 32}}",
        ),
    ],
)
def test_an_override_changes_its_own_line(copied: Path, override: str, line: str) -> None:
    apply_overrides(copied, [override])
    before, after = (file.read_text(encoding="utf-8").splitlines() for file in (FILE, copied))
    assert len(before) == len(after)
    assert [new for old, new in zip(before, after, strict=True) if new != old] == [line]


def test_an_override_of_a_shared_value_reaches_every_job(copied: Path) -> None:
    apply_overrides(copied, ["profiles.street.defaults.train.translation.presentations=800"])
    chosen = [job for job in graph.plan(copied, "street").jobs if job.kind == "adversarial"]
    assert len(chosen) == 6 and {job.settings.presentations for job in chosen} == {800}  # type: ignore[attr-defined]


def test_dvc_watches_all_that_a_profile_inherits() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert all(stage["foreach"] == ["${profile}"] for stage in stages.values())
    watched = [stage["do"]["params"] for name, stage in stages.items() if name != "inputs"]
    assert watched == [["defaults", "networks", "profiles.${profile}"]] * 4


@pytest.mark.parametrize("profile", [*PROFILES, "of-a-user"])
def test_what_a_run_writes_is_ignored_by_git(profile: str) -> None:
    name = PROFILES[0] if profile == "of-a-user" else profile
    files = [job.manifest for smoke in (False, True) for job in graph.plan(FILE, name, smoke).jobs]
    files += [f"logs/{name}/x.log", f"work/{name}/x", f"results/{name}/run.jsonl"]
    files = [file.replace(f"/{name}", f"/{profile}", 1) for file in files]
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT,
        input="\n".join(files),
        capture_output=True,
        text=True,
    )
    assert asked.stdout.splitlines() == files


def test_what_git_keeps_is_not_ignored() -> None:
    kept = ["results/recorded/of-a-user/report/index.html", "results/bench/gpu/metrics.json"]
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT,
        input="\n".join(kept),
        capture_output=True,
        text=True,
    )
    assert asked.stdout == ""


def test_the_example_of_the_manual_plans() -> None:
    (example,) = re.findall(
        r"```yaml\n(networks:.*?)```", (ROOT / "docs/pipeline.md").read_text(encoding="utf-8"), re.S
    )
    jobs = {job.id: job for job in graph.plan_of(yaml.safe_load(example) | {"profile": "mine"}).jobs}
    settings: Any = jobs["train/pictures/asapnet/seed0"].settings
    assert settings.batch == 8 and jobs["time/speed"].settings.models["asapnet"].options["width"] == 32  # type: ignore[attr-defined]
