"""What lies below the folders of a data set: nothing counted twice or dropped without a word, any names."""

from __future__ import annotations

import os

import numpy as np
import pytest

from pixelwise.data import check, fetch, readers
from pixelwise.data.walking import images_below
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import Dataset
from tests.data.builders import custom, png


@pytest.fixture
def mine(tmp_path):
    custom(tmp_path, ["a", "b", "c"])
    return tmp_path


def settings(root):
    return Dataset(kind="custom", root=str(root), num_labels=4, val=1)


def listing(root):
    return readers.listing(root, "train", settings(root))


def one(lines, text):
    found = [line for line in lines if text in line]
    assert len(found) == 1, lines
    return found[0]


def test_hidden_files_and_folders_are_noted_not_counted(mine, capsys):
    for folder in ("images", "labels"):
        png(mine / folder / ".ipynb_checkpoints" / "a.png", np.zeros((8, 12), np.uint8))
        png(mine / folder / "._a.png", np.zeros((8, 12), np.uint8))
        (mine / folder / ".DS_Store").touch()
    found = listing(mine)
    assert [entry.name for entry in found.entries] == ["a", "b"] and not found.defects and len(found.notes) == 4
    assert one(found.notes, "images/.ipynb_checkpoints: hidden folder, left out")
    assert one(found.notes, "labels/._a.png: hidden file, left out")
    report = check.check(settings(mine), mine)
    assert report["train"].count == 2 and len(report["train"].notes) == 4 and not report["train"].defects
    check.render(report, None, "mine")
    assert "in train: " in capsys.readouterr().out
    fetch.record(settings(mine), mine / "out", mine / "notes")
    assert "hidden folder, left out" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["..", ".", "../images", "../../{name}/images"])
def test_loops_of_links_end_and_are_defects(mine, target):
    (mine / "images" / "again").symlink_to(target.format(name=mine.name), target_is_directory=True)
    found = listing(mine)
    assert len(found.entries) == 2 and one(found.defects, "images/again: the same folder as")


def test_a_folder_linked_twice_is_read_once(tmp_path):
    png(tmp_path / "elsewhere/a.png", np.zeros((4, 4), np.uint8))
    (tmp_path / "root").mkdir()
    for name in ("x", "y", "z"):
        (tmp_path / "root" / name).symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    found = images_below(tmp_path / "root")
    assert [path.parent.name for path in found.paths] == ["x"] and len(found.defects) == 2


def test_dead_links_are_defects(mine):
    (mine / "images" / "d.png").symlink_to("nowhere.png")
    (mine / "labels" / "e.png").symlink_to("e.png")
    (mine / "labels" / "more").symlink_to("/nowhere/at/all")
    (mine / "labels" / "notes.txt").symlink_to("/nowhere")
    (mine / "instances").symlink_to("/nowhere")
    found = listing(mine)
    for name in ("images/d.png", "labels/e.png", "labels/more"):
        assert one(found.defects, f"{name}: a link that leads nowhere")
    assert one(found.notes, "labels/notes.txt: a link that leads nowhere")
    assert one(found.defects, "instances: a link that leads nowhere")
    with pytest.raises(PixelwiseError, match=r"instances: a link that leads nowhere \(and 3 more"):
        fetch.record(settings(mine), mine / "out", mine / "notes")


def test_what_is_no_file_is_a_defect(mine):
    os.mkfifo(mine / "images" / "d.png")
    assert one(listing(mine).defects, "images/d.png: a device, pipe or socket; a file is needed")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_permission_is_a_defect(mine):
    (mine / "images" / "deep").mkdir(mode=0)
    assert one(listing(mine).defects, "images/deep: Permission denied")


NAMES = {
    b"new\nline": r"new\nline",
    b"colour\x1b[31m": r"colour\x1b[31m",
    b"not-utf8-\xff\xfe": r"not-utf8-\xff\xfe",
    b"back\x08space": r"back\x08space",
    "turned\u202egnp".encode(): r"turned\u202egnp",
    "next\u2028line".encode(): r"next\u2028line",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_that_fit_in_no_line_are_refused_escaped(mine, capsys, name):
    place = os.fsencode(mine / "images") + b"/" + name + b".png"
    os.rename(mine / "images" / "a.png", place)
    line = one(listing(mine).defects, "a name that is no line of UTF-8 text; rename it")
    assert NAMES[name] in line and line.isprintable() and line.encode("utf-8")
    with pytest.raises(PixelwiseError) as caught:
        fetch.record(settings(mine), mine / "out", mine / "notes")
    assert str(caught.value).isprintable()
    check.render(check.check(settings(mine), mine), None, "mine")
    printed = capsys.readouterr().out
    assert NAMES[name] in printed and "\x1b" not in printed


@pytest.mark.parametrize("name", ["-rf", "--help", "été", "写真", "a b", "$(touch x)", "{x}", "%s", "a'b\"", "x" * 200])
def test_other_names_are_names(mine, name):
    for folder in ("images", "labels"):
        (mine / folder / "a.png").rename(mine / folder / f"{name}.png")
    report = check.check(settings(mine), mine)
    assert not (report["train"].defects + report["val"].defects)
    assert report["train"].count + report["val"].count == 3


def test_names_that_no_file_could_have_are_refused(mine):
    for folder in ("images", "labels"):
        (mine / folder / ("d" * 120)).mkdir()
        (mine / folder / "a.png").rename(mine / folder / ("d" * 120) / f"{'e' * 120}.png")
    defects = listing(mine).defects
    assert len(defects) == 2 and all("of 241 bytes; at most 200 are allowed" in line for line in defects)


def test_every_defect_of_a_file_is_listed_before_anything_is_written(mine):
    (mine / "images" / "b.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    png(mine / "images" / "c.png", np.zeros((8, 12), np.uint16))
    report = check.check(settings(mine), mine)
    assert one(report["train"].defects, "b.png: not a readable image")
    assert one(report["val"].defects, "c.png: 16 bits for each value; photographs need 8 bits")
