"""Losses, gradients and the step of the official implementations, number by number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor, nn

from pixelwise.data import semantics
from pixelwise.models.official import official_checkpoints
from pixelwise.models.official.official_keys import official_keys
from pixelwise.training import losses
from pixelwise.training.adversarial import Translation
from pixelwise.training.machine import Machine
from pixelwise.training.parallel import Trainee
from tests.training.small_trainings import gan_settings


class Case:
    """One golden discriminator: its module, inputs, outputs and loss values."""

    def __init__(self, path: Path, name: str) -> None:
        with safe_open(path, "pt") as stream:
            self.config: dict[str, Any] = json.loads(stream.metadata()["config"])
            tensors = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118
        self.state = {key.removeprefix("param/"): value for key, value in tensors.items() if key.startswith("param/")}
        self.output = {
            key.removeprefix("output/"): value for key, value in tensors.items() if key.startswith("output/")
        }
        options = self.config.get("options") or self.config["config"]
        self.module = official_checkpoints.from_options(name, self._narrow(options))
        official_checkpoints.load_official(self.module, self.state)
        self.module.eval()
        planes = semantics(tensors["input/label"], tensors["input/instance"], 35)
        self.fake = tensors["input/fake"].requires_grad_()
        both = [torch.cat([planes, image], 1) for image in (self.fake, tensors["input/real"])]
        self.joint = torch.cat(both)

    def _narrow(self, options: dict[str, Any]) -> dict[str, Any]:
        return options


@pytest.fixture
def spade(golden: Path) -> Case:
    return Case(golden / "multiscale_discriminator_small.safetensors", "multiscale_discriminator")


@pytest.fixture
def nvidia(golden: Path) -> Case:
    return Case(golden / "pix2pixhd_discriminator_small.safetensors", "pix2pixhd_discriminator")


KINDS = [("hinge", "hinge"), ("least_squares", "ls"), ("original", "original"), ("wasserstein", "w")]


@pytest.mark.parametrize(("kind", "golden_name"), KINDS)
def test_spade_losses(spade: Case, kind: losses.GanLoss, golden_name: str) -> None:
    wanted = spade.config["losses"][golden_name]
    fake, real = losses.split(spade.module(spade.joint))
    on_fake, on_real = losses.discriminator(fake, real, kind, "spade")
    generator = losses.adversarial(fake, kind, real=True, for_discriminator=False)
    assert on_fake.item() == pytest.approx(wanted["D_Fake"], rel=1e-5, abs=1e-6)
    assert on_real.item() == pytest.approx(wanted["D_real"], rel=1e-5, abs=1e-6)
    assert (on_fake + on_real).item() == pytest.approx(wanted["D_total"], rel=1e-5, abs=1e-6)
    assert generator.item() == pytest.approx(wanted["G_GAN"], rel=1e-5, abs=1e-6)
    assert 10 * losses.feature_matching(fake, real).item() == pytest.approx(wanted["G_GAN_Feat"], rel=1e-5)


def test_hinge_of_each_scale(spade: Case) -> None:
    fake, real = losses.split(spade.module(spade.joint))
    for scale, wanted in enumerate(spade.config["losses"]["per_scale_hinge"]):
        on_fake, on_real = losses.discriminator(fake[scale : scale + 1], real[scale : scale + 1], "hinge", "spade")
        assert on_fake.item() == pytest.approx(wanted["D_fake"], rel=1e-5)
        assert on_real.item() == pytest.approx(wanted["D_real"], rel=1e-5)


def test_pix2pixhd_losses_are_summed_over_scales_and_halved(nvidia: Case) -> None:
    wanted = nvidia.config["losses"]["lsgan"]
    fake, real = losses.split(nvidia.module(nvidia.joint))
    on_fake, on_real = losses.discriminator(fake, real, "least_squares", "pix2pixhd")
    assert 2 * on_fake.item() == pytest.approx(wanted["D_fake"], rel=1e-5)
    assert 2 * on_real.item() == pytest.approx(wanted["D_real"], rel=1e-5)
    assert (on_fake + on_real).item() == pytest.approx(wanted["D_total_half_sum"], rel=1e-5)
    generator = losses.adversarial(fake, "least_squares", real=True, for_discriminator=False, procedure="pix2pixhd")
    matching = 10 * losses.feature_matching(fake, real, "pix2pixhd")
    assert generator.item() == pytest.approx(wanted["G_GAN"], rel=1e-5)
    assert matching.item() == pytest.approx(wanted["G_GAN_Feat"], rel=1e-5)
    (generator + matching).backward()
    difference = (nvidia.fake.grad - nvidia.output["grad_G_total_wrt_fake"]).abs()
    assert difference.max() < 1e-6 + 1e-4 * nvidia.output["grad_G_total_wrt_fake"].abs().max()


def _officially_named(module: nn.Module) -> dict[str, Tensor]:
    """Gradients of parameters and values of buffers by the official names."""
    keys = official_keys(module)
    gradients = {keys[name]: p.grad for name, p in module.named_parameters() if p.grad is not None}
    return gradients | {keys[name]: buffer for name, buffer in module.named_buffers()}


def test_spade_gradients(spade: Case) -> None:
    fake, real = losses.split(spade.module(spade.joint.detach()))
    torch.stack(losses.discriminator(fake, real, "hinge", "spade")).sum().backward()
    gradients = _officially_named(spade.module)
    checked = [key for key in spade.output if key.startswith("grad_D_total/")]
    assert len(checked) == 3
    for key in checked:
        wanted = spade.output[key]
        assert torch.allclose(gradients[key.removeprefix("grad_D_total/")], wanted, rtol=1e-4, atol=1e-6), key
    fake, real = losses.split(spade.module(spade.joint))
    generator = losses.adversarial(fake, "hinge", real=True, for_discriminator=False)
    (generator + 10 * losses.feature_matching(fake, real)).backward()
    wanted = spade.output["grad_G_total_wrt_fake"]
    assert torch.allclose(spade.fake.grad, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


def test_half_sum_squares_is_the_published_formula() -> None:
    a, b = torch.rand(2, 3, 1, 4, 5, generator=torch.Generator().manual_seed(0))
    wanted = sum(0.5 * ((a[i] - b[i]) ** 2).sum() for i in range(3)) / 3
    assert torch.isclose(losses.half_sum_squares(a, b), wanted)
    assert torch.isclose(losses.half_sum_squares(a, b), F.mse_loss(a, b) * 20 / 2)


def test_feature_matching_detaches_real_features_and_ignores_logits() -> None:
    fake, real = ([[torch.rand(1, 2, 3, 3, requires_grad=True) for _ in range(3)]] for _ in range(2))
    losses.feature_matching(fake, real).backward()
    assert all(feature.grad is None for feature in real[0]) and fake[0][-1].grad is None
    assert all(feature.grad is not None for feature in fake[0][:-1])


class Picture(nn.Module):
    """A generator whose only parameter is its picture."""

    def __init__(self, picture: Tensor) -> None:
        super().__init__()
        self.picture = nn.Parameter(picture.detach().clone())

    def forward(self, semantics: Tensor) -> Tensor:
        return self.picture * 1.0  # what comes out is no leaf, as in a real generator


def _step(case: Case, training: bool, **settings: object) -> tuple[Translation, Tensor, Tensor]:
    """The generator's and then the discriminator's half of one step of ours, with rates of zero."""
    task = Translation.__new__(Translation)
    task.settings = gan_settings(batch=1, **settings)
    task.machine = Machine(torch.device("cpu"))
    task.perceptual = None
    task.generator = Trainee(Picture(case.fake), lambda p: torch.optim.SGD(p, 0.0), task.machine)
    task.discriminator = Trainee(case.module, lambda p: torch.optim.SGD(p, 0.0), task.machine)
    task.discriminator.module.train(training)
    planes, real = case.joint[1:, :36].detach(), case.joint[1:, 36:].detach()
    made, pictures = task._learn_generator([(planes, real)])
    return task, made, task._learn_discriminator([(planes, real)], pictures)


def test_training_step_gives_the_golden_losses_and_gradients(spade: Case) -> None:
    task, made, judged = _step(spade, training=False)
    wanted = spade.config["losses"]["hinge"]
    assert made[:2].tolist() == pytest.approx([wanted["G_GAN"], wanted["G_GAN_Feat"]], rel=1e-5, abs=1e-6)
    assert made.sum().item() == pytest.approx(wanted["G_total"], rel=1e-5)
    assert judged.tolist() == pytest.approx([wanted["D_Fake"], wanted["D_real"]], rel=1e-5)
    slope = spade.output["grad_G_total_wrt_fake"]
    found = task.generator.module.get_parameter("picture").grad
    assert found is not None and torch.allclose(found, slope, rtol=1e-4, atol=1e-4 * float(slope.abs().max()))
    gradients = _officially_named(task.discriminator.module)
    for key in (key for key in spade.output if key.startswith("grad_D_total/")):
        assert torch.allclose(gradients[key.removeprefix("grad_D_total/")], spade.output[key], rtol=1e-4, atol=1e-6)


def test_pix2pixhd_training_step_gives_the_golden_losses(nvidia: Case) -> None:
    changes = {"gan_loss": "least_squares", "procedure": "pix2pixhd"}
    task, made, judged = _step(nvidia, training=False, **changes)
    wanted = nvidia.config["losses"]["lsgan"]
    assert made.sum().item() == pytest.approx(wanted["G_total"], rel=1e-5)
    assert judged.sum().item() == pytest.approx(wanted["D_total_half_sum"], rel=1e-5)
    slope = nvidia.output["grad_G_total_wrt_fake"]
    found = task.generator.module.get_parameter("picture").grad
    assert found is not None and torch.allclose(found, slope, rtol=1e-4, atol=1e-4 * float(slope.abs().max()))


def test_each_half_of_a_step_is_one_power_iteration(spade: Case) -> None:
    """After one joint pass the buffers are the golden ones; a whole step makes two passes, no more."""
    twin = official_checkpoints.from_options("multiscale_discriminator", spade.config["options"])
    official_checkpoints.load_official(twin, spade.state)
    twin.train()
    twin(spade.joint)
    once = _officially_named(twin)
    golden = [key for key in spade.output if key.startswith("after_train_forward/")]
    assert len(golden) == 3
    for key in golden:
        assert torch.allclose(once[key.removeprefix("after_train_forward/")], spade.output[key], atol=1e-6), key
    twin(spade.joint)
    twice = _officially_named(twin)
    task, _, _ = _step(spade, training=True)
    stepped = _officially_named(task.discriminator.module)
    buffers = [key for key in stepped if key.endswith(("weight_u", "weight_v"))]
    assert len(buffers) == 12
    for key in buffers:
        assert torch.allclose(stepped[key], twice[key], atol=1e-6), key
