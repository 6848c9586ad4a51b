"""The same oracle over real processes: a few commands, and Snakemake's own reading of the configuration."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pixelwise.planning import graph
from tests.fuzz.oracle import PREFIX
from tests.fuzz.sandbox import OUTPUTS, Sandbox, listing
from tests.pipeline.micro import PARAMS, ROOT

MEMORY = 8 * 2**30
SECONDS = 60
HOSTILE = "__use_yte__: true\n__definitions__:\n- import os\n- os.system('touch STARTED')\n" + yaml.safe_dump(PARAMS)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    def fill(folder: Path) -> None:
        (folder / "params.yaml").write_text(yaml.safe_dump(PARAMS))
        for name in ("Snakefile", "workflow", "profiles", "src"):
            (folder / name).symlink_to(ROOT / name)

    return Sandbox(tmp_path_factory.mktemp("processes"), fill)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def process(box: Sandbox, *command: str, changes: tuple[str, ...] = OUTPUTS) -> subprocess.CompletedProcess[bytes]:
    """Run a command in the sandbox; what it changed elsewhere is an error."""
    before = listing(box.root)
    environment = {
        **{"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]), "LANG": "C.UTF-8"},
        **{"HOME": str(box.home), "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        **{name: str(box.root.parent / "cache") for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR")},
        "PIXELWISE_MIRROR": str(box.beside),
    }
    done = subprocess.run(
        command, cwd=box.clone, env=environment, capture_output=True, timeout=300, preexec_fn=_limit, check=False
    )
    assert box.changed(before, changes) == []
    return done


def refused(done: subprocess.CompletedProcess[bytes], name: str) -> None:
    """Status 2 and one line that holds a name."""
    text = done.stderr.decode()
    assert done.returncode == 2, text[-2000:]
    assert text.startswith(PREFIX) and text.count("\n") == 1 and text.strip().isprintable() and name in text, text


def test_names_that_are_no_text(box: Sandbox) -> None:
    box.reset()
    python = (sys.executable, "-m", "pixelwise")
    refused(process(box, *python, "table", os.fsdecode(b"caf\xe9\x1b[31m")), "caf")
    refused(process(box, *python, "verify", "--config", os.fsdecode(b"\xff.yaml")), ".yaml")


def test_a_job_that_leads_elsewhere(box: Sandbox) -> None:
    box.reset()
    job = next(job for job in graph.plan_of(PARAMS).jobs if job.id == "fetch/photos")
    file = box.clone / job.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"job": job.description() | {"out": "../beside"}}))
    refused(process(box, sys.executable, "-m", "pixelwise", "fetch", str(file.relative_to(box.clone))), "photos.json")


def test_a_document_as_deep_as_a_well(box: Sandbox) -> None:
    box.reset()
    (box.clone / "params.yaml").write_text("[" * 200_000)
    refused(process(box, sys.executable, "-m", "pixelwise", "verify"), "params.yaml")


@pytest.mark.parametrize("text", [HOSTILE, yaml.safe_dump({**PARAMS, "profile": "$(touch STARTED)"})])
def test_snakemake_reads_data_alone(box: Sandbox, text: str) -> None:
    box.reset()
    (box.clone / "params.yaml").write_text(text)
    done = process(box, "snakemake", "-n", "all", changes=(".snakemake",))
    assert done.returncode != 0
    assert b"pixelwise: error: " in done.stderr and b"Traceback" not in done.stderr, done.stderr
