"""A resume checkpoint with one wrong bit is refused, wherever the bit is; a kill while it is saved does no harm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pixelwise.artifacts import sha256
from pixelwise.errors import PixelwiseError
from pixelwise.training import denoising
from pixelwise.training.resume import CHECKPOINT, DIGESTS
from tests.training.small_trainings import denoising_settings


@pytest.fixture(scope="module")
def trained(photo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `work` as it stands after a training, and its outputs in `out`."""
    folder = tmp_path_factory.mktemp("trained")
    denoising.run(denoising_settings(), {"data": photo_data}, folder / "out", folder / "work")
    return folder


def resume(photo_data: Path, work: Path, out: Path) -> bytes:
    denoising.run(denoising_settings(), {"data": photo_data}, out, work)
    return (out / "model.safetensors").read_bytes()


def copied(trained: Path, work: Path) -> tuple[bytes, str]:
    work.mkdir()
    content, digests = (trained / "work" / CHECKPOINT).read_bytes(), (trained / "work" / DIGESTS).read_text()
    (work / CHECKPOINT).write_bytes(content)
    (work / DIGESTS).write_text(digests)
    return content, digests


def test_every_flipped_bit_is_refused(trained: Path, photo_data: Path, tmp_path: Path) -> None:
    content, _ = copied(trained, tmp_path / "work")
    wanted = (trained / "out" / "model.safetensors").read_bytes()
    for bit in np.random.default_rng(0).integers(0, 8 * len(content), 20).tolist():
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        (tmp_path / "work" / CHECKPOINT).write_bytes(damaged)
        with pytest.raises(PixelwiseError, match=r"checkpoint\.pt: not readable \(its sha256 .*; delete it to train"):
            resume(photo_data, tmp_path / "work", tmp_path / "out")
        assert (tmp_path / "work" / CHECKPOINT).read_bytes() == damaged
    (tmp_path / "work" / CHECKPOINT).unlink()  # the way back that the line names
    assert resume(photo_data, tmp_path / "work", tmp_path / "out") == wanted


@pytest.mark.parametrize("digests", [None, "", "0" * 64, "\x00\xff"])
def test_digests_that_are_gone_or_damaged(digests: str | None, trained: Path, photo_data: Path, tmp_path: Path) -> None:
    copied(trained, tmp_path / "work")
    if digests is None:
        (tmp_path / "work" / DIGESTS).unlink()
    else:
        (tmp_path / "work" / DIGESTS).write_text(digests)
    with pytest.raises(PixelwiseError, match=r"checkpoint\.pt: not readable \(its sha256"):
        resume(photo_data, tmp_path / "work", tmp_path / "out")


def test_a_kill_between_the_digest_and_the_checkpoint_does_no_harm(
    trained: Path, photo_data: Path, tmp_path: Path
) -> None:
    content, digests = copied(trained, tmp_path / "work")
    newest, before = digests.split()
    assert newest == sha256(tmp_path / "work" / CHECKPOINT) and newest != before
    (tmp_path / "work" / DIGESTS).write_text(f"{'f' * 64}\n{newest}\n")  # of a checkpoint that never got its name
    assert resume(photo_data, tmp_path / "work", tmp_path / "out") == (trained / "out/model.safetensors").read_bytes()
    assert (tmp_path / "work" / CHECKPOINT).read_bytes() == content


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"step": -1}, "not a checkpoint of a training"),
        ({"step": 10**6}, "does not fit this training"),
        ({"task": {}}, "does not fit this training"),
        ({"curve": {}}, "not a checkpoint of a training"),
        ({"settings": "other"}, "made with other settings"),
    ],
)
def test_states_that_no_training_left(
    change: dict[str, object], words: str, trained: Path, photo_data: Path, tmp_path: Path
) -> None:
    copied(trained, tmp_path / "work")
    file = tmp_path / "work" / CHECKPOINT
    torch.save(torch.load(file, weights_only=True) | change, file)
    (tmp_path / "work" / DIGESTS).write_text(sha256(file))
    with pytest.raises(PixelwiseError, match=rf"checkpoint\.pt: {words}.*delete it to train from the start"):
        resume(photo_data, tmp_path / "work", tmp_path / "out")
