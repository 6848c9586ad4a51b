"""The public data sets themselves, from the mirror."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from pixelwise.data import berkeley, check, download, extract, fetch, prepare
from pixelwise.data.pack import Pack, read_facts
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset, FetchSettings, PrepareSettings


@pytest.fixture(scope="module")
def made(mirror, tmp_path_factory):
    """Fetch and prepare a data set once; returns its raw and its prepared folder."""
    known = {}

    def make(**values):
        dataset = Dataset(**values)
        if dataset not in known:
            folder = tmp_path_factory.mktemp(dataset.kind)
            raw, out = folder / "raw", folder / "prepared"
            raw.mkdir()
            out.mkdir()
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(download.MIRROR, str(mirror))
                fetch.run(FetchSettings(name="set", dataset=dataset), {}, raw, folder)
            prepare.run(PrepareSettings(name="set", dataset=dataset), {"raw": raw}, out, folder)
            known[dataset] = raw, out
        return known[dataset]

    return make


def test_camvid(made):
    dataset = {"kind": "camvid", "height": 256, "width": 512, "train": 6, "val": 4}
    raw, out = made(**dataset)
    pack, facts = Pack(out, "train"), read_facts(out)
    assert pack.images.shape == (6, 256, 512, 3) and pack.labels.max() == 11 and pack.names[0] == "0001TP_006690"
    assert facts["num_labels"] == 12 and facts["eval_map"][-1] == 255 and not facts["has_instances"]
    assert not facts["synthetic"]
    for split, count in (("train", 367), ("test", 233)):
        assert len(list((raw / "CamVid" / split).iterdir())) == count
        assert len(list((raw / "CamVid" / f"{split}annot").iterdir())) == count


@pytest.mark.slow
def test_camvid_has_no_defects(made):
    raw, _ = made(kind="camvid", height=256, width=512, train=6, val=4)
    result = check.check(Dataset(kind="camvid"), raw)
    assert [line for report in result.values() for line in report.defects] == []
    assert result["train"].sizes == {"360x480": 367} and set(result["train"].pixels) == set(range(12))
    share = result["train"].pixels[3] / sum(result["train"].pixels.values())
    assert 0.2 < share < 0.4  # road: the class table is in the order of the ids


def test_bsds500_split(made):
    _, out = made(kind="bsds500", channels=1)
    train, val = Pack(out, "train"), Pack(out, "val")
    assert len(train) == 432 and len(val) == 68 and not set(train.names) & set(val.names)
    assert {tuple(val.image(i).shape) for i in range(68)} == {(321, 481), (481, 321)}


def test_the_68_are_bsd68(made):
    """Each gray BSD68 image is the luma of one of the 68, at most one level off."""
    val, gray = Pack(made(kind="bsds500", channels=1)[1], "val"), Pack(made(kind="bsd68")[1], "val")
    assert len(gray) == 68
    luma = {name: val.image(i).astype(int) for i, name in enumerate(val.names)}
    matches = set()
    for number in range(68):
        image = gray.image(number).astype(int)
        near = [n for n, y in luma.items() if y.shape == image.shape and np.abs(y - image).max() <= 1]
        assert len(near) == 1
        matches.add(near[0])
    assert matches == set(val.names) == {str(number) for number in berkeley.TEST_IDS}


def test_other_photographs(made):
    assert Pack(made(kind="train400", val=4)[1], "train").images.shape == (400, 180, 180)
    assert len(Pack(made(kind="set12")[1], "val")) == 12
    colour = Pack(made(kind="cbsd68", height=256, width=256, resize="bilinear")[1], "val")
    assert colour.images.shape == (68, 256, 256, 3)
    assert "train" not in read_facts(made(kind="bsd68")[1])["splits"]


def test_flipped_byte_in_a_real_archive(mirror, tmp_path, monkeypatch):
    """A mirror with one damaged archive: refused in one line."""
    source = berkeley.DNCNN
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(download.MIRROR, str(tmp_path / "copy"))
    copy = tmp_path / "copy" / source.path
    copy.parent.mkdir(parents=True)
    shutil.copyfile(mirror / source.path, copy)
    with open(copy, "r+b") as stream:
        stream.seek(5000)
        byte = stream.read(1)[0]
        stream.seek(5000)
        stream.write(bytes([byte ^ 1]))
    with pytest.raises(PixelwiseError, match=r"\.zip: "):
        extract.extract(download.obtain(source), source, extract.members(source), tmp_path / "out")
