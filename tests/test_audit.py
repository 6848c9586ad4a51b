"""The audit of the packages counts what was looked up: nothing found is not nothing looked for."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[1]
LOCK = """\
alpha==1.0 \\
    --hash=sha256:00
Beta_two==2.0 ; sys_platform == 'linux' \\
    --hash=sha256:00
    # via alpha
gamma==3 ; sys_platform == 'win32' \\
    --hash=sha256:00
"""


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(sys.platform != "linux", reason="the markers of the lock are for Linux")
def test_packages_of_the_lock(audit: ModuleType) -> None:
    assert audit.locked(LOCK) == {"alpha", "beta-two"}
    whole = audit.locked((ROOT / "requirements.lock").read_text())
    assert len(whole) > 150 and {"torch", "snakemake", "dvc", "numpy"} <= whole


def test_what_was_not_looked_up_is_named(audit: ModuleType) -> None:
    fine = {"name": "Alpha", "version": "1.0", "vulns": []}
    skipped = {"name": "beta_two", "skip_reason": "not found"}
    weak = {"name": "beta.two", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}
    wanted = {"alpha", "beta-two"}
    assert audit.problems({"dependencies": [fine, {**fine, "name": "beta_two"}]}, wanted) == ([], 2)
    assert audit.problems({"dependencies": [fine, skipped]}, wanted) == (["beta_two: not found"], 1)
    assert audit.problems({"dependencies": [fine]}, wanted) == (["beta-two: not in the report"], 1)
    assert audit.problems({"dependencies": []}, wanted)[1] == 0
    assert audit.problems({"dependencies": [fine, weak]}, wanted) == (["beta.two 2.0: PYSEC-1; fixed in 2.1"], 2)


def test_the_hosted_workflow_calls_what_is_here() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    commands = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    assert commands["whole"] == [".ci/run"]
    assert commands["quick"][1:] == ["make lint", ".ci/plans", "make test-fast"]
    assert commands["audit"][-1] == "python .ci/audit.py requirements.lock"
    for file in (".ci/run", ".ci/plans", ".ci/audit.py", "requirements.lock"):
        assert (ROOT / file).is_file()
