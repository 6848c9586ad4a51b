"""A training that diverges: the page of what finished never passes for a complete run, which takes its place."""

from __future__ import annotations

import json
import re

from tests.pipeline.micro import Clone
from tests.pipeline.test_damage import flip

SEGMENTER = "profiles.micro.train.segmenter"
PARTIAL = "results/micro/partial"


def planned(clone: Clone) -> str:
    """How many jobs of each step a dry run wants."""
    done = clone.snakemake("-n", "all")
    found = re.search(r"Job stats:\n(.*?)\n\n", done.stdout + done.stderr, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_page_of_an_unfinished_run(clone: Clone) -> None:
    source = {"PYTHONPATH": str(clone.folder / "src")}
    folder = clone.folder / PARTIAL
    clone.edit(f"{SEGMENTER}.learning_rate", 10.0)
    clone.edit(f"{SEGMENTER}.presentations", 80)
    failed = clone.snakemake("--keep-going", "all", check=False)
    assert failed.returncode != 0
    line = next(line for line in failed.stderr.splitlines() if line.startswith("failed "))
    assert line.startswith("failed    train/streets/segmenter/seed0  after 0:0")
    assert ": training: cross_entropy is not finite at step" in line
    assert line.endswith("  (log: logs/micro/train/streets/segmenter/seed0.log)")
    assert "Error in rule" not in failed.stderr and ", 1 failed, " in failed.stderr.splitlines()[-1]
    wanted = planned(clone)
    assert re.search(r"train +1\n", wanted) and re.search(r"segment +4\n", wanted)
    told = clone.run("pixelwise", "partial", **source).stdout
    assert "train/streets/segmenter/seed0: failed: training: cross_entropy is not finite at step" in told
    assert "segment/streets/real/seed0: not started: waits for train/streets/segmenter/seed0" in told
    assert f"{PARTIAL}/report/index.html: 21 of 26 jobs are done; the run is unfinished" in told

    page = (folder / "report" / "index.html").read_text()
    assert "<title>Unfinished: " in page and "UNFINISHED RUN: 21 of 26 jobs are done" in page
    assert "cross_entropy is not finite at step" in page and "application/ld+json" not in page
    assert "UNFINISHED RUN" in (folder / "figures" / "loss_curves.svg").read_text()
    for name in ("summary", "claims", "figures", "report"):
        manifest = json.loads((folder / name / "manifest.json").read_text())
        assert (manifest["job"]["partial"]["done"], manifest["job"]["out"]) == (21, f"{PARTIAL}/{name}")
        assert not [out for out in manifest["inputs"] if "/segment/" in out]
    used = json.loads((folder / "summary" / "manifest.json").read_text())["inputs"]
    assert "results/micro/fid/streets/asapnet/seed0" in used
    rows = (folder / "summary" / "metrics.csv").read_text()
    assert ",fid," in rows and ",segmentation," not in rows

    # Neither tool sees it, `verify` knows every byte of it, and no record is made.
    assert planned(clone) == wanted
    assert clone.run("git", "status", "--porcelain").stdout.split() == ["M", "params.yaml"]
    record = clone.run("pixelwise", "record", check=False, **source)
    assert record.returncode == 2 and "nothing was recorded" in record.stderr
    assert "made when 21 of 26 jobs were done; now 21 are" in clone.run("pixelwise", "verify", **source).stdout
    flip(folder / "report" / "index.html")
    damaged = clone.run("pixelwise", "verify", check=False, **source)
    assert damaged.returncode == 1 and f"{PARTIAL}/report/index.html: sha256" in damaged.stdout + damaged.stderr

    clone.edit(f"{SEGMENTER}.learning_rate", 0.001)
    clone.edit(f"{SEGMENTER}.presentations", 4)
    clone.snakemake("all")
    assert not folder.exists() and "UNFINISHED" not in (clone.folder / "results/micro/report/index.html").read_text()
