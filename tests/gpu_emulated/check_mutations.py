"""The checks fail when a fault is put back: each test here breaks something and asks a check of another file."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks import device_checks
from pixelwise.cards import leases
from pixelwise.models import asapnet_direct
from pixelwise.models.architectures.dncnn import DnCNN
from pixelwise.models.architectures.pix2pixhd import Pix2PixHD
from pixelwise.models.architectures.spade import SpatialNorm
from pixelwise.models.fast import pixelwise_triton
from pixelwise.models.perceptual_loss import VGG19
from pixelwise.training import views
from pixelwise.training.curve import Curve
from tests.gpu_emulated import check_bench, check_timing, check_training, made
from tests.gpu_emulated.check_training import data, perceptual  # noqa: F401 (fixtures)
from tests.gpu_emulated.stand_ins import SHARED_KIB


def test_a_constant_of_the_processor_in_a_forward_pass(data, monkeypatch):  # noqa: F811
    forward = Pix2PixHD.forward

    def broken(self: nn.Module, semantics: torch.Tensor) -> torch.Tensor:
        return forward(self, semantics) * torch.ones(3, 1, 1)

    monkeypatch.setattr(Pix2PixHD, "forward", broken)
    with pytest.raises(RuntimeError, match="on the same device"):
        check_training.test_a_step_of_every_recipe_computes_what_the_processor_computes(
            made.adversarial, "spade_pix2pixhd", data
        )


def test_a_constant_of_the_processor_in_a_form_that_is_only_timed(monkeypatch):
    direct = asapnet_direct.direct_stream
    monkeypatch.setattr(asapnet_direct, "direct_stream", lambda *args: direct(*args) * torch.ones(3, 1, 1))
    with pytest.raises(RuntimeError, match="on the same device"):
        check_timing.test_every_timed_form_makes_the_picture_of_the_processor("asapnet")


def test_a_constant_of_the_processor_in_the_perceptual_loss(data, perceptual, monkeypatch):  # noqa: F811
    features = VGG19.forward
    monkeypatch.setattr(
        VGG19, "forward", lambda self, image: [one * torch.ones(1, 1, 1) for one in features(self, image)]
    )
    with pytest.raises(RuntimeError, match="on the same device"):
        check_training.test_a_step_with_the_perceptual_loss_computes_what_the_processor_computes(data, perceptual)


def test_a_number_asked_for_inside_what_is_timed(monkeypatch):
    forward = Pix2PixHD.forward

    def broken(self: nn.Module, semantics: torch.Tensor) -> torch.Tensor:
        image = forward(self, semantics)
        assert image.sum().item() == image.sum().item()
        return image

    broken.__code__ = broken.__code__.replace(co_filename=forward.__code__.co_filename)
    monkeypatch.setattr(Pix2PixHD, "forward", broken)
    with pytest.raises(AssertionError, match="item"):
        check_timing.test_nothing_waits_inside_what_is_timed("generator", "spade_pix2pixhd")


@pytest.mark.parametrize("layer", [SpatialNorm, DnCNN])
def test_a_number_asked_for_in_another_timed_network(layer, monkeypatch):
    forward = layer.forward

    def broken(self: nn.Module, *args: torch.Tensor) -> torch.Tensor:
        made = forward(self, *args)
        assert made.sum().item() is not None
        return made

    monkeypatch.setattr(layer, "forward", broken)
    with pytest.raises(AssertionError, match="item"):
        if layer is DnCNN:
            check_timing.test_nothing_waits_inside_a_timed_denoiser("generator", "dncnn")
        else:
            check_timing.test_nothing_waits_inside_what_is_timed("generator", "spade")


def test_a_number_asked_for_between_two_training_steps(data, tmp_path, monkeypatch):  # noqa: F811
    add = Curve.add
    monkeypatch.setattr(Curve, "add", lambda self, step, values: add(self, step, values * values.sum().item()))
    with pytest.raises(AssertionError, match="item"):
        check_training.test_the_loop_waits_only_where_it_notes_the_losses(data, tmp_path)


def test_a_number_asked_for_in_a_training_step(data, monkeypatch):  # noqa: F811
    from pixelwise.training import denoising

    levels = denoising.noise

    def broken(*args: object) -> torch.Tensor:
        made = levels(*args)
        return made * float(made.abs().max() > -1)

    monkeypatch.setattr(denoising, "noise", broken)
    with pytest.raises(AssertionError, match="item"):
        check_training.test_a_step_of_every_recipe_computes_what_the_processor_computes(made.denoising, "dncnn_s", data)


def test_coordinates_in_tf32(data, monkeypatch):  # noqa: F811
    monkeypatch.setattr(views, "exact_products", contextlib.nullcontext)
    with pytest.raises(AssertionError):
        check_training.test_views_are_cut_at_the_same_places_under_tf32(data)


def test_a_kernel_over_its_cards_limit(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(pixelwise_triton, "shared_memory", lambda device: None)  # nobody asks the card
    with pytest.raises(AssertionError):
        check_timing.test_a_turing_card_runs_smaller_programs_and_says_what_it_cannot(tmp_path)
    assert SHARED_KIB["ieee", 64] > 64


def test_a_kernel_over_its_cards_limit_in_the_checks_of_a_machine(monkeypatch):
    monkeypatch.setattr(device_checks, "program", lambda *_: True)  # nobody asks the card
    with pytest.raises(AssertionError):
        check_bench.test_a_kernel_over_its_cards_limit_is_no_failed_check("RTX 3060", {"tf32x3"})


def test_two_jobs_on_one_card(data, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(leases, "take", lambda card, folder: True)  # whoever holds it
    with pytest.raises(AssertionError):
        check_training.test_the_second_card_is_taken_where_the_first_is_leased(data, tmp_path, monkeypatch)


def test_backward_inside_autocast(data, monkeypatch):  # noqa: F811
    from pixelwise.training.machine import Machine

    autocast = Machine.autocast

    @contextlib.contextmanager
    def leaking(self: Machine):
        context = autocast(self)
        context.__enter__()
        yield

    monkeypatch.setattr(Machine, "autocast", leaking)
    before = torch.is_autocast_enabled("cuda")
    try:
        with pytest.raises(AssertionError):
            check_training.test_backward_passes_run_outside_autocast(data, monkeypatch)
    finally:
        torch.set_autocast_enabled("cuda", before)


def test_random_numbers_of_the_card_that_nobody_seeds(monkeypatch):
    from tests.gpu_emulated import machine_stubs

    monkeypatch.setattr(machine_stubs, "_seed_all", lambda seed: None)
    with pytest.raises(AssertionError):
        check_training.test_each_step_has_random_numbers_of_its_own_on_the_card()
