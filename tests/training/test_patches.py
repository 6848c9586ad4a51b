"""Patches, their orientations, noise and blur, against plain loops."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve

from pixelwise.artifacts import write_json
from pixelwise.data.motion import motion_kernel
from pixelwise.data.pack import Pack
from pixelwise.data.pack_writing import Item, write_pack
from pixelwise.errors import PixelwiseError
from pixelwise.training.denoising import Restoration
from pixelwise.training.machine import Machine
from pixelwise.training.patches import Draw, Patches, orientations, shrunk, turns
from pixelwise.training.randomness import batch_at, order, seed_everything
from pixelwise.training.training_noise import ANGLES, MotionBlur, noise, noise_levels
from tests.training.small_trainings import denoising_settings

CPU = torch.device("cpu")


def test_every_patch_in_every_orientation_is_cut_as_a_loop_would(photo_data: Path) -> None:
    side, stride = 16, 7
    patches, pack = Patches(photo_data, CPU, side, stride), Pack(photo_data, "train")
    wanted = []
    for i in range(len(pack)):
        image = pack.image(i)
        for y in range(0, image.shape[0] - side + 1, stride):
            wanted += [image[y : y + side, x : x + side] for x in range(0, image.shape[1] - side + 1, stride)]
    assert len(patches) == len(wanted)
    for turn in range(8):
        clean, same = patches.cut(Draw(torch.arange(len(wanted)), torch.full((len(wanted),), turn)))
        assert clean is same and clean.shape == (len(wanted), 1, side, side)
        expected = np.stack([np.rot90(patch, turn % 4) for patch in wanted])
        expected = expected[:, :, ::-1] if turn >= 4 else expected
        assert np.array_equal((clean[:, 0] * 255).round().byte().numpy(), expected)


def test_the_eight_orientations_differ() -> None:
    rows, columns = orientations(3)
    assert len({tuple((rows[k] * 3 + columns[k]).flatten().tolist()) for k in range(8)}) == 8


def test_scales_of_the_published_code_are_cumulative() -> None:
    image = np.zeros((180, 180), np.uint8)
    scales = (1.0, 0.9, 0.8, 0.7)
    assert [s.shape[0] for s in shrunk(image, scales, cumulative=True)] == [180, 162, 130, 91]
    assert [s.shape[0] for s in shrunk(image, scales, cumulative=False)] == [180, 162, 144, 126]
    counts = [((side - 40) // 10 + 1) ** 2 for side in (180, 162, 130, 91)]
    assert sum(counts) == 225 + 169 + 100 + 36


def test_published_set_has_212000_patches(tmp_path: Path) -> None:
    """400 images of 180x180, 530 patches each: 1,656 mini-batches of 128 in each of the 50 epochs."""
    image = np.zeros((180, 180), np.uint8)
    write_pack(tmp_path, "train", (Item(f"{i}", image) for i in range(4)))
    write_json(tmp_path / "dataset.json", {"kind": "train400", "synthetic": False})
    assert len(Patches(tmp_path, CPU, 40, 10, (1.0, 0.9, 0.8, 0.7))) * 100 == 212000


def test_colour_and_given_partners(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sharp, soft = rng.integers(0, 256, (2, 20, 30, 3), dtype=np.uint8)
    write_pack(tmp_path, "train", [Item("a", sharp, blurred=soft)])
    write_json(tmp_path / "dataset.json", {"kind": "gopro", "synthetic": False})
    patches = Patches(tmp_path, CPU, 8, 4, blurred=True)
    clean, degraded = patches.cut(Draw(torch.tensor([1]), torch.tensor([0])))
    assert np.array_equal((clean[0] * 255).round().byte().numpy(), sharp[:8, 4:12].transpose(2, 0, 1))
    assert np.array_equal((degraded[0] * 255).round().byte().numpy(), soft[:8, 4:12].transpose(2, 0, 1))


def test_epochs_are_permutations_and_steps_do_not_overlap() -> None:
    seen = torch.cat([batch_at(step, 11, 3, seed=5) for step in range(3)])
    assert len(seen.unique()) == 9 and torch.equal(seen, order(11, 5, 0)[:9])
    assert torch.equal(batch_at(3, 11, 3, seed=5), order(11, 5, 1)[:3])
    assert torch.equal(order(11, 5, 0).sort().values, torch.arange(11))


def test_one_turn_for_a_batch_or_for_each_patch() -> None:
    assert all(len(turns(16, "batch", 0, step).unique()) == 1 for step in range(5))
    assert len({int(turns(16, "batch", 0, step)[0]) for step in range(60)}) == 8
    assert len(turns(64, "patch", 0, 0).unique()) > 4
    assert turns(3, "none", 0, 0).tolist() == [0, 0, 0]


def test_noise_has_its_level_is_fresh_and_not_clipped(photo_data: Path) -> None:
    levels = noise_levels(4096, (0.0, 55.0), 0, 0)
    assert levels.min() >= 0 and levels.max() <= 55 and abs(float(levels.mean()) - 27.5) < 1
    drawn = noise((64, 1, 40, 40), torch.full((64,), 25.0), CPU, 0, 3)
    assert abs(float(drawn.std()) * 255 - 25) < 0.2 and abs(float(drawn.mean())) < 1e-3
    assert not torch.equal(drawn, noise((64, 1, 40, 40), torch.full((64,), 25.0), CPU, 0, 4))
    task = Restoration(denoising_settings(batch=16), photo_data, Machine(CPU), None)
    degraded, clean = next(task.batches(0))
    assert degraded.min() < 0 and degraded.max() > 1 and clean.min() >= 0 and clean.max() <= 1
    assert abs(float((degraded - clean).std()) * 255 - 25) < 1.5


def test_blur_is_the_convolution_with_its_kernel(photo_data: Path) -> None:
    blur = MotionBlur((5, 7), CPU)
    assert len(blur.kernels) == 3 * ANGLES
    image = torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    blurred = blur(image, torch.tensor([4, 50]))
    for i, (length, angle) in enumerate([(5, 4 * 180 / ANGLES), (6, 14 * 180 / ANGLES)]):
        kernel = motion_kernel(length, angle, blur.kernels.shape[-1])
        wanted = convolve(image[i, 1].numpy(), kernel)[blur.margin : -blur.margin, blur.margin : -blur.margin]
        assert np.allclose(blurred[i, 1].numpy(), wanted, atol=1e-5)
    task = Restoration(
        denoising_settings(degradation="motion_blur", sigma=0, blur_length=(3, 5)), photo_data, Machine(CPU), None
    )
    degraded, clean = next(task.batches(0))
    assert degraded.shape == clean.shape == (4, 1, 16, 16) and not torch.equal(degraded, clean)


def test_mistakes_are_named(photo_data: Path) -> None:
    with pytest.raises(PixelwiseError, match="patch: 80 pixels; no training image"):
        Patches(photo_data, CPU, 80, 10)
    with pytest.raises(PixelwiseError, match=r"images: 9; .* holds 4 training images"):
        Patches(photo_data, CPU, 16, 10, limit=9)
    with pytest.raises(PixelwiseError, match="holds no blurred partners"):
        Patches(photo_data, CPU, 16, 10, blurred=True)


def test_global_generators_follow_the_place_alone() -> None:
    def draws() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(1))

    seed_everything(0, "step", 7)
    first = draws()
    draws()
    seed_everything(0, "step", 7)
    assert draws() == first
    seed_everything(0, "step", 8)
    assert draws() != first
