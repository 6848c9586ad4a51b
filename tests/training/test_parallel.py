"""Parts of a batch, and several processes, give the gradients of the whole batch in one process."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from pixelwise.errors import PixelwiseError
from pixelwise.settings.training import TrainingSettings
from pixelwise.training import denoising
from pixelwise.training.adversarial import Translation
from pixelwise.training.denoising import Restoration
from pixelwise.training.labelled_batches import LabelledImages
from pixelwise.training.machine import Machine
from pixelwise.training.parallel import mean_over_processes
from pixelwise.training.segmentation import Segmentation
from tests.training.small_trainings import denoising_settings, gan_settings, segmentation_settings

HERE = Machine(torch.device("cpu"))


def assert_close(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    """Equal up to rounding; biases in front of an instance norm have gradients of rounding noise only."""
    assert found.keys() == wanted.keys()
    largest = max(float(value.abs().max()) for key, value in wanted.items() if "weight" in key)
    for name, value in wanted.items():
        tolerance = 1e-4 * float(value.abs().max()) + 1e-6 * largest
        assert torch.allclose(found[name], value, rtol=1e-3, atol=tolerance), name


@pytest.mark.parametrize("discriminator", ["multiscale_discriminator", "pix2pixhd_discriminator"])
@pytest.mark.parametrize("procedure", ["spade", "pix2pixhd"])
def test_accumulated_gan_gradients_are_those_of_the_batch(
    translation_data: Path, discriminator: str, procedure: str
) -> None:
    found = []
    for accumulate in (1, 2, 4):
        settings = gan_settings(batch=4, accumulate=accumulate, discriminator=discriminator, procedure=procedure)
        found.append(first_step(TASKS["gan"], settings, translation_data, HERE))
    assert_close(found[1], found[0])
    assert_close(found[2], found[0])


def test_accumulated_denoiser_gradients_without_batch_norm(photo_data: Path) -> None:
    options = {"depth": 4, "width": 8, "variant": "merged"}
    found = [
        first_step(TASKS["dncnn"], denoising_settings(options=options, accumulate=parts), photo_data, HERE)
        for parts in (1, 2, 4)
    ]
    assert_close(found[1], found[0])
    assert_close(found[2], found[0])


def test_accumulated_segmenter_loss_is_the_mean_over_all_labelled_pixels(translation_data: Path) -> None:
    settings = segmentation_settings(batch=4, accumulate=2)
    task = TASKS["segmenter"][1](settings, translation_data, HERE)
    task.network.module.eval()  # batch norm aside
    whole = TASKS["segmenter"][1](segmentation_settings(batch=4), translation_data, HERE)
    whole.network.module.eval()
    assert torch.allclose(task.step(0), whole.step(0), rtol=1e-4)


def test_uneven_parts_are_refused() -> None:
    with pytest.raises(PixelwiseError, match="batch: 6; must be a multiple of 4 processes times accumulate 1"):
        Machine(torch.device("cpu"), rank=0, world=4).parts(6, 1)
    assert Machine(torch.device("cpu"), rank=1, world=2).parts(8, 2) == [slice(4, 6), slice(6, 8)]


Kind = tuple[TrainingSettings, Callable[..., Any], tuple[str, ...]]

TASKS: dict[str, Kind] = {
    "gan": (
        gan_settings(batch=4),
        lambda settings, data, machine: Translation(settings, LabelledImages(data, machine), machine, None),
        ("generator", "discriminator"),
    ),
    "dncnn": (
        denoising_settings(),
        lambda settings, data, machine: Restoration(settings, data, machine, None),
        ("network",),
    ),
    "segmenter": (
        segmentation_settings(batch=4),
        lambda settings, data, machine: Segmentation(settings, LabelledImages(data, machine), machine),
        ("network",),
    ),
}


def first_step(kind: Kind, settings: TrainingSettings, data: Path, machine: Machine) -> dict[str, torch.Tensor]:
    """Losses, gradients and buffers of the first step."""
    task = kind[1](settings, data, machine)
    networks = {name: getattr(task, name).module for name in kind[2]}
    found = {"losses": mean_over_processes(task.step(0), machine)[: len(task.names)]}
    for name, module in networks.items():
        found |= {f"{name}/{key}": p.grad.clone() for key, p in module.named_parameters() if p.grad is not None}
        found |= {f"{name}/{key}": b.clone() for key, b in module.named_buffers() if b.is_floating_point()}
    return found


SCRIPT = """
import os, sys
from pathlib import Path
from typing import Any
from safetensors.torch import save_file
from pixelwise.training import denoising
from pixelwise.training.machine import set_up
from tests.training.test_parallel import TASKS, first_step
translation, photos, out = map(Path, sys.argv[1:])
for name, kind in TASKS.items():
    with set_up(kind[0]) as machine:
        found = first_step(kind, kind[0], photos if name == "dncnn" else translation, machine)
        assert machine.world == 2
        if machine.rank == 0:
            save_file(found, out / f"{name}.safetensors")
    os.environ["MASTER_PORT"] = str(int(os.environ["MASTER_PORT"]) + 1)
denoising.run(TASKS["dncnn"][0], {"data": photos}, out / "run", out / "work")
"""


def free_ports(count: int) -> int:
    """The first of `count` free ports in a row, below those that the system gives to connections."""
    for first in random.SystemRandom().sample(range(10_000, 30_000, count), 100):
        with ExitStack() as held, suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    raise AssertionError("no free ports")


@pytest.mark.slow
def test_two_processes_give_the_gradients_of_one(translation_data: Path, photo_data: Path, tmp_path: Path) -> None:
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_ports(len(TASKS) + 1)),
        "WORLD_SIZE": "2",
        "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path]),
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(translation_data), str(photo_data), str(tmp_path)],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    assert [process.wait(300) for process in processes] == [0, 0]
    for name, kind in TASKS.items():
        alone = first_step(kind, kind[0], photo_data if name == "dncnn" else translation_data, HERE)
        assert_close(load_file(tmp_path / f"{name}.safetensors"), alone)
    denoising.run(TASKS["dncnn"][0], {"data": photo_data}, tmp_path / "alone", tmp_path / "work-alone")
    facts = [json.loads((tmp_path / name / "training.json").read_text()) for name in ("alone", "run")]
    assert [entry["processes"] for entry in facts] == [1, 2]
    assert facts[1]["losses"] == pytest.approx(facts[0]["losses"], rel=1e-3)
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == [
        "checkpoint.pt",
        "checkpoint.sha256",
        "loss.csv",
    ]
