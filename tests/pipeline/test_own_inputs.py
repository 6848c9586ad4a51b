"""A user's own pictures and checkpoint that change are noticed by Snakemake, by DVC and by `pixelwise verify`."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch
import yaml

from pixelwise.models import build
from pixelwise.models.official_keys import official_keys
from tests.data.builders import custom
from tests.pipeline.micro import Clone

MINE = Counter({"fetch": 1, "prepare": 1})
NET = Counter({"weights/net": 1})


def checkpoint(path: Path, seed: int) -> None:
    torch.manual_seed(seed)
    module = build("dncnn", depth=3, width=4, variant="merged")
    torch.save({key: module.state_dict()[own] for own, key in official_keys(module).items()}, path)


def own_profile(clone: Clone, root: Path) -> None:
    """A profile that reads a folder and a checkpoint outside the clone."""
    file = clone.folder / "params.yaml"
    params = yaml.safe_load(file.read_text())
    micro = params["profiles"]["micro"]
    segmenter = micro["train"]["segmenter"] | {"dataset": "mine"}
    net = {"task": "denoising", "dataset": "photos", "architecture": "dncnn", "checkpoint": "net"}
    params["profiles"]["micro"] = {
        "title": micro["title"],
        "datasets": {
            "mine": {"kind": "custom", "root": str(root), "num_labels": 4, "val": 1, "height": 32, "width": 64},
            "photos": micro["datasets"]["photos"],
        },
        "checkpoints": {"net": str(root / "net.pth")},
        "train": {"segmenter": segmenter, "net": net | {"options": {"variant": "merged"}}},
        "restore": micro["restore"],
    }
    file.write_text(yaml.safe_dump(params, sort_keys=False))


def gained(clone: Clone, *command: str) -> tuple[Counter[str], str]:
    """Jobs that a command ran, `fetch` and `prepare` without their data set, and what it printed."""
    before = len(clone.log())
    done = clone.run(*command)
    jobs = [job if job.startswith("weights") else job.split("/")[0] for job in clone.log()[before:]]
    return Counter(jobs), done.stdout + done.stderr


def test_own_files_that_change(new_clone: Callable[[str], Clone], tmp_path: Path) -> None:
    root = custom(tmp_path / "mine", ["a", "b", "c"])
    checkpoint(root / "net.pth", 0)
    clone = new_clone("clone")
    own_profile(clone, root)
    snakemake, dvc = ("snakemake", "--cores", "2", "data_all"), ("dvc", "repro", "data")
    verify = ("python", "-m", "pixelwise", "verify")
    assert gained(clone, *snakemake)[0] == MINE + NET + Counter({"fetch": 1, "prepare": 1})  # and the photographs
    assert gained(clone, *dvc)[0] == Counter()

    os.utime(root / "images" / "a.png")
    for command in (snakemake, dvc):
        assert gained(clone, *command)[0] == Counter()
    status = json.loads(clone.run("dvc", "status", "--json", "inputs", "data").stdout)
    assert status == {"inputs": ["always changed"]}

    picture = root / "images" / "a.png"
    for command, byte in ((snakemake, b"\0"), (dvc, b"\0\0")):  # what follows the end of a PNG changes no pixel
        picture.write_bytes(picture.read_bytes() + byte)
        refused = clone.run(*verify, check=False, PYTHONPATH="src")
        assert refused.returncode == 1 and "fetch/mine: images/a.png has changed" in refused.stderr
        jobs, printed = gained(clone, *command)
        assert jobs == MINE and "fetch/mine: images/a.png has changed since it was fetched" in printed
        assert clone.run(*verify, PYTHONPATH="src").returncode == 0

    checkpoint(root / "net.pth", 1)
    jobs, printed = gained(clone, *dvc)
    assert jobs == NET and "net.pth has changed since it was fetched" in printed
    for command in (snakemake, dvc):
        assert gained(clone, *command)[0] == Counter()
