"""The Makefile hands over what it was given, word by word; nothing in it is run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.pipeline.micro import ROOT

EVIL = [
    "$(touch x)",
    "$(shell touch x)",
    "a; touch x",
    "`touch x`",
    "a' 'b",
    '"; touch x; "',
    "a b",
    "$HOME",
    "../../x",
]
RECORDER = '#!/bin/sh\n{ echo "${0##*/}"; printf "<%s>\\n" "$@"; } >> "$CALLS"\n'
"""In place of the programs that the recipes call: it notes its arguments, one a line."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder, with a blank in its path, that looks installed."""
    folder = tmp_path / "a clone"
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("snakemake", "pixelwise", "dvc"):
        program = folder / ".venv" / "bin" / name
        program.write_text(RECORDER)
        program.chmod(0o755)
    return folder


def make(folder: Path, *arguments: str, **variables: str) -> tuple[int, list[str]]:
    """Exit status of a `make`, and what it called."""
    calls = folder.parent / "calls"
    calls.unlink(missing_ok=True)
    environment = {**os.environ, "CALLS": str(calls), **variables}
    command = ["make", "-o", ".venv/installed", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, calls.read_text().splitlines() if calls.exists() else []


@pytest.mark.parametrize("evil", EVIL)
def test_what_is_given_is_handed_over(folder: Path, evil: str) -> None:
    config = ["<--config>", f"<profile={evil}>", "<smoke=true>"]
    status, called = make(folder, "reproduce", f"PROFILE={evil}", f"CORES={evil}", "SMOKE=1")
    assert (status, called) == (0, ["snakemake", "<--cores>", f"<{evil}>", "<all>", *config])
    status, called = make(folder, "record", "verify", "figures", PROFILE=evil)
    profile = ["<--profile>", f"<{evil}>"]
    recorded = ["pixelwise", "<record>", *profile, "pixelwise", "<readme>"]
    figures = ["pixelwise", "<figures>", f"<results/{evil}/jobs/figures.json>"]
    assert (status, called) == (0, [*recorded, "pixelwise", "<verify>", *profile, *figures])
    assert {path.name for path in folder.iterdir()} == {"Makefile", ".venv"}


def test_what_is_not_given(folder: Path) -> None:
    status, called = make(folder, "reproduce", PROFILE="", CORES="", SMOKE="")
    assert (status, called) == (
        0,
        ["snakemake", "<--cores>", "<all>", "<all>", "<--config>", "<profile=tiny>", "<smoke=false>"],
    )
    assert make(folder, "reproduce", "SMOKE=$(shell touch x)") == (2, [])
    assert not (folder / "x").exists()


@pytest.mark.parametrize("evil", ["tiny", *EVIL])
def test_an_unfinished_run_ends_with_its_page_and_fails(folder: Path, evil: str) -> None:
    given = ["<--cores>", "<all>", "<all>", "<--config>", f"<profile={evil}>", "<smoke=true>"]
    whole = make(folder, "reproduce", f"PROFILE={evil}", "SMOKE=1", "PARTIAL=1")
    assert whole == (0, ["snakemake", "<--keep-going>", *given])
    (folder / ".venv" / "bin" / "snakemake").write_text(f"{RECORDER}exit 3\n")
    page = ["pixelwise", "<partial>", "<--profile>", f"<{evil}>", "<--smoke>"]
    failed = make(folder, "reproduce", f"PROFILE={evil}", "SMOKE=1", "PARTIAL=1")
    assert failed == (2, ["snakemake", "<--keep-going>", *given, *page])
    assert make(folder, "reproduce", f"PROFILE={evil}", "SMOKE=1") == (2, ["snakemake", *given])
    assert make(folder, "reproduce", "PARTIAL=$(shell touch x)") == (2, [])


@pytest.mark.parametrize("evil", ["", "tiny", *EVIL])
def test_push_and_restore_follow_params_yaml_and_refuse_another_profile(folder: Path, evil: str) -> None:
    active = ["pixelwise", "<active>", *(["<--profile>", f"<{evil}>"] if evil else [])]
    verify, repro = ["pixelwise", "<verify>", "<--no-smoke>"], ["dvc", "<repro>", "dvc", "<push>"]
    assert make(folder, "push", PROFILE=evil) == (0, [*active, *verify, *repro])
    assert make(folder, "restore", PROFILE=evil) == (0, [*active, "dvc", "<pull>", *verify])
    (folder / ".venv" / "bin" / "pixelwise").write_text(f"{RECORDER}exit 2\n")
    assert make(folder, "push", PROFILE=evil) == (2, active)


def test_locks_say_that_make_wrote_them() -> None:
    locks = {path.name: path.read_text() for path in ROOT.glob("requirements*.lock")}
    parts = re.search(r"for part in ([a-z0-9 -]+);", (ROOT / "Makefile").read_text())
    assert parts and set(locks) == {"requirements.lock", *(f"requirements-{part}.lock" for part in parts[1].split())}
    for name, text in locks.items():
        assert set(re.findall(r" -[cr] (\S+)", text)) <= {".venv/whole.lock"}, name
