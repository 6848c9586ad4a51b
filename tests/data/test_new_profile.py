"""What `data new` leaves out, what it refuses, and under which name: nothing is written that a check would refuse."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from pixelwise.data import check, readers
from pixelwise.data.new_profile import new, show
from pixelwise.data.survey import Survey, dataset, look
from pixelwise.errors import PixelwiseError
from pixelwise.planning import graph
from tests.data.builders import png
from tests.data.people import LAYOUTS, drawn, jpg

COUNT = 8


def pairs(root: Path, images: str = "images/{:02d}.png", labels: str = "labels/{:02d}.png") -> Path:
    for number, (photo, ids) in enumerate(drawn(COUNT)):
        png(root / images.format(number), photo)
        png(root / labels.format(number), ids)
    return root


def sound(survey: Survey) -> set[str]:
    """The names that are used, after the same check that the pipeline makes."""
    settings = dataset(survey, None)
    found = [readers.listing(survey.root, split, settings).sound() for split in readers.SPLITS]
    assert not [line for report in check.check(settings, survey.root).values() for line in report.defects]
    return {entry.name for each in found for entry in each.entries}


def all_but(*names: str) -> set[str]:
    return {f"{number:02d}" for number in range(COUNT)} - set(names)


def twice(root: Path) -> None:
    jpg(root / "images/03.jpg", next(drawn(1))[0])


def comma(root: Path) -> None:
    for folder in ("images", "labels"):
        (root / folder / "03.png").rename(root / folder / "03,a.png")


def cut(root: Path) -> None:
    content = io.BytesIO()
    Image.open(root / "images/03.png").save(content, "JPEG")
    (root / "images/03.jpg").write_bytes(content.getvalue()[:-200])
    (root / "images/03.png").unlink()


def transparent(root: Path) -> None:
    image = Image.open(root / "images/03.png").convert("RGBA")
    image.putpixel((0, 0), (0, 0, 0, 7))
    image.save(root / "images/03.png")


def long(root: Path) -> None:
    for folder in ("images", "labels"):
        (root / folder / ("d" * 120)).mkdir()
        (root / folder / "03.png").rename(root / folder / ("d" * 120) / f"{'e' * 120}.png")


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (twice, "03.png: same name 03 as"),
        (comma, "03,a.png: a comma in its name"),
        (cut, "03.jpg: not a readable image"),
        (transparent, "03.png: opacity 7 of 255"),
        (long, "at most 200 are allowed"),
    ],
)
def test_what_no_training_takes_is_left_out_by_name(tmp_path: Path, damage: Callable[[Path], None], why: str) -> None:
    root = pairs(tmp_path / "mine")
    damage(root)
    survey = look(root)
    assert sound(survey) == all_but("03") and len(survey.options["leave_out"]) == 1
    assert len(survey.left_out) == 1 and why in survey.left_out[0]


def test_a_name_of_two_splits_is_left_out_of_both(tmp_path: Path) -> None:
    for split in ("train", "val"):
        pairs(tmp_path, f"images/{split}/{{:02d}}.png", f"labels/{split}/{{:02d}}.png")
    (tmp_path / "images/val/03.png").write_bytes(b"broken")
    survey = look(tmp_path)
    assert survey.options["leave_out"] == ["03"] and sound(survey) == all_but("03")
    assert survey.counts == {"train": COUNT - 1, "val": COUNT - 1}


def test_odd_widths_of_halves(tmp_path: Path) -> None:
    root = LAYOUTS["side_by_side"](tmp_path / "pairs", list(drawn(12, 7, (90, 120), 30)))
    image = np.asarray(Image.open(root / "train/4.jpg"))
    jpg(root / "train/4.jpg", image[:, : image.shape[1] - 1 - image.shape[1] % 2], 95)
    (root / "train/7.jpg").write_bytes(b"broken")
    survey = look(root)
    assert survey.options["leave_out"] == ["4", "7"] and "an even width" in "".join(survey.left_out)
    assert "4" not in sound(survey) and survey.counts["train"] == 2


def colours(root: Path) -> None:
    for path in (root / "instances").iterdir():
        Image.open(path).convert("RGB").save(path)


def one_jpeg(root: Path) -> None:
    jpg(root / "instances/03.png", np.asarray(Image.open(root / "instances/03.png")))


def small(root: Path) -> None:
    Image.open(root / "instances/03.png").resize((9, 9)).save(root / "instances/03.png")


def two(root: Path) -> None:
    shutil.copy(root / "instances/03.png", root / "instances/03.tif")


@pytest.mark.parametrize("damage", [colours, one_jpeg, small, two, None])
def test_instance_maps_that_can_not_be_read(tmp_path: Path, damage: Callable[[Path], None] | None) -> None:
    root = pairs(tmp_path)
    for path in (root / "labels").iterdir():
        png(root / "instances" / path.name, np.asarray(Image.open(path)))
    if damage:
        damage(root)
    survey = look(root)
    assert sound(survey) == all_but() and not survey.left_out
    assert survey.options["instances"] == ("none" if damage else "instances/**/{stem}.*")
    assert any("Instance maps" in line for line in survey.rule) == bool(damage)


def test_sixteen_bits_of_black_and_white(tmp_path: Path) -> None:
    root = pairs(tmp_path)
    for path in (root / "labels").iterdir():
        png(path, np.where(np.asarray(Image.open(path)) > 2, 255, 0).astype(np.uint16))
    with pytest.raises(PixelwiseError, match=r"8 pairs, and none can be used; .*16 bits .*read by colour need 8"):
        look(root)


def test_links_elsewhere_are_told_and_stop_nothing(tmp_path: Path) -> None:
    root = pairs(tmp_path / "mine")
    (root / "old").symlink_to("/nowhere/at/all")
    (root / "a.png").symlink_to("/nowhere.png")
    (root / "a").symlink_to("images", target_is_directory=True)
    survey = look(root)
    assert sound(survey) == all_but() and not survey.left_out
    told = " ".join(survey.left)
    assert told.count("a link that leads nowhere") == 2 and "mine/a: the same folder as" in told


def dead(root: Path) -> None:
    (root / "images/99.png").symlink_to("/nowhere.png")


def dead_folder(root: Path) -> None:
    (root / "instances").symlink_to("/nowhere")


def again(root: Path) -> None:
    (root / "labels/more").symlink_to("../labels", target_is_directory=True)


def pipe(root: Path) -> None:
    os.mkfifo(root / "labels/98.png")


@pytest.mark.parametrize("damage", [dead, dead_folder, again, pipe])
def test_what_may_hide_pairs_stops_in_one_line_and_nothing_is_written(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    root, config = pairs(tmp_path / "mine"), tmp_path / "params.yaml"
    damage(root)
    config.write_text("profiles:\n  a: {}\n")
    with pytest.raises(PixelwiseError, match=r"leads nowhere|the same folder as|a file is needed"):
        new(root, config, None, graph.plan)
    assert config.read_text() == "profiles:\n  a: {}\n"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("2024", "my-2024"),
        ("01", "my-01"),
        ("1e3", "my-1e3"),
        ("2024-05-01", "2024-05-01"),
        ("yes", "yes"),
        ("null", "null"),
        ("0x1F", "0x1F"),
        ("Downloads", "my-Downloads"),
        ("raw", "my-raw"),
        ("real", "my-real"),
        ("camvid", "my-camvid"),
        ("try-smoke", "try"),
        ("---", "own"),
        ("my pictures", "my-pictures"),
    ],
)
def test_folders_of_any_name(tmp_path: Path, folder: str, name: str) -> None:
    place = tmp_path / "sets"
    place.mkdir()
    root = pairs(place / folder)
    config = tmp_path / "params.yaml"
    shutil.copy(Path(__file__).parents[2] / "params.yaml", config)
    new(root, config, None, graph.plan)
    assert name in yaml.safe_load(config.read_text())["profiles"]
    run = graph.plan(config, name)
    assert run.name == name and list(run.profile.datasets) == [name]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("raw", "--name raw: a reserved name; so are real"),
        ("custom", "--name custom: the name of a kind of data set"),
        ("a b", "--name a b: a name is at most 64 of"),
        ("2024", "--name 2024: a number to Snakemake"),
    ],
)
def test_a_name_that_can_not_be_says_why(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(PixelwiseError, match=why):
        new(tmp_path, tmp_path / "params.yaml", name, graph.plan)


def test_many_of_a_kind_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = pairs(tmp_path)
    for number in range(30):
        png(root / f"labels/._{number}.png", np.zeros((3, 3), np.uint8))
    show(look(root))
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "hidden" in line]
    assert line.endswith("labels/._0.png: hidden file, left out (29 more)")
