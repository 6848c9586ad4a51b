"""Snakemake and DVC after each other, in every order: exactly the jobs that are needed."""

from __future__ import annotations

import json
import os
from collections import Counter

from tests.pipeline.micro import DNCNN, LEARNING_RATE, REPORT, Clone


def test_dvc_then_snakemake_gives_the_same(by_dvc: Clone, done: Clone) -> None:
    assert by_dvc.nothing_to_do()
    kept = ("fetch", "prepare", "weights", "train")
    ran = Counter(by_dvc.log()) - Counter(done.log())
    assert ran == Counter(job for job in done.log() if job.split("/")[0] not in kept)
    assert by_dvc.metrics() == done.metrics()


def up_to_date(clone: Clone) -> bool:
    """Whether DVC finds nothing that changed; its look at the user's own files runs always."""
    return bool(json.loads(clone.run("dvc", "status", "--json").stdout) == {"inputs@micro": ["always changed"]})


def test_snakemake_then_dvc_leaves_nothing_to_do(done: Clone) -> None:
    assert max(Counter(done.log()).values()) == 1, "dvc repro ran a job again"
    assert done.nothing_to_do()
    assert up_to_date(done)
    assert "fid" in done.run("dvc", "metrics", "show").stdout


def test_parameter_by_snakemake_then_dvc_then_back(clone: Clone) -> None:
    clone.edit(LEARNING_RATE, 0.02)
    assert clone.jobs("snakemake", "--cores", "2", "all") == DNCNN
    assert clone.learning_rate() == 0.02
    assert clone.jobs("dvc", "repro") == Counter()
    clone.edit(LEARNING_RATE, 0.001)
    assert clone.jobs("dvc", "repro") == DNCNN
    assert clone.nothing_to_do()
    assert up_to_date(clone)


def test_source_of_the_fid_step(clone: Clone) -> None:
    file = clone.folder / "src/pixelwise/evaluation/fid.py"
    os.utime(file)
    assert clone.nothing_to_do()
    text = file.read_text()
    file.write_text(f"# A comment.\n{text}")
    assert clone.nothing_to_do()
    file.write_text(f"{text}\nCHANGED = True\n")
    expected = REPORT + Counter({"fid/asapnet": 1, "fid/mean_colour": 1, "fid/real": 1})
    assert clone.jobs("snakemake", "--cores", "2", "all") == expected
    assert clone.jobs("dvc", "repro") == Counter()


def test_dry_run_changes_nothing_that_counts(clone: Clone) -> None:
    clone.edit(LEARNING_RATE, 0.02)
    clone.snakemake("-n", "all")
    clone.edit(LEARNING_RATE, 0.001)
    assert clone.jobs("snakemake", "--cores", "2", "all") == Counter()


def test_edited_output_is_named(clone: Clone) -> None:
    file = clone.folder / "results/micro/train/photos/dncnn/seed0/loss.csv"
    file.write_text("edited")
    verified = clone.run("pixelwise", "verify", check=False)
    assert verified.returncode == 1
    assert "dncnn/seed0/loss.csv" in verified.stdout + verified.stderr
    clone.edit("profiles.micro.restore.photos.sigmas", [15])
    refused = clone.snakemake("all", check=False)
    assert refused.returncode != 0
    assert "loss.csv" in refused.stdout + refused.stderr
