"""Whole small trainings: they learn, stop at nonsense, and say what they did."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path

import pytest
import torch
from rich.console import Console
from torchvision.models import vgg19

from pixelwise.errors import PixelwiseError
from pixelwise.models import checkpoint
from pixelwise.settings.training import DenoisingSettings
from pixelwise.training import adversarial, denoising, progress_bar, segmentation
from pixelwise.training.curve import Curve
from pixelwise.training.held_out import photographs
from pixelwise.training.labelled_batches import LabelledImages
from pixelwise.training.machine import Machine, set_up
from pixelwise.training.patches import Patches
from tests.training.small_trainings import NARROW, denoising_settings, gan_settings, segmentation_settings


def facts(folder: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads((folder / "training.json").read_text())
    return document


def curve(folder: Path, column: str) -> list[float]:
    header, *rows = [line.split(",") for line in (folder / "loss.csv").read_text().splitlines()]
    return [float(row[header.index(column)]) for row in rows]


@pytest.mark.slow
def test_gan_learns_the_colours(translation_data: Path, tmp_path: Path) -> None:
    settings = gan_settings(
        presentations=160,
        pixel_l1=20,
        learning_rate=4e-3,
        log_every=10,
        initialisation="pytorch",
        options=NARROW | {"tile": 8, "learned_factor": 8},
    )
    adversarial.run(settings, {"data": translation_data}, tmp_path / "out", tmp_path / "work")
    pixel = curve(tmp_path / "out", "pixel")
    assert pixel[-1] < 0.8 * pixel[0]
    document = facts(tmp_path / "out")
    assert document["presentations"] == 160 and document["steps"] == 80 and document["short"] is True
    assert document["dataset"] == {"kind": "streets", "synthetic": True, "height": 32, "width": 64}
    assert {"name": "pixel_l1", "published": 0.0, "here": 20.0} in document["deviations"]
    module, info = checkpoint.load(tmp_path / "out" / "model.safetensors")
    assert info["name"] == "asapnet" and info["options"]["num_labels"] == 5
    assert (info["extra"]["height"], info["extra"]["width"]) == (32, 64)  # for label maps of other sizes
    assert module(torch.zeros(1, 6, 32, 64)).shape == (1, 3, 32, 64)


def test_denoiser_learns(photo_data: Path, tmp_path: Path) -> None:
    settings = denoising_settings(steps=80, learning_rate=3e-3, log_every=20, batch=8)
    denoising.run(settings, {"data": photo_data}, tmp_path / "out", tmp_path / "work")
    loss = curve(tmp_path / "out", "loss")
    identity = 16 * 16 * (25 / 255) ** 2 / 2
    assert loss[-1] < 0.6 * identity
    assert curve(tmp_path / "out", "psnr")[-1] > 20.17 + 2
    _, info = checkpoint.load(tmp_path / "out" / "model.safetensors")
    assert info["extra"]["sigma"] == 25.0 and info["extra"]["short"] is True


def test_segmenter_learns(translation_data: Path, tmp_path: Path) -> None:
    settings = segmentation_settings(presentations=240, log_every=20, crop=None, learning_rate=0.1)
    segmentation.run(settings, {"data": translation_data}, tmp_path / "out", tmp_path / "work")
    assert curve(tmp_path / "out", "accuracy")[-1] > 0.8
    _, info = checkpoint.load(tmp_path / "out" / "model.safetensors")
    assert info["extra"]["classes"] == ["a", "b", "c"] and info["options"]["num_classes"] == 3


FORMS = {
    "report": {"recipe": "report_asapnet", "loss": "l1"},
    "direct": {"options": NARROW | {"output": "linear"}},
    "residual": {"options": NARROW | {"output": "linear", "residual": True}},
    "tiles of 8": {"options": NARROW | {"output": "linear", "residual": True, "tile": 8, "learned_factor": 8}},
    "tiles of 4": {"options": NARROW | {"output": "linear", "residual": True, "tile": 4, "learned_factor": 4}},
}


@pytest.mark.parametrize("form", list(FORMS))
def test_forms_of_asapnet_as_a_denoiser(form: str, photo_data: Path, tmp_path: Path) -> None:
    changes = {"architecture": "asapnet", "patch": 32, "steps": 2, "options": NARROW} | FORMS[form]
    denoising.run(denoising_settings(**changes), {"data": photo_data}, tmp_path / "out", tmp_path / "work")
    module, _ = checkpoint.load(tmp_path / "out" / "model.safetensors")
    assert module(torch.zeros(1, 1, 48, 32)).shape == (1, 1, 48, 32)


def test_equal_pixels_for_dncnn_and_asapnet() -> None:
    dncnn, asapnet = DenoisingSettings(), DenoisingSettings(architecture="asapnet")
    assert dncnn.batch * dncnn.patch**2 == asapnet.batch * asapnet.patch**2 == 204800
    assert asapnet.patch % 16 == 0 and dncnn.epochs_per_rate == asapnet.epochs_per_rate


@pytest.fixture(scope="module")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("vgg19")
    features = {f"features.{k}": v for k, v in vgg19(weights=None).features.state_dict().items()}
    torch.save(features, folder / "vgg19.pth")
    return folder


@pytest.mark.slow
def test_perceptual_loss_in_both_kinds_of_training(
    vgg: Path, translation_data: Path, photo_data: Path, tmp_path: Path
) -> None:
    inputs = {"data": translation_data, "perceptual": vgg}
    adversarial.run(gan_settings(perceptual=10, presentations=2), inputs, tmp_path / "gan", tmp_path / "work-gan")
    assert curve(tmp_path / "gan", "perceptual")[0] > 0
    settings = denoising_settings(architecture="asapnet", options=NARROW, patch=32, steps=1, loss="perceptual", batch=1)
    denoising.run(settings, {"data": photo_data, "perceptual": vgg}, tmp_path / "gray", tmp_path / "work-gray")
    assert curve(tmp_path / "gray", "loss")[0] > 0
    with pytest.raises(PixelwiseError, match="no input 'perceptual'"):
        denoising.run(settings, {"data": photo_data}, tmp_path / "gray", tmp_path / "work-gray")


@pytest.mark.parametrize("changes", [{"precision": "bf16"}, {"precision": "tf32"}, {"channels_last": True}])
@pytest.mark.parametrize("kind", ["gan", "dncnn", "segmenter"])
def test_precision_and_layout_change_little(
    kind: str, changes: dict[str, object], translation_data: Path, photo_data: Path, tmp_path: Path
) -> None:
    for name, extra in (("usual", {}), ("changed", changes)):
        work = tmp_path / f"work-{name}"
        if kind == "gan":
            adversarial.run(gan_settings(presentations=6, **extra), {"data": translation_data}, tmp_path / name, work)
        elif kind == "dncnn":
            denoising.run(denoising_settings(steps=4, **extra), {"data": photo_data}, tmp_path / name, work)
        else:
            settings = segmentation_settings(presentations=6, **extra)
            segmentation.run(settings, {"data": translation_data}, tmp_path / name, work)
    usual, changed = (list(facts(tmp_path / name)["losses"].values()) for name in ("usual", "changed"))
    assert changed == pytest.approx(usual, rel=0.05, abs=0.02)


def test_optimisers_and_deblurring(photo_data: Path, tmp_path: Path) -> None:
    changes = {"optimiser": "sgd", "learning_rate": 1e-4, "degradation": "motion_blur", "sigma": [0, 2], "steps": 3}
    changes |= {"blur_length": [3, 5], "augment": "patch", "loss": "l2", "weight_decay": 1e-4}
    denoising.run(denoising_settings(**changes), {"data": photo_data}, tmp_path / "out", tmp_path / "work")
    _, info = checkpoint.load(tmp_path / "out" / "model.safetensors")
    assert info["extra"]["degradation"] == "motion_blur" and info["extra"]["sigma"] == [0.0, 2.0]


def test_moving_average_is_what_is_saved(photo_data: Path, tmp_path: Path) -> None:
    settings = denoising_settings(ema=0.5, steps=3, options={"depth": 3, "width": 2})
    with set_up(settings) as machine:
        task = denoising.Restoration(settings, photo_data, machine, None)
        history = []
        for step in range(3):
            task.step(step)
            history.append(task.network.module.state_dict()["convs.0.weight"].clone())
    wanted = 0.5 * (0.5 * history[0] + 0.5 * history[1]) + 0.5 * history[2]
    assert torch.allclose(task.network.trained.state_dict()["convs.0.weight"], wanted, atol=1e-6)
    buffer = "norms.0.running_mean"
    assert torch.equal(task.network.trained.state_dict()[buffer], task.network.module.state_dict()[buffer])


@pytest.mark.parametrize("rate", [1e30])
def test_nonsense_stops_the_run_with_one_line(rate: float, photo_data: Path, tmp_path: Path) -> None:
    settings = denoising_settings().model_copy(update={"learning_rate": rate})  # planning refuses such a rate
    with pytest.raises(PixelwiseError, match=r"^training: (loss|gradient) is not finite at step \d+; lower [^\n]*$"):
        denoising.run(settings, {"data": photo_data}, tmp_path / "out", tmp_path / "work")
    assert not (tmp_path / "out").exists()


def test_first_bad_step_is_named_although_looked_for_late() -> None:
    found = Curve(("a", "b"), 10, torch.device("cpu"), ("gradient",))
    for step in range(1, 8):
        found.add(step, torch.tensor([1.0, float("inf") if step in (4, 6) else 1.0, float("nan") if step > 4 else 0.0]))
    with pytest.raises(PixelwiseError, match="b is not finite at step 4"):
        found.close_window(7)


def test_curve_is_the_mean_of_each_window() -> None:
    found = Curve(("a",), 8, torch.device("cpu"))
    for step, value in enumerate((1.0, 2.0, 4.0), 1):
        found.add(step, torch.tensor([value]))
        if step != 1:
            found.close_window(step)
    assert found.csv() == "step,presentations,a\n2,16,1.5\n3,24,4\n"


def test_discriminator_alone_steps_in_between(translation_data: Path) -> None:
    settings = gan_settings(discriminator_steps=2)
    with set_up(settings) as machine:
        task = adversarial.Translation(settings, LabelledImages(translation_data, machine), machine, None)
        weights = [next(task.generator.module.parameters()).clone()]
        for step in range(3):
            task.step(step)
            weights.append(next(task.generator.module.parameters()).clone())
    assert [torch.equal(a, b) for a, b in itertools.pairwise(weights)] == [False, True, False]


def test_enhancer_alone_learns_first(translation_data: Path) -> None:
    options = {"width": 2, "downsamplings": 1, "blocks": 1, "local_blocks": 1}
    settings = gan_settings(
        architecture="pix2pixhd_local", options=options, epochs_enhancer_only=50, presentations=4, perceptual=0
    )
    machine = Machine(torch.device("cpu"))
    task = adversarial.Translation(settings, LabelledImages(translation_data, machine), machine, None)

    def moved(step: int) -> dict[str, bool]:
        before = {key: value.clone() for key, value in task.generator.module.named_parameters()}
        task.step(step)
        return {key: not torch.equal(before[key], value) for key, value in task.generator.module.named_parameters()}

    first, second = moved(0), moved(1)
    assert not any(change for key, change in first.items() if key.startswith("trunk"))
    assert any(change for key, change in first.items() if key.startswith("enhancers"))
    assert any(change for key, change in second.items() if key.startswith("trunk"))


def test_mistakes_are_named(translation_data: Path, photo_data: Path, tmp_path: Path) -> None:
    inputs = {"data": translation_data}
    with pytest.raises(PixelwiseError, match="batch: 64; the training split has 9 examples"):
        adversarial.run(gan_settings(batch=64, presentations=64), inputs, tmp_path / "o", tmp_path / "w")
    with pytest.raises(PixelwiseError, match="batch: 4096; the training split has"):
        denoising.run(denoising_settings(batch=4096), {"data": photo_data}, tmp_path / "o", tmp_path / "w")
    with pytest.raises(PixelwiseError, match="holds no label maps"):
        adversarial.run(gan_settings(), {"data": photo_data}, tmp_path / "o", tmp_path / "w")
    if not torch.cuda.is_available():
        with pytest.raises(PixelwiseError, match="device: cuda; this machine has no usable CUDA device"):
            denoising.run(denoising_settings(device="cuda"), {"data": photo_data}, tmp_path / "o", tmp_path / "w")


def test_progress_is_lines_in_a_log_and_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_bar, "SECONDS_BETWEEN_LINES", 0.0)
    text = {}
    for terminal in (False, True):
        stream = io.StringIO()
        console = Console(file=stream, force_terminal=terminal, width=150)
        with progress_bar.Live("dncnn", 10, 2, 4, console=console) as live:
            for step in range(3, 11):
                live.step(step, {"loss": 0.5} if step % 4 == 0 else None)
        text[terminal] = stream.getvalue()
    lines = text[False].splitlines()
    assert lines[0] == "dncnn: step 2 of 10" and lines[1].startswith("dncnn: step 4/10, loss 0.5, ")
    assert "images/s" in lines[1] and lines[1].endswith(" left") and lines[-1].startswith("dncnn: 10 steps in 0:00:0")
    assert "\x1b" not in text[False] and "10/10" in text[True] and "loss 0.5" in text[True]
    assert progress_bar.duration(3723.4) == "1:02:03"


@pytest.mark.slow
def test_compiled_training_gives_the_same_checkpoint(photo_data: Path, tmp_path: Path) -> None:
    """Traced and run by torch's own operators, so that no compiler is needed here."""
    compiled = torch.compile
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "compile", lambda module: compiled(module, backend="aot_eager"))
        for name, flag in (("plain", False), ("compiled", True)):
            settings = denoising_settings(compile=flag, steps=4, checkpoint_every=2)
            denoising.run(settings, {"data": photo_data}, tmp_path / name, tmp_path / f"work-{name}")
    states = [checkpoint.load(tmp_path / name / "model.safetensors")[0].state_dict() for name in ("plain", "compiled")]
    assert states[0].keys() == states[1].keys()
    for key, value in states[0].items():
        assert torch.allclose(value, states[1][key], rtol=1e-3, atol=1e-5), key


