"""A user's own pictures and checkpoint that change are noticed by Snakemake, by DVC and by `pixelwise verify`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.data.builders import custom
from tests.pipeline.micro import Clone

MINE, NET = Counter({"fetch/mine": 1, "prepare/mine": 1}), Counter({"weights/net": 1})


def own_profile(clone: Clone, root: Path) -> None:
    """A profile that reads a folder and a checkpoint outside the clone."""
    file = clone.folder / "params.yaml"
    params = yaml.safe_load(file.read_text())
    micro = params["profiles"]["micro"]
    params["profiles"]["micro"] = {
        "title": micro["title"],
        "networks": {
            "net": {"architecture": "dncnn", "options": {"variant": "merged"}},
        },
        "datasets": {
            "mine": {"kind": "custom", "root": str(root), "num_labels": 4, "val": 1, "height": 32, "width": 64}
        },
        "checkpoints": {"net": str(root / "net.pth")},
        "train": {
            "segmenter": micro["train"]["segmenter"] | {"dataset": "mine"},
            "net": {"task": "denoising", "dataset": "mine", "network": "net", "checkpoint": "net"},
        },
    }
    file.write_text(yaml.safe_dump(params, sort_keys=False))


def gained(clone: Clone, *command: str) -> tuple[Counter[str], str]:
    """Jobs that a command ran, and what it printed."""
    before = len(clone.log())
    done = clone.run(*command)
    return Counter(clone.log()[before:]), done.stdout + done.stderr


def test_own_files_that_change(new_clone: Callable[[str], Clone], tmp_path: Path) -> None:
    root = custom(tmp_path / "mine", ["a", "b", "c"])
    (root / "net.pth").write_bytes(b"weights")
    clone = new_clone("clone")
    own_profile(clone, root)
    snakemake, dvc = ("snakemake", "--cores", "2", "data_all"), ("dvc", "repro", "data")
    assert gained(clone, *dvc)[0] == MINE + NET

    picture = root / "images" / "a.png"
    os.utime(picture)
    assert gained(clone, *dvc)[0] == Counter()
    picture.write_bytes(picture.read_bytes() + b"\0")  # what follows the end of a PNG changes no pixel
    line = "fetch/mine: images/a.png has changed since it was fetched"
    refused = clone.run("python", "-m", "pixelwise", "verify", check=False, PYTHONPATH="src")
    assert refused.returncode == 1 and line in refused.stderr
    jobs, printed = gained(clone, *snakemake)
    assert jobs == MINE and line in printed

    picture.write_bytes(picture.read_bytes() + b"\0")
    (root / "net.pth").write_bytes(b"Weights")
    jobs, printed = gained(clone, *dvc)
    assert jobs == MINE + NET and line in printed and "net.pth has changed since it was fetched" in printed
    assert gained(clone, *dvc)[0] == Counter()
