"""Snapshots of a training, and their scores along it."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from pixelwise.artifacts import write_json
from pixelwise.data.pack_writing import Item, write_pack
from pixelwise.evaluation import fid, follow, generate, segment
from pixelwise.models import snapshots
from pixelwise.record import read_records
from pixelwise.settings.evaluation import FidSettings, FollowSettings, GenerateSettings, SegmentSettings
from pixelwise.training import adversarial, segmentation
from tests.training.small_trainings import gan_settings, segmentation_settings

LABELS = 5


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def training_data(tmp_path_factory):
    """Nine labelled pictures of 32x64 pixels as both splits."""
    folder = tmp_path_factory.mktemp("pack")
    rng = np.random.default_rng(0)
    palette = rng.integers(0, 256, (LABELS, 3))
    items = []
    for i in range(9):
        label = np.kron(rng.integers(0, LABELS, (4, 8)), np.ones((8, 8))).astype(np.uint8)
        image = (palette[label] + rng.integers(-20, 20, (32, 64, 3))).clip(0, 255).astype(np.uint8)
        items.append(Item(f"scene{i}", image, label, label.astype(np.int32)))
    for split in ("train", "val"):
        write_pack(folder, split, items)
    names = {"eval_map": [255, 0, 1, 2, 2], "eval_names": ["a", "b", "c"], "dontcare": False, "has_instances": True}
    size = {"height": 32, "width": 64, "channels": 3, "num_labels": LABELS, "synthetic": True}
    write_json(folder / "dataset.json", {"kind": "streets", "task": "translation", **names, **size})
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory, training_data):
    """A training of 16 presentations with a snapshot after each 6, and the same without."""
    folder = tmp_path_factory.mktemp("follow")
    inputs = {"data": training_data}
    adversarial.run(gan_settings(snapshots=6), inputs, folder / "whole", folder / "work")
    adversarial.run(gan_settings(), inputs, folder / "plain", folder / "work2")
    segmentation.run(segmentation_settings(), inputs, folder / "segmenter", folder / "work3")
    return folder


def test_snapshots_lie_where_they_are_due_and_change_nothing(trained):
    found = snapshots.listed(trained / "whole")
    assert list(found) == [6, 12]
    assert digest(trained / "whole/model.safetensors") == digest(trained / "plain/model.safetensors")
    assert len({digest(path) for path in [*found.values(), trained / "whole/model.safetensors"]}) == 3
    assert not snapshots.listed(trained / "plain")


def test_a_resumed_training_leaves_the_same_snapshots(trained, training_data, tmp_path, monkeypatch):
    step, calls = adversarial.Translation.step, []

    def dying(self, number):
        calls.append(number)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return step(self, number)

    monkeypatch.setattr(adversarial.Translation, "step", dying)
    inputs = {"data": training_data}
    with pytest.raises(KeyboardInterrupt):
        adversarial.run(gan_settings(snapshots=6), inputs, tmp_path / "out", tmp_path / "work")
    monkeypatch.undo()
    adversarial.run(gan_settings(snapshots=6), inputs, tmp_path / "out", tmp_path / "work")
    ours, whole = snapshots.listed(tmp_path / "out"), snapshots.listed(trained / "whole")
    assert {n: digest(path) for n, path in ours.items()} == {n: digest(path) for n, path in whole.items()}


def test_the_last_row_is_what_the_steps_of_the_end_measure(trained, training_data, inception_folder, tmp_path):
    shared = {"device": "cpu", "threads": 1, "dataset": "streets"}
    data = {"data": training_data}
    fid.run(
        FidSettings(name="real", resamples=2, **shared),
        data | {"inception": inception_folder},
        tmp_path / "real",
        tmp_path,
    )
    inputs = data | {"inception": inception_folder, "real": tmp_path / "real", "segmenter": trained / "segmenter"}
    follow.run(FollowSettings(name="gan", **shared), inputs | {"model": trained / "whole"}, tmp_path / "out", tmp_path)
    table = pd.read_csv(tmp_path / "out/quality.csv")
    assert list(table["presentations"]) == [6, 12, 16]
    generate.run(GenerateSettings(name="gan", **shared), data | {"model": trained / "whole"}, tmp_path / "g", tmp_path)
    made = data | {"images": tmp_path / "g"}
    fid.run(
        FidSettings(name="gan", resamples=2, protocols=["pytorch-fid"], **shared),
        made | {"inception": inception_folder},
        tmp_path / "fid",
        tmp_path / "w",
    )
    segment.run(
        SegmentSettings(name="gan", resamples=2, protocols=["native"], **shared),
        made | {"segmenter": trained / "segmenter"},
        tmp_path / "segment",
        tmp_path,
    )
    ends = {record.protocol: record for record in read_records(tmp_path / "fid/metrics.json")}
    assert np.isclose(table["fid"].iloc[-1], ends["pytorch-fid"].values["fid"].value, rtol=1e-6)
    (scored,) = read_records(tmp_path / "segment/metrics.json")
    assert np.isclose(table["miou"].iloc[-1], scored.values["miou"].value, rtol=1e-9)