def test_held_out_photographs_are_scored_along_the_training(photo_data: Path, tmp_path: Path) -> None:
    """The table goes on after an interruption as if there had been none, and training.json says what the end gained."""
    settings = denoising_settings(steps=50, batch=2, held_out=1, checkpoint_every=20)
    denoising.run(settings, {"data": photo_data}, tmp_path / "out", tmp_path / "work")
    rows = [line.split(",") for line in (tmp_path / "out" / "held_out.csv").read_text().splitlines()]
    assert rows[0] == ["step", "presentations", "psnr"] and [int(row[0]) for row in rows[1:]] == list(range(2, 51, 2))
    told = facts(tmp_path / "out")["held_out"]
    gain = float(rows[25][2]) - float(rows[20][2])
    assert told == {
        "images": 1,
        "sigma": 25.0,
        "psnr": pytest.approx(float(rows[25][2])),
        "gain_last_fifth": pytest.approx(gain),
    }
    whole = Patches(photo_data, torch.device("cpu"), 16, 5, settings.scales)
    assert 0 < int(str(facts(tmp_path / "out")["patches"])) < len(whole)
    with pytest.raises(PixelwiseError, match="one must be left"):
        photographs(photo_data, 1000)


def test_an_oracle_learns_from_its_guide(photo_data: Path, tmp_path: Path) -> None:
    """Its first step differs from the ordinary network's in nothing but the low-res input."""
    options = NARROW | {"tile": 8, "learned_factor": 8, "output": "linear", "residual": True}
    values = {"architecture": "asapnet", "recipe": "asapnet_like_dncnn", "options": options, "steps": 1, "batch": 2}
    ends = {}
    for seen in ("degraded", "clean"):
        settings = denoising_settings(**values, lowres_input=seen, initialisation="pytorch")
        denoising.run(settings, {"data": photo_data}, tmp_path / seen, tmp_path / f"work-{seen}")
        ends[seen] = checkpoint.load(tmp_path / seen / "model.safetensors")
    assert ends["clean"][1]["extra"]["lowres_input"] == "clean" and "lowres_input" not in ends["degraded"][1]["extra"]
    weights = [end[0].state_dict() for end in ends.values()]
    assert any(not torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    with pytest.raises(ValueError, match="lowres_input: clean with dncnn; allowed for asapnet"):
        denoising_settings(lowres_input="clean")
