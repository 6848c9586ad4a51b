"""Packages are part of validity: exactly the jobs that compute with another version are stale, and the lock is held."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pixelwise.artifacts import read_manifest
from pixelwise.errors import PixelwiseError
from pixelwise.planning import code, environment, execute, graph, staleness
from pixelwise.planning.graph import Plan
from tests.pipeline.micro import PARAMS, ROOT
from tests.planning.finished import TRAIN, make, named, plan, planting

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    yield from planting(tmp_path / "site", monkeypatch)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    (tmp_path / "clone").mkdir()
    monkeypatch.chdir(tmp_path / "clone")
    made = plan()
    make(made)
    return made


def stale_steps(run: Plan) -> set[str]:
    return {job.split("/")[0] for job in staleness.stale(run.jobs)}


WHO: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "matplotlib": (("matplotlib",), {"figures", "report"}),
    "scikit-image": (("skimage",), {"restore", "time", "summarise", "judge", "figures", "report"}),
    "bm4d": (("bm4d",), {"restore", "time"}),
    "clean-fid": (("cleanfid",), {"fid"}),
    "PyYAML": (("yaml",), {"judge", "figures", "report"}),
    "jinja2": (("jinja2",), {"report"}),
    **{name: ((name,), set()) for name in ("pytest", "rich", "typer", "pydantic", "psutil", "snakemake", "triton")},
}


@pytest.mark.parametrize(("name", "modules", "steps"), [(name, *who) for name, who in WHO.items()], ids=WHO)
def test_another_version_makes_exactly_its_jobs_stale(
    run: Plan, install: Install, name: str, modules: tuple[str, ...], steps: set[str]
) -> None:
    assert stale_steps(run) == set()
    install(name, "99.1", *modules)
    assert stale_steps(run) == steps


def test_a_data_step_counts_its_packages(run: Plan, install: Install) -> None:
    install("pillow", "99.1", "PIL")
    assert {"fetch", "prepare", "generate", "report"} <= stale_steps(run)
    assert "inspect" not in stale_steps(run)


def test_another_build_of_a_version_is_the_same(run: Plan, install: Install) -> None:
    install("torch", "2.11.0+cu130")
    assert stale_steps(run) == set()
    assert environment.differences(job.entries for job in run.jobs) == ()


def test_the_manifest_holds_the_build_and_the_job_file_does_not(run: Plan, install: Install, tmp_path: Path) -> None:
    install("torch", "2.11.0+cu130")
    job = named(run, "fetch/streets")
    shutil.rmtree(job.out)
    staleness.prepare(run.jobs)
    command = [sys.executable, "-m", "pixelwise", "fetch", job.file]
    path = {**os.environ, "PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{ROOT / 'src'}"}
    subprocess.run(command, env=path, capture_output=True, check=True)
    assert read_manifest(job.manifest)["job"]["packages"]["torch"] == "2.11.0+cu130"
    assert json.loads(Path(job.file).read_text())["job"]["packages"]["torch"] == "2.11.0"
    assert staleness.valid(job)


def test_a_job_file_for_another_version_is_refused(run: Plan, install: Install) -> None:
    staleness.prepare(run.jobs)
    install("numpy", "99.1")
    with pytest.raises(PixelwiseError, match=r"written for another version of numpy; run snakemake again$"):
        execute.execute(Path(named(run, TRAIN).file), "train")


def test_what_is_installed_here_is_what_is_locked() -> None:
    for name in yaml.safe_load((ROOT / "params.yaml").read_text())["profiles"]:
        jobs = graph.plan(ROOT / "params.yaml", name).jobs
        assert environment.differences(job.entries for job in jobs) == ()


@pytest.mark.parametrize("version", ["2.4.5", "2.4.6.post1", "3"])
def test_another_version_than_the_locked_one_is_refused_in_one_line(install: Install, version: str) -> None:
    install("numpy", version)
    found = environment.differences([["pixelwise.data.prepare"]])
    locked = environment.locked()["numpy"]
    assert found == (f"numpy {version} is installed, and {locked} is locked",)
    with pytest.raises(PixelwiseError) as caught:
        environment.check(found, "locked")
    line = str(caught.value)
    assert line.startswith(f"requirements.lock: {found[0]}; install what it lists") and "\n" not in line
    assert "'environment: any' in params.yaml" in line
    environment.check(found, "any")
    unlocked = named(plan(environment="any"), "report").settings.model_dump()["unlocked"]
    assert unlocked == found


def test_what_is_missing_or_not_locked_is_named(install: Install, tmp_path: Path, monkeypatch: Any) -> None:
    lock = tmp_path / "lock"
    lock.write_text(
        "numpy==1.0 ; python_full_version < '3.9' \\\n    --hash=sha256:00\n"
        f"numpy=={environment._installed('numpy')} ; python_full_version >= '3.9' \\\n    # via x\n"
    )
    monkeypatch.setattr(environment, "LOCK", lock)
    environment.locked.cache_clear()
    monkeypatch.setattr(environment, "_holders", lambda: {"numpy": ("numpy",), "pandas": ("pandas",)})
    monkeypatch.setattr(code, "foreign", lambda entries: frozenset({"numpy", "pandas", "absent"}))
    found = environment.differences([["x"]])
    version = environment._installed("pandas")
    assert found == (
        "absent is not installed, and none is locked",
        f"pandas {version} is installed, and none is locked",
    )
    with pytest.raises(PixelwiseError, match=r"absent is not installed, and none is locked \(and 1 more\); "):
        environment.check(found, "locked")


def test_only_two_rules_are_known() -> None:
    assert plan().environment == "locked"
    with pytest.raises(PixelwiseError, match=r"^params\.yaml: environment: .*'locked' or 'any'"):
        plan(environment="none")


PROGRAM = """
import sys, time
from pathlib import Path
from pixelwise.planning import code, graph
began = time.process_time()
jobs = graph.plan(Path(sys.argv[1]), "paper").jobs
described = [job.description() for job in jobs]
assert len(jobs) > 100 and all(job["packages"] for job in described)
print(time.process_time() - began, *sorted({"numpy", "torch", "PIL", "pandas"} & set(sys.modules)))
code.keep()
"""


def test_planning_asks_for_versions_in_no_time_and_imports_none(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(ROOT / "params.yaml")]
    for _ in range(2):
        words = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
    assert words[1:] == []
    assert float(words[0]) < 0.3


DESCRIBED = """
import json, sys
from pixelwise.planning import graph
print(json.dumps([job.description() for job in graph.plan_of(json.loads(sys.argv[1])).jobs]))
"""


def test_comments_and_docstrings_everywhere_make_nothing_stale(tmp_path: Path) -> None:
    copy = tmp_path / "src" / "pixelwise"
    shutil.copytree(code.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in copy.rglob("*.py"):
        path.write_text(path.read_text() + '\n\n# A remark.\n"And a string of its own."\n')
    command = [sys.executable, "-c", DESCRIBED, json.dumps(PARAMS)]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(copy.parent)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for found, job in zip(json.loads(done.stdout), plan().jobs, strict=True):
        description = json.loads(json.dumps(job.description()))
        if job.kind == "report":  # the copy has no lock beside it
            assert found["settings"].pop("unlocked") and description["settings"].pop("unlocked") == []
        assert found == description


def test_every_stage_of_dvc_depends_on_the_lock_and_on_what_is_installed() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    assert stages.pop("inputs")["do"]["always_changed"]
    for stage in stages.values():
        assert {"requirements.lock", "work/inputs/${profile}.json"} <= set(stage["do"]["deps"])
