"""Snakemake and DVC, in every order: exactly the jobs that are needed, and never a stale result."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.pipeline.micro import DNCNN, REPORT, Clone

LEARNING_RATE = "profiles.micro.train.dncnn.learning_rate"


def trained_with(clone: Clone) -> float:
    """The learning rate that the present DnCNN checkpoint was made with, by its manifest."""
    manifest = clone.folder / "results/micro/train/photos/dncnn/seed0/manifest.json"
    return float(json.loads(manifest.read_text())["job"]["settings"]["learning_rate"])


def test_snakemake_then_dvc_leaves_nothing_to_do(done: Clone) -> None:
    assert max(Counter(done.log()).values()) == 1, "dvc repro ran a job again"
    assert done.nothing_to_do()
    assert "up to date" in done.run("dvc", "status").stdout
    assert "fid" in done.run("dvc", "metrics", "show").stdout


def test_dvc_then_snakemake_gives_the_same(done: Clone, new_clone: Callable[[str], Clone]) -> None:
    other = new_clone("other")
    other.run("dvc", "repro")
    assert other.nothing_to_do()
    assert Counter(other.log()) == Counter(done.log())
    assert other.metrics() == done.metrics()


def test_parameter_by_snakemake_then_dvc_then_back(clone: Clone) -> None:
    clone.edit(LEARNING_RATE, 0.02)
    assert clone.jobs("snakemake", "--cores", "2", "all") == DNCNN
    assert trained_with(clone) == 0.02
    assert clone.jobs("dvc", "repro") == Counter()
    clone.edit(LEARNING_RATE, 0.001)
    assert clone.jobs("dvc", "repro") == DNCNN
    assert clone.nothing_to_do()
    assert "up to date" in clone.run("dvc", "status").stdout


def test_source_of_the_fid_step(clone: Clone) -> None:
    file = clone.folder / "src/pixelwise/evaluation/fid.py"
    os.utime(file)
    assert clone.nothing_to_do()
    file.write_text(file.read_text() + "\n# changed\n")
    expected = REPORT + Counter({"fid/asapnet": 1, "fid/real": 1})
    assert clone.jobs("snakemake", "--cores", "2", "all") == expected
    assert clone.jobs("dvc", "repro") == Counter()


def test_dry_run_changes_nothing_that_counts(clone: Clone) -> None:
    clone.edit(LEARNING_RATE, 0.02)
    clone.snakemake("-n", "all")
    clone.edit(LEARNING_RATE, 0.001)
    assert clone.jobs("snakemake", "--cores", "2", "all") == Counter()


def test_push_clone_restore_then_parameter(done: Clone, tmp_path: Path) -> None:
    first = done.copy(tmp_path / "first")
    first.run("dvc", "remote", "add", "-d", "local", str(tmp_path / "remote"))
    first.run("dvc", "push")
    first.commit("remote")
    first.run("git", "clone", "-q", str(first.folder), str(tmp_path / "second"))
    second = Clone(tmp_path / "second")
    # Parameter, dry run, then pull: the order in which a job file is older than the outputs that are not its own.
    second.edit(LEARNING_RATE, 0.02)
    second.snakemake("-n", "all")
    second.run("dvc", "pull")
    assert second.jobs("snakemake", "--cores", "2", "all") == DNCNN
    assert trained_with(second) == 0.02
    first.run("git", "clone", "-q", str(first.folder), str(tmp_path / "third"))
    third = Clone(tmp_path / "third")
    third.run("dvc", "pull")
    third.run("pixelwise", "verify")
    assert third.nothing_to_do()
    assert third.jobs("dvc", "repro") == Counter()
    third.edit(LEARNING_RATE, 0.03)
    assert third.jobs("dvc", "repro") == DNCNN
    assert trained_with(third) == 0.03


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
    assert trained_with(clone) == 0.001
    assert clone.nothing_to_do()
    shuffled = random.Random(0)
    for path in sorted(clone.folder.joinpath("results/micro").rglob("*")):
        if path.is_file():
            when = time.time() - shuffled.uniform(0, 1e7)
            os.utime(path, (when, when))
    assert clone.nothing_to_do()
    assert clone.jobs("dvc", "repro") == Counter()


def test_deleted_output_is_made_again(clone: Clone) -> None:
    (clone.folder / "results/micro/train/photos/dncnn/seed0/model.safetensors").unlink()
    assert not clone.nothing_to_do()


def test_edited_output_is_named(clone: Clone) -> None:
    file = clone.folder / "results/micro/train/photos/dncnn/seed0/loss.csv"
    file.write_text("edited")
    verified = clone.run("pixelwise", "verify", check=False)
    assert verified.returncode == 1
    assert "dncnn/seed0/loss.csv" in verified.stderr
    clone.edit("profiles.micro.restore.photos.sigmas", [15])
    refused = clone.snakemake("all", check=False)
    assert refused.returncode != 0
    assert "loss.csv" in refused.stdout + refused.stderr


def test_experiment_by_dvc(clone: Clone) -> None:
    command = ("dvc", "exp", "run", "-S", f"{LEARNING_RATE}=0.02", "dvc.yaml")
    assert clone.jobs(*command) == DNCNN
    assert clone.nothing_to_do()
    clone.run("git", "checkout", "-q", ".")
    clone.run("dvc", "checkout")
    assert trained_with(clone) == 0.001
    assert clone.nothing_to_do()


def test_kill_of_snakemake_then_unlock(clone: Clone) -> None:
    import signal
    import subprocess
    import sys

    shutil.rmtree(clone.folder / "results/micro/train/photos/dncnn")
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
        time.sleep(0.2)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    clone.snakemake("--unlock")
    clone.snakemake("all")
    assert clone.nothing_to_do()
    assert clone.jobs("dvc", "repro") == Counter()
