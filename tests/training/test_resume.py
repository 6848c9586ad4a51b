"""A training that is killed anywhere and started again ends in the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from pixelwise.errors import PixelwiseError
from pixelwise.settings.training import TrainingSettings
from pixelwise.training import adversarial, denoising, segmentation
from tests.training.small_trainings import NARROW, denoising_settings, gan_settings, segmentation_settings

Factory = pytest.TempPathFactory
SPADE = {"width": 2, "num_upsampling_layers": "normal", "norm_hidden": 4}
OUTPUTS = ("model.safetensors", "training.json", "loss.csv")


class Killed(Exception):
    """Stands for the end of the process."""


def outputs(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def kinds(kind: str, **changes: object) -> tuple[TrainingSettings, Callable[..., None], type]:
    return {
        "gan": lambda: (gan_settings(**changes), adversarial.run, adversarial.Translation),
        "dncnn": lambda: (denoising_settings(**changes), denoising.run, denoising.Restoration),
        "segmenter": lambda: (segmentation_settings(**changes), segmentation.run, segmentation.Segmentation),
    }[kind]()


@pytest.fixture
def data(translation_data: Path, photo_data: Path) -> Callable[[str], Path]:
    return lambda kind: photo_data if kind == "dncnn" else translation_data


@pytest.mark.slow
@pytest.mark.parametrize("ema", [None, 0.9])
@pytest.mark.parametrize("kind", ["gan", "dncnn", "segmenter"])
def test_killed_anywhere_gives_the_same_bytes(
    kind: str, ema: float | None, data: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run, task = kinds(kind, ema=ema)
    inputs = {"data": data(kind)}
    run(settings, inputs, tmp_path / "whole", tmp_path / "work")
    wanted = outputs(tmp_path / "whole")
    steps = json.loads(wanted["training.json"])["steps"]
    original = task.step
    rng = np.random.default_rng([ord(kind[0]), ema is None])
    everywhere = range(steps) if not ema and kind != "segmenter" else rng.integers(0, steps, size=3).tolist()
    for trial, first in enumerate(everywhere):
        fatal = {first, *rng.integers(0, steps, size=rng.integers(0, 3)).tolist()}

        def step(self: object, number: int, fatal: set[int] = fatal) -> torch.Tensor:
            values = original(self, number)
            if number in fatal:  # after the weights changed, before anything was noted
                fatal.remove(number)
                raise Killed
            return values

        monkeypatch.setattr(task, "step", step)
        work, out = tmp_path / f"work{trial}", tmp_path / f"out{trial}"
        for _ in range(5):
            torch.rand(int(rng.integers(1, 9)))  # a new process has other global random states
            np.random.seed(int(rng.integers(1000)))
            try:
                run(settings, inputs, out, work)
                break
            except Killed:
                continue
        assert not fatal
        assert outputs(out) == wanted


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("generator", ["asapnet", "spade"])
@examples(deadline=None, max_examples=4)
@given(every=st.integers(2, 4), stops=st.sets(st.integers(0, 6), min_size=1, max_size=3))
def test_stopped_between_steps_of_the_generator_gives_the_same_bytes(
    generator: str, accumulate: int, every: int, stops: set[int], translation_data: Path, tmp_path_factory: Factory
) -> None:
    """Its networks iterate spectral norms, also where the generator makes pictures and does not learn."""
    folder, inputs = tmp_path_factory.mktemp("between"), {"data": translation_data}
    chosen = gan_settings(
        architecture=generator,
        options=NARROW if generator == "asapnet" else SPADE,
        discriminator_steps=every,
        accumulate=accumulate,
        presentations=14,
        checkpoint_every=1,
    )
    adversarial.run(chosen, inputs, folder / "whole", folder / "unbroken")
    original = adversarial.Translation.step
    left = set(stops)

    def step(self: adversarial.Translation, number: int) -> torch.Tensor:
        if number in left:
            left.remove(number)
            raise Killed
        return original(self, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adversarial.Translation, "step", step)
        for _ in range(len(stops)):
            with pytest.raises(Killed):
                adversarial.run(chosen, inputs, folder / "out", folder / "work")
        adversarial.run(chosen, inputs, folder / "out", folder / "work")
    assert outputs(folder / "out") == outputs(folder / "whole")


SCRIPT = """
import sys, json, time
from pathlib import Path
from pixelwise.errors import PixelwiseError
from pixelwise.settings import training
from pixelwise.training import {module} as kind
settings = training.{settings}.model_validate(json.loads(sys.argv[1]))
original = kind.{task}.step
def slow(self, step):
    time.sleep(0.2)
    return original(self, step)
kind.{task}.step = slow
try:
    kind.run(settings, {{"data": Path(sys.argv[2])}}, Path(sys.argv[3]), Path(sys.argv[4]))
except PixelwiseError as error:
    print(error)
    sys.exit(2)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_process_killed_by_signal(number: signal.Signals, translation_data: Path, tmp_path: Path) -> None:
    settings = gan_settings(presentations=40)
    adversarial.run(settings, {"data": translation_data}, tmp_path / "whole", tmp_path / "unbroken")
    script = SCRIPT.format(module="adversarial", settings="AdversarialSettings", task="Translation")
    work = tmp_path / "work"
    arguments = [settings.model_dump_json(), str(translation_data), str(tmp_path / "out"), str(work)]
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, env=os.environ.copy()
    )
    deadline = time.time() + 60
    while not (work / "checkpoint.pt").exists() and time.time() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    text = process.communicate()[0].decode()
    assert process.returncode == (-9 if number == signal.SIGKILL else 2)
    if number == signal.SIGTERM:
        assert "stopped by SIGTERM after step" in text
    assert not (tmp_path / "out").exists()
    adversarial.run(settings, {"data": translation_data}, tmp_path / "out", work)
    assert outputs(tmp_path / "out") == outputs(tmp_path / "whole")


def test_two_runs_give_the_same_bytes_and_seeds_differ(photo_data: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        denoising.run(denoising_settings(seed=seed), {"data": photo_data}, tmp_path / name, tmp_path / f"work-{name}")
    assert outputs(tmp_path / "a") == outputs(tmp_path / "b")
    assert outputs(tmp_path / "a")["model.safetensors"] != outputs(tmp_path / "c")["model.safetensors"]


def test_checkpoint_of_other_settings_or_damaged_is_refused(photo_data: Path, tmp_path: Path) -> None:
    inputs = {"data": photo_data}
    denoising.run(denoising_settings(), inputs, tmp_path / "out", tmp_path / "work")
    with pytest.raises(PixelwiseError, match=r"checkpoint.pt: made with other settings"):
        denoising.run(denoising_settings(learning_rate=0.1), inputs, tmp_path / "out", tmp_path / "work")
    checkpoint = tmp_path / "work" / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(PixelwiseError, match=r"checkpoint.pt: not readable"):
        denoising.run(denoising_settings(), inputs, tmp_path / "out", tmp_path / "work")


def test_loss_curve_in_work_grows_and_equals_the_final_one(photo_data: Path, tmp_path: Path) -> None:
    denoising.run(denoising_settings(), {"data": photo_data}, tmp_path / "out", tmp_path / "work")
    text = (tmp_path / "out" / "loss.csv").read_text()
    assert (tmp_path / "work" / "loss.csv").read_text() == text
    assert text.splitlines()[0] == "step,presentations,loss,psnr"
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == ["5", "10", "12"]
