"""Trainings on an emulated card: every recipe and task, precision, resumption, random numbers, which card."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pixelwise.artifacts import flock
from pixelwise.cards import leases, selecting
from pixelwise.errors import PixelwiseError
from pixelwise.models.fast import kernel_choice
from pixelwise.models.perceptual_loss import VGG19, PerceptualLoss
from pixelwise.settings.training import AdversarialSettings, DenoisingSettings, SegmentationSettings
from pixelwise.training import adversarial, denoising, segmentation
from pixelwise.training.labelled_batches import LabelledImages
from pixelwise.training.loop import train
from pixelwise.training.machine import set_up
from pixelwise.training.randomness import seed_everything
from pixelwise.training.restored_samples import restored
from pixelwise.training.segmented_samples import segmented
from pixelwise.training.translated_samples import translated
from tests.gpu_emulated import made
from tests.gpu_emulated.card import CardTensor, state
from tests.gpu_emulated.machine_stubs import emulated

WAITING = ("item", "nonzero", "equal", "is_nonzero", "masked_select", "unique", "tolist", "copy to host", "synchronise")
WAITING += ("repeat_interleave", "index from host", "copy from host, waiting")
KNOWN = {"models/pixelwise_form.py:position_code": "made in the first step and kept"}
"""What makes the host wait in a training step, and why that is left: nothing else may."""
RECIPES: list[tuple[Any, str]] = [
    *((made.adversarial, recipe) for recipe in AdversarialSettings.RECIPES),
    *((made.denoising, recipe) for recipe in DenoisingSettings.RECIPES),
    *((made.segmentation, recipe) for recipe in SegmentationSettings.RECIPES),
]


TASKS: dict[type, Any] = {
    **{AdversarialSettings: adversarial.Translation, DenoisingSettings: denoising.Restoration},
    SegmentationSettings: segmentation.Segmentation,
}
NEAR = {"tf32": {"losses": 0.01, "gradients": 0.1}, "bf16": {"losses": 0.15, "gradients": 0.15}}
"""Shares by which a step may differ. A gradient's norm jumps where rounding carries a value over the kink of a ReLU: of
four seeds on two processors by up to 2.6 % in TF32 and 5 % in bfloat16, while no loss differed by more than 0.4 %."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {"streets": made.streets(tmp_path_factory.mktemp("s")), "photos": made.photos(tmp_path_factory.mktemp("p"))}


def task_of(settings: Any, data: dict[str, Path], machine: Any) -> Any:
    if isinstance(settings, DenoisingSettings):
        return denoising.Restoration(settings, data["photos"], machine, None)
    images = LabelledImages(data["streets"], machine)
    if isinstance(settings, SegmentationSettings):
        return segmentation.Segmentation(settings, images, machine)
    return adversarial.Translation(settings, images, machine, None)


def tensors(value: Any) -> list[torch.Tensor]:
    """All tensors of a state but the step counters of optimisers, which lie on the processor by torch's design."""
    if isinstance(value, torch.Tensor):
        return [value] if value.dim() else []
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [tensor for child in children for tensor in tensors(child)]


