"""Clones, branches, experiments, caches, interruptions: never a stale result, and nothing twice."""

from __future__ import annotations

import os
import random
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import yaml

from tests.pipeline.forks import Server
from tests.pipeline.micro import DNCNN, LEARNING_RATE, ROOT, Clone


def test_clones_of_what_was_pushed(done: Clone, tmp_path: Path) -> None:
    """`make reproduce` and `make push` alone made what is pulled here."""
    second = done.cloned(tmp_path / "second")
    # Parameter, dry run, then pull: the order in which a job file is older than the outputs that are not its own.
    second.edit(LEARNING_RATE, 0.02)
    second.snakemake("-n", "all")
    second.run("dvc", "pull")
    restored = "results/micro/restore/photos/dncnn/seed0/manifest.json"
    assert second.jobs("snakemake", "--cores", "2", restored) == Counter({"train/dncnn": 1, "restore/dncnn": 1})
    assert second.learning_rate() == 0.02
    third = done.cloned(tmp_path / "third")
    third.make("restore")
    assert third.nothing_to_do()
    assert third.jobs("dvc", "repro") == Counter()


def test_the_lock_keeps_every_profile(tmp_path: Path, server: Server) -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    for stage in stages.values():  # the same stages without the work
        every = [(path, how) for entry in stage["do"]["outs"] for path, how in entry.items()]
        outs = [path for path, how in every if how.get("cache", True)]
        stage["do"] = {"cmd": [f"mkdir -p {out}" for out in outs] or ["true"], "outs": outs}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    clone = Clone(tmp_path, server)
    clone.run("dvc", "init", "--no-scm")
    for profile in ("tiny", "street", "tiny"):
        (tmp_path / "params.yaml").write_text(f"profile: {profile}\n")
        said = clone.run("dvc", "repro").stdout
    kept = yaml.safe_load((tmp_path / "dvc.lock").read_text())["stages"]
    assert {"train@tiny", "train@street", "report@tiny", "report@street"} <= set(kept)
    assert "Stage 'train@tiny' didn't change, skipping" in said


def test_hardlink_cache_branch_switch_and_shuffled_times(clone: Clone) -> None:
    clone.run("dvc", "config", "cache.type", "hardlink")
    clone.run("dvc", "checkout", "--relink")
    clone.commit("hardlink")
    clone.run("git", "checkout", "-qb", "other")
    clone.edit(LEARNING_RATE, 0.02)
    assert clone.jobs("dvc", "repro") == DNCNN
    clone.commit("other")
    clone.run("git", "checkout", "-q", "main")
    # Outputs of the other branch still lie there: they must not pass for this branch's.
    assert not clone.nothing_to_do()
    clone.run("dvc", "checkout")
    assert clone.learning_rate() == 0.001
    assert clone.nothing_to_do()
    shuffled = random.Random(0)
    for path in sorted(clone.folder.joinpath("results/micro").rglob("*")):
        if path.is_file():
            when = time.time() - shuffled.uniform(0, 1e7)
            os.utime(path, (when, when))
    assert clone.nothing_to_do()
    assert clone.jobs("dvc", "repro") == Counter()


def test_experiment_by_dvc(clone: Clone) -> None:
    command = ("dvc", "exp", "run", "-n", "faster", "-S", f"{LEARNING_RATE}=0.02", "dvc.yaml")
    assert clone.jobs(*command) == DNCNN
    assert clone.nothing_to_do()
    documented = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    for line, words in (
        ("dvc exp diff main faster", (f"params.yaml  {LEARNING_RATE}  0.001   0.02", "psnr")),
        (r"dvc exp show --only-changed --drop '^(profiles|results/[^:]*$)'", ("[faster]", "dncnn.json:psnr")),
    ):
        assert f"\n{line}  " in documented
        shown = clone.run(*shlex.split(line), COLUMNS="100").stdout
        assert all(word in shown for word in words) and "…" not in shown, shown
        assert max(map(len, shown.splitlines())) <= 100, shown
    clone.run("git", "checkout", "-q", ".")
    clone.run("dvc", "checkout")
    assert clone.learning_rate() == 0.001
    assert clone.nothing_to_do()


def test_deleted_output_is_made_again_although_snakemake_is_killed_meanwhile(clone: Clone) -> None:
    """Snakemake and the training are processes from nothing, as a user starts them; `done` was made by forks."""
    deleted = clone.folder / "results/micro/train/photos/dncnn/seed0/model.safetensors"
    content = deleted.read_bytes()
    deleted.unlink()
    assert not clone.nothing_to_do()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    running = subprocess.Popen(
        ["snakemake", "--cores", "2", "all"],
        cwd=clone.folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    before = len(clone.log())
    while len(clone.log()) == before and running.poll() is None:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert clone.log()[before:] == ["train/photos/dncnn/seed0"]
    clone.snakemake("--unlock")
    clone.snakemake("all")
    assert deleted.read_bytes() == content
    assert clone.nothing_to_do()
    assert clone.jobs("dvc", "repro") == Counter()
