"""An archive without a published checksum: only its photographs and label maps are taken, and all must be there."""

from __future__ import annotations

import dataclasses
import zipfile

import numpy as np
import pytest

from pixelwise.data import download, fetch, prepare
from pixelwise.data.kinds import facades
from pixelwise.data.pack import Pack, read_facts
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset, FetchSettings, PrepareSettings
from tests.data.builders import png

DATASET = Dataset(kind="facades", height=16, width=16)


def published(monkeypatch, count):
    """As if the published set had so many facades."""
    fewer = dataclasses.replace(facades.KIND.origin, members=2 * count)
    counts = {"train": count - 2, "val": 2}
    monkeypatch.setattr(facades, "KIND", dataclasses.replace(facades.KIND, origin=fewer, counts=counts))


@pytest.fixture
def archive(tmp_path, monkeypatch):
    published(monkeypatch, 5)
    monkeypatch.setattr(facades, "VALIDATION", 2)
    monkeypatch.setenv(download.MIRROR, str(tmp_path / "mirror"))
    path = tmp_path / "mirror/~tylecr1/facade/CMP_facade_DB_base.zip"
    path.parent.mkdir(parents=True)
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("readme.txt", "")
        for number in range(1, 6):
            stem = f"cmp_b{number:04d}"
            zipped.writestr(f"base/{stem}.xml", "")
            label = png(tmp_path / "x.png", rng.integers(0, 13, (20, 30), dtype=np.uint8))
            zipped.write(label, f"base/{stem}.png")
            photo = png(tmp_path / "x.jpg", rng.integers(0, 256, (20, 30, 3), dtype=np.uint8))
            zipped.write(photo, f"base/{stem}.jpg")
    return path


def test_fetch_and_prepare(archive, tmp_path, capsys):
    raw, out = tmp_path / "raw", tmp_path / "prepared"
    fetch.run(FetchSettings(name="facades", dataset=DATASET), {}, raw, tmp_path)
    assert "the publisher gives none to compare with" in capsys.readouterr().err
    assert len(list(raw.rglob("*.*"))) == 10
    prepare.run(PrepareSettings(name="facades", dataset=DATASET), {"raw": raw}, out, tmp_path)
    assert Pack(out, "train").names == ["cmp_b0001", "cmp_b0002", "cmp_b0003"] and len(Pack(out, "val")) == 2
    assert read_facts(out)["num_labels"] == 13


def test_incomplete_archive(archive, tmp_path, monkeypatch):
    published(monkeypatch, 6)
    with pytest.raises(PixelwiseError, match="10 photographs and label maps; expected 12"):
        fetch.run(FetchSettings(name="facades", dataset=DATASET), {}, tmp_path / "raw", tmp_path)