def stepped(settings: Any, data: dict[str, Path], steps: int = 2) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Values of the last of some steps, and all tensors of the state behind it."""
    with set_up(settings) as machine:
        task = task_of(settings, data, machine)
        state.log.clear()
        for step in range(steps):
            seed_everything(settings.seed, "step", step)
            values = task.step(step)
        return values, tensors(task.state())


def waits() -> dict[tuple[str, str], int]:
    return {key: n for key, n in state.log.items() if key[0] in WAITING and key[1] not in KNOWN}


@pytest.mark.parametrize(("make", "recipe"), RECIPES, ids=[recipe for _, recipe in RECIPES])
def test_a_step_of_every_recipe_computes_what_the_processor_computes(make, recipe, data):
    expected, weights = stepped(make(recipe, device="cpu"), data)
    with emulated(), warnings.catch_warnings():
        warnings.simplefilter("error")
        values, found = stepped(make(recipe, device="cuda"), data)
        assert not waits(), waits()
        assert all(isinstance(tensor, CardTensor) for tensor in [values, *found])
    torch.testing.assert_close(values.inner, expected, rtol=2e-3, atol=2e-4)
    for ours, theirs in zip(found, weights, strict=True):
        assert ours.shape == theirs.shape and bool(ours.inner.isfinite().all())


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
@pytest.mark.parametrize(
    "settings",
    [
        made.adversarial("asapnet", channels_last=True),
        made.adversarial("pix2pixhd", accumulate=2),
        made.denoising("dncnn_b", channels_last=True),
        made.denoising("dncnn_s", degradation="motion_blur", sigma=2.55, ema=0.9),
        made.segmentation("segmenter", crop=None, rotation=10.0, zoom=(0.75, 1.5)),
    ],
    ids=["asapnet", "pix2pixhd", "dncnn", "deblurring", "segmenter"],
)
def test_lower_precisions_stay_near(settings, precision, data):
    expected, _ = stepped(settings.model_copy(update={"device": "cpu"}), data, 1)
    with emulated():
        values, _ = stepped(settings.model_copy(update={"device": "cuda", "precision": precision}), data, 1)
        assert not waits(), waits()
        assert state.rounded or precision == "bf16"
    gradients = len(TASKS[type(settings)].watched)
    for part, kind in ((slice(-gradients), "losses"), (slice(-gradients, None), "gradients")):
        tolerance = NEAR[precision][kind]
        torch.testing.assert_close(values.inner[part], expected[part], rtol=tolerance, atol=tolerance)


def test_backward_passes_run_outside_autocast(data, monkeypatch):
    backward, inside = torch.Tensor.backward, []

    def seen(self: torch.Tensor, *args: Any, **kwargs: Any) -> None:
        inside.append(torch.is_autocast_enabled("cuda"))
        backward(self, *args, **kwargs)

    monkeypatch.setattr(torch.Tensor, "backward", seen)
    with emulated():
        for settings in (made.adversarial("asapnet"), made.denoising("dncnn_s"), made.segmentation("segmenter")):
            stepped(settings.model_copy(update={"device": "cuda", "precision": "bf16"}), data, 1)
    assert inside and not any(inside)


def test_views_are_cut_at_the_same_places_under_tf32(data):
    settings = made.segmentation("segmenter", crop=None, rotation=10.0, zoom=(0.75, 1.5))
    with set_up(settings.model_copy(update={"device": "cpu"})) as machine:
        expected = task_of(settings, data, machine).batches(0)
    with emulated(), set_up(settings.model_copy(update={"device": "cuda", "precision": "tf32"})) as machine:
        found = task_of(settings, data, machine).batches(0)
        assert torch.backends.cuda.matmul.allow_tf32
    for (pictures, classes), (wanted, labels) in zip(found, expected, strict=True):
        torch.testing.assert_close(pictures.inner, wanted, rtol=0, atol=1e-3)
        assert (classes.inner != labels).float().mean() < 1e-3


def test_a_training_that_was_interrupted_ends_as_one_that_was_not(data, tmp_path):
    settings = made.denoising("dncnn_b", device="cuda", precision="bf16", steps=6, checkpoint_every=2)

    def weights(work: Path, stop: int | None = None) -> list[torch.Tensor]:
        with set_up(settings) as machine:
            task = task_of(settings, data, machine)
            step = task.step

            def interrupted(number: int) -> torch.Tensor:
                if number == stop:
                    raise KeyboardInterrupt
                return step(number)

            task.step = interrupted
            train(task, settings, machine, work)
            return [tensor.inner for tensor in tensors(task.network.module.state_dict())]

    with emulated():
        whole = weights(tmp_path / "whole")
        with pytest.raises(KeyboardInterrupt):
            weights(tmp_path / "cut", stop=5)
        resumed = weights(tmp_path / "cut")
    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))


def test_each_step_has_random_numbers_of_its_own_on_the_card():
    def drawn(step: int) -> torch.Tensor:
        seed_everything(0, "step", step)
        return torch.nn.functional.dropout(torch.ones(64, device="cuda")).inner

    with emulated():
        first, again = drawn(1), [drawn(2), drawn(1)]
        host = torch.rand(4)
        assert torch.equal(first, again[1]) and not torch.equal(first, again[0])
    seed_everything(0, "step", 1)
    assert torch.equal(host, torch.rand(4)), "the host's numbers do not depend on what a card drew"


def test_the_second_card_is_taken_where_the_first_is_leased(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    leases.FOLDER.mkdir(parents=True)
    with emulated(devices=2):
        first, second = (str(selecting.card(index).uuid) for index in range(2))
        with leases._file(first, leases.FOLDER).open("w") as other:
            assert first != second and flock(other.fileno(), shared=False)
            try:
                values, found = stepped(made.adversarial("asapnet", device="cuda"), data, 1)
            finally:
                leases.release(second)
        assert {tensor.device for tensor in [values, *found]} == {torch.device("cuda", 1)}


def test_without_a_card_the_processor_or_an_error(data):
    with emulated(devices=0):
        with set_up(made.denoising("dncnn_s")) as machine:
            assert machine.device.type == "cpu"
        settings = made.denoising("dncnn_s", device="cuda")
        with pytest.raises(PixelwiseError, match="no usable CUDA device"), set_up(settings):
            pass


def test_tensors_of_two_cards_do_not_mix():
    with emulated(devices=2), pytest.raises(RuntimeError, match="same device"):
        torch.ones(2, device="cuda:0") + torch.ones(2, device="cuda:1")
    with emulated(), pytest.raises(RuntimeError, match="same device"):
        torch.ones(2, device="cuda") * torch.ones(2)


@pytest.fixture(scope="module")
def perceptual() -> PerceptualLoss:
    torch.manual_seed(0)
    return PerceptualLoss(VGG19()).eval()


def test_a_step_with_the_perceptual_loss_computes_what_the_processor_computes(data, perceptual):
    def step(device: str) -> torch.Tensor:
        settings = made.adversarial("asapnet", perceptual=10.0, device=device)
        with set_up(settings) as machine:
            loss = copy.deepcopy(perceptual).to(machine.device)
            task = adversarial.Translation(settings, LabelledImages(data["streets"], machine), machine, loss)
            state.log.clear()
            return task.step(0)

    expected = step("cpu")
    with emulated():
        values = step("cuda")
        assert not waits(), waits()
    torch.testing.assert_close(values.inner, expected, rtol=2e-3, atol=2e-4)
    assert expected[adversarial.Translation.names.index("perceptual")] > 0


def test_the_loop_waits_only_where_it_notes_the_losses(data, tmp_path):
    settings = made.denoising("dncnn_b", device="cuda", steps=5, log_every=100, checkpoint_every=100)
    seen = []
    with emulated(), set_up(settings) as machine:
        task = task_of(settings, data, machine)
        state.log.clear()
        train(task, settings, machine, tmp_path, lambda done: seen.append(waits()))
    assert seen[:4] == [{}] * 4, seen
    assert {place for _, place in seen[4]} == {"training/curve.py:check", "training/curve.py:close_window"}


@pytest.mark.parametrize(
    "settings",
    [
        made.adversarial("asapnet"),
        made.adversarial("spade"),
        made.segmentation("segmenter"),
        made.denoising("dncnn_s"),
        made.denoising("dncnn_s", degradation="motion_blur", sigma=2.55, patch=24, blur_length=(3, 7)),
    ],
    ids=["asapnet", "spade", "segmenter", "dncnn", "deblurring"],
)
def test_sample_pictures_are_those_of_the_processor(settings, data):
    def rows(device: str) -> list[Any]:
        given = settings.model_copy(update={"device": device})
        with set_up(given) as machine:
            task = task_of(given, data, machine)
            if isinstance(given, DenoisingSettings):
                channels = task.patches.channels
                return restored(task.network.trained, data["photos"], given, channels, task.blur, machine)
            if isinstance(given, SegmentationSettings):
                colours = (task.mean, task.deviation)
                return segmented(task.network.trained, data["streets"], task.classes, 3, colours)
            return translated(task.generator.trained, data["streets"], task.images.facts, task.edge, machine)

    expected = rows("cpu")
    with emulated():
        found = rows("cuda")
        assert any(kind == "copy to host" for kind, _ in state.log), "nothing was computed on the card"
    assert len(found) == len(expected) == 2
    for ours, theirs in zip(found, expected, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert (np.abs(one.astype(int) - other) > 1).mean() < 1e-3


def test_without_a_compiler_a_training_goes_on_uncompiled(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    for kept in (kernel_choice.obstacle, kernel_choice.tell):
        kept.cache_clear()
    try:
        with emulated():
            values, _ = stepped(made.denoising("dncnn_s", device="cuda", compile=True), data, 1)
    finally:
        kernel_choice.obstacle.cache_clear()
    assert bool(values.inner.isfinite().all())
    assert "compile: true is left out: no C compiler" in capsys.readouterr().err
