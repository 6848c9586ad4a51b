"""SPADE in training: its recipes, that it learns, its norms over parts of a batch and over several processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from pixelwise.errors import PixelwiseError
from pixelwise.settings.training import AdversarialSettings, deviations
from pixelwise.training import adversarial
from pixelwise.training.adversarial import Translation
from pixelwise.training.labelled_batches import LabelledImages
from pixelwise.training.machine import Machine
from pixelwise.training.parallel import SharedBatchNorm, share_batch_norm
from tests.training.small_trainings import gan_settings
from tests.training.test_parallel import TASKS, assert_close, first_step, free_ports

HERE = Machine(torch.device("cpu"))
OPTIONS = {"width": 2, "num_upsampling_layers": "normal", "norm_hidden": 4}
CHANGES = {"architecture": "spade", "options": OPTIONS}
STILL = {"learning_rate": 1e-9}
"""Adam moves a weight whose gradient is rounding noise as far as any other: the second pass must see the same ones."""


def test_recipes() -> None:
    own = AdversarialSettings(architecture="spade")
    assert (own.recipe, own.batch, own.epochs_constant, own.epochs_decay) == ("spade", 16, 100, 100)
    assert (own.gan_loss, own.ttur, own.learning_rate, own.betas) == ("hinge", True, 2e-4, (0.0, 0.9))
    assert (own.feature_matching, own.perceptual, own.initialisation) == (10, 10, "official")
    code = AdversarialSettings(architecture="spade", recipe="spade_code")
    assert (code.batch, code.epochs_constant, code.epochs_decay) == (16, 50, 0)
    assert all("NVlabs/SPADE" in settings.RECIPES[settings.recipe].source for settings in (own, code))
    assert "1903.07291" in own.RECIPES["spade"].source
    narrow = AdversarialSettings(architecture="spade", options=OPTIONS, batch=4)
    assert ("batch", 16, 4) in deviations(narrow) and ("options.width", "published network", 2) in deviations(narrow)


@pytest.mark.slow
def test_it_learns(translation_data: Path, tmp_path: Path) -> None:
    """Few steps bring its pictures nearer to photographs whose colours follow from the labels."""
    settings = gan_settings(
        **CHANGES, batch=3, presentations=120, pixel_l1=10, feature_matching=0, learning_rate=0.004, ttur=False
    )
    adversarial.run(settings, {"data": translation_data}, tmp_path / "out", tmp_path / "work")
    rows = [line.split(",") for line in (tmp_path / "out/loss.csv").read_text().splitlines()]
    pixel = [float(row[rows[0].index("pixel")]) for row in rows[1:]]
    assert pixel[-1] < 0.7 * pixel[0], pixel


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_parts_of_a_batch(norm: str, translation_data: Path) -> None:
    """All parts see the same spectral norms; batch norm stays in training, with the moments of each part."""
    data, options = LabelledImages(translation_data, HERE), OPTIONS | {"norm": norm}
    modes: list[bool] = []

    def step(accumulate: int) -> Translation:
        settings = gan_settings(**CHANGES | STILL | {"options": options}, batch=4, accumulate=accumulate)
        task = Translation(settings, data, HERE, None)
        plain = [layer for layer in task.generator.module.modules() if isinstance(layer, nn.BatchNorm2d)]
        for layer in plain:
            layer.register_forward_pre_hook(lambda module, _: modes.append(module.training))
        task.step(0)
        return task

    whole, parts = step(1), step(2)
    found, wanted = (dict(task.generator.module.named_buffers()) for task in (parts, whole))
    spectral = [name for name in wanted if name.endswith(("weight_u", "weight_v"))]
    assert spectral and all(torch.allclose(found[name], wanted[name], atol=1e-6) for name in spectral)
    assert all(modes) and bool(modes) == (norm == "batch")
    if norm == "instance":
        gradients = [{k: p.grad for k, p in task.generator.module.named_parameters()} for task in (parts, whole)]
        assert_close(gradients[0], gradients[1])


def test_batch_norm_without_weights_is_replaced() -> None:
    module = nn.Sequential(nn.BatchNorm2d(3, affine=False), nn.BatchNorm2d(3))
    module(torch.randn(4, 3, 5, 5))
    wanted = {key: value.clone() for key, value in module.state_dict().items()}
    share_batch_norm(module)
    assert all(type(layer) is SharedBatchNorm for layer in module)
    assert all(torch.equal(value, wanted[key]) for key, value in module.state_dict().items())


SCRIPT = """
import sys
from pathlib import Path
from safetensors.torch import save_file
from pixelwise.training.machine import set_up
from tests.training.small_trainings import gan_settings
from tests.training.test_parallel import TASKS, first_step
from tests.training.test_spade_training import CHANGES, STILL
data, out = map(Path, sys.argv[1:])
settings = gan_settings(**CHANGES | STILL, batch=4)
with set_up(settings) as machine:
    found = first_step(TASKS["gan"], settings, data, machine)
    if machine.rank == 0:
        save_file(found, out)
"""


@pytest.mark.slow
def test_two_processes_give_the_gradients_of_one(translation_data: Path, tmp_path: Path) -> None:
    """The moments of the batch norms are those of both processes' images."""
    from safetensors.torch import load_file

    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_ports(1)), "WORLD_SIZE": "2"}
    shared["PYTHONPATH"] = os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(translation_data), str(tmp_path / "two.safetensors")],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    assert [process.wait(300) for process in processes] == [0, 0]
    alone = first_step(TASKS["gan"], gan_settings(**CHANGES | STILL, batch=4), translation_data, HERE)
    assert_close(load_file(tmp_path / "two.safetensors"), alone)


def test_a_single_position_cannot_be_normed(translation_data: Path) -> None:
    settings = gan_settings(architecture="spade", options=OPTIONS | {"num_upsampling_layers": "more"}, batch=1)
    with pytest.raises(PixelwiseError, match=r"\(1, 6, 32, 64\); allowed is .* multiples of 64"):
        Translation(settings, LabelledImages(translation_data, HERE), HERE, None).step(0)
