"""One flipped byte in a finished output: seen by DVC's stage, named, not blessed, and the way back works."""

from __future__ import annotations

from pathlib import Path

from tests.pipeline.micro import Clone

MODEL = "results/micro/train/photos/dncnn/seed0/model.safetensors"


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)


def test_a_damaged_output_is_named_and_never_blessed(clone: Clone) -> None:
    lock, model = clone.folder / "dvc.lock", clone.folder / MODEL
    blessed, whole = lock.read_bytes(), model.read_bytes()
    flip(model)
    repro = clone.run("dvc", "repro", check=False)
    said = repro.stdout + (repro.stderr or "")
    assert repro.returncode != 0 and f"{MODEL}: sha256" in said and "failed to reproduce 'train@micro'" in said
    assert lock.read_bytes() == blessed
    stage = clone.snakemake("train_all", check=False)  # the same by Snakemake alone
    assert stage.returncode != 0 and f"{MODEL}: sha256" in stage.stdout + (stage.stderr or "")
    clone.run("dvc", "checkout", "--force")  # one way back
    assert model.read_bytes() == whole
    flip(model)
    model.with_name("manifest.json").unlink()  # the other
    before = len(clone.log())
    clone.run("dvc", "repro")
    assert clone.log()[before:] == ["train/photos/dncnn/seed0"]
    assert model.read_bytes() == whole and lock.read_bytes() == blessed
    clone.run("pixelwise", "verify", PYTHONPATH=str(clone.folder / "src"))
    assert clone.nothing_to_do()
