"""What a training shows on its way: pictures of fixed inputs, and events; the result stays the same byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from pixelwise.data.pack import Pack
from pixelwise.data.pack_writing import Item, write_pack
from pixelwise.settings.training import TrainingSettings
from pixelwise.terminal import progress
from pixelwise.training import adversarial, denoising, segmentation, shown
from pixelwise.training.sample_pictures import evaluating
from tests.training.small_trainings import denoising_settings, gan_settings, segmentation_settings

KINDS = {
    "gan": (gan_settings, adversarial.run),
    "dncnn": (denoising_settings, denoising.run),
    "blur": (lambda **more: denoising_settings(degradation="motion_blur", blur_length=[3, 5], **more), denoising.run),
    "segmenter": (segmentation_settings, segmentation.run),
}
PARTS = 3


@pytest.fixture(scope="module")
def data(translation_data: Path, photo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The training data with a validation split: the same pictures."""
    found = {}
    for kind, folder in (("gan", translation_data), ("dncnn", photo_data)):
        pack, out = Pack(folder, "train"), tmp_path_factory.mktemp("validated")
        items = [Item(name, pack.image(i), pack.label(i), pack.instance(i)) for i, name in enumerate(pack.names)]
        for split in ("train", "val"):
            write_pack(out, split, items)
        (out / "dataset.json").write_bytes((folder / "dataset.json").read_bytes())
        found[kind] = out
    return {"gan": found["gan"], "segmenter": found["gan"], "dncnn": found["dncnn"], "blur": found["dncnn"]}


def outputs(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("model.safetensors", "loss.csv", "training.json")}


def trained(kind: str, data: Path, out: Path, shows: bool, **changes: object) -> TrainingSettings:
    make, run = KINDS[kind]
    settings = make(ema=0.9 if kind == "segmenter" else None, **changes)
    work = out.with_name(f"{out.name}-work")
    if shows:
        work.mkdir()
        with progress.of_job(work, out.with_name(f"{out.name}-shown")):
            run(settings, {"data": data}, out, work)  # type: ignore[operator]
    else:
        run(settings, {"data": data}, out, work)  # type: ignore[operator]
    return settings


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_change_no_byte_of_the_result(kind: str, data: dict[str, Path], tmp_path: Path) -> None:
    trained(kind, data[kind], tmp_path / "silent", shows=False, samples_every=3)
    state = torch.get_rng_state()
    trained(kind, data[kind], tmp_path / "shown", shows=True, samples_every=3)
    assert outputs(tmp_path / "silent") == outputs(tmp_path / "shown")
    assert len(state) and not (tmp_path / "silent-shown").exists()
    pictures = sorted((tmp_path / "shown-shown").glob("*.png"))
    steps = [int(path.stem.removeprefix("step-")) for path in pictures]
    last = steps[-1]
    assert steps == sorted({*range(3, last + 1, 3), last}) and len(steps) >= 2
    first, final = (np.asarray(Image.open(path)) for path in (pictures[0], pictures[-1]))
    width = (first.shape[1] + shown.GAP) // PARTS
    assert first.shape == final.shape and width * PARTS == first.shape[1] + shown.GAP
    inputs, made, wanted = (np.s_[:, part * width : (part + 1) * width - shown.GAP] for part in range(PARTS))
    assert (first[inputs] == final[inputs]).all() and (first[wanted] == final[wanted]).all()
    assert (first[made] != final[made]).any()


def test_what_is_shown_is_what_the_network_makes(data: dict[str, Path], tmp_path: Path) -> None:
    """The wanted part of the last picture is the photograph itself, the made part the saved generator's picture."""
    from pixelwise.evaluation.generate import generated_pictures
    from pixelwise.evaluation.generator import Generator

    trained("gan", data["gan"], tmp_path / "out", shows=True, samples_every=100)
    (path,) = (tmp_path / "out-shown").glob("*.png")
    pack = Pack(data["gan"], "val")
    made = next(generated_pictures(Generator(tmp_path / "out" / "model.safetensors"), pack, 1, 1))
    drawn = np.asarray(Image.open(path))[:32].astype(int)
    assert (drawn[:, 136:200] == pack.image(0)).all()
    assert abs(drawn[:, 68:132] - made.astype(int)).max() <= 1  # rounded here, truncated there


def test_how_often(data: dict[str, Path], tmp_path: Path) -> None:
    for name, changes, wanted in (
        ("none", {"samples_every": 0}, 0),
        ("usual", {}, 12),
        ("once", {"samples_every": 99}, 1),
    ):
        trained("dncnn", data["dncnn"], tmp_path / name, shows=True, **changes)
        assert len(list((tmp_path / f"{name}-shown").glob("*.png"))) == wanted, name


def test_a_new_training_begins_without_the_pictures_of_another(data: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "out-shown"
    folder.mkdir()
    (folder / "step-00000777.png").touch()
    (folder / "mine.png").touch()
    trained("dncnn", data["dncnn"], tmp_path / "out", shows=True, samples_every=6)
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [
        "mine.png",
        "step-00000006.png",
        "step-00000012.png",
    ]


def test_data_without_validation_pictures_show_none(photo_data: Path, tmp_path: Path) -> None:
    trained("dncnn", photo_data, tmp_path / "out", shows=True)
    assert not list(tmp_path.rglob("*.png"))


def test_every_layer_is_in_its_mode_again() -> None:
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Sequential(nn.Dropout(0.5), nn.BatchNorm2d(3)))
    network[1][0].eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with evaluating(network) as seen:
        assert not any(layer.training for layer in seen.modules())
        assert not seen(torch.rand(2, 3, 4, 4)).requires_grad
    assert [layer.training for layer in network.modules()] == [True, True, True, False, True]
    assert all((value == before[name]).all() for name, value in network.state_dict().items())


def test_events_are_written_where_tensorboard_is_installed(data: dict[str, Path], tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    trained("dncnn", data["dncnn"], tmp_path / "out", shows=True, samples_every=6)
    events = accumulator.EventAccumulator(str(tmp_path / "out-shown")).Reload()
    assert {"loss", "psnr"} <= set(events.Tags()["scalars"]) and events.Tags()["images"] == ["samples"]
    assert [event.step for event in events.Scalars("loss")] == [5, 10, 12]
