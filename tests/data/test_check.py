from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pixelwise.data import check
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset, FetchSettings
from tests.data.builders import cityscapes, png
from tests.data.test_prepare import INSTANCE, LABEL, PHOTO, settings


@pytest.fixture
def city(tmp_path):
    return cityscapes(tmp_path / "official", train=4)


def planned(dataset, out):
    job = SimpleNamespace(settings=FetchSettings(name="set", dataset=dataset), out=str(out))
    profile = SimpleNamespace(datasets={"set": dataset})
    return SimpleNamespace(name="tiny-smoke", profile_name="tiny", profile=profile, origins=None, of=lambda *_: [job])


def test_counts_sizes_and_histogram(city):
    report = check.check(settings(city), city)["train"]
    assert report.count == report.instances == 4 and report.sizes == {"32x64": 4} and not report.defects
    assert sum(report.pixels.values()) == 4 * 32 * 64 == sum(report.brightness)
    assert set(report.pixels) == {1, 7, 8, 11, 23, 26, 33} and report.occurs[7] == 4


def test_every_defect_is_listed(city):
    png(city / LABEL, np.full((32, 64), 77, np.uint8))
    other = city / PHOTO.replace("aachen_000000_000019", "aachen_000002_000021")
    other.write_bytes(b"broken")
    (city / INSTANCE.replace("aachen/aachen_000000_000019", "ulm/ulm_000001_000020")).unlink()
    png(city / LABEL.replace("aachen/aachen_000000_000019", "ulm/ulm_000003_000022"), np.zeros((30, 64), np.uint8))
    report = check.check(settings(city), city)["train"]
    assert len(report.defects) == 4 and report.count == 3
    for part in ("label id 77", "not a readable image", "no instance", "30x64 pixels"):
        assert sum(part in line for line in report.defects) == 1


def test_show_prints_the_table_and_fails_on_defects(city, tmp_path, capsys):
    check.show(planned(settings(city), tmp_path / "raw"), "set")
    printed = capsys.readouterr().out
    assert "train: 4 examples; 4 with instance map; height x width: 32x64 (4)" in printed
    assert "ego vehicle" in printed and "No defects." in printed and "defect in" not in printed
    (city / LABEL).unlink()
    with pytest.raises(PixelwiseError, match="data set set: 1 defect, listed above"):
        check.show(planned(settings(city), tmp_path / "raw"), "set")
    assert "defect in train:" in capsys.readouterr().out


def test_show_without_data(tmp_path):
    with pytest.raises(PixelwiseError, match="other: not in this profile; it has set"):
        check.show(planned(Dataset(kind="camvid"), tmp_path), "other")
    with pytest.raises(PixelwiseError, match="not fetched yet; run `snakemake"):
        check.show(planned(Dataset(kind="camvid"), tmp_path), "set")


def test_incomplete_download_is_a_defect(tmp_path):
    png(tmp_path / "CamVid/train/a.png", np.zeros((4, 4, 3), np.uint8))
    png(tmp_path / "CamVid/trainannot/a.png", np.zeros((4, 4), np.uint8))
    report = check.check(Dataset(kind="camvid"), tmp_path)
    assert "1 train examples; the published set has 367" in report["train"].defects[0]


def test_empty_folder_is_a_defect(tmp_path):
    report = check.check(Dataset(kind="photos"), tmp_path)
    assert "no images" in report["train"].defects[0]


def test_a_set_that_no_entry_uses_yet_is_checked_if_it_is_the_users_own(city, tmp_path, capsys):
    plan = planned(settings(city), tmp_path)
    plan.of = lambda *_: []
    check.show(plan, "set")
    assert "train: 4 examples" in capsys.readouterr().out
    plan.profile.datasets["set"] = Dataset(kind="camvid")
    with pytest.raises(PixelwiseError, match="no entry of train or restore uses it"):
        check.show(plan, "set")


def test_an_empty_split_of_label_maps_is_a_defect(city):
    for folder in ("leftImg8bit/val", "gtFine/val"):
        shutil.rmtree(city / folder)
        (city / folder).mkdir()
    assert "no val examples" in check.check(settings(city), city)["val"].defects[0]


def test_turned_photographs_are_turned_upright_and_counted(city):
    photo, exif = np.asarray(Image.open(city / PHOTO)), Image.Exif()
    exif[274] = 3
    Image.fromarray(photo[::-1, ::-1]).save(city / PHOTO, exif=exif)
    report = check.check(settings(city), city)["train"]
    assert not report.defects and report.notes == ["1 photograph is turned upright, as the EXIF orientation says"]
