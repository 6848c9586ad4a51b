"""Every layout that people have: found without a word, paired by name, and made a profile that plans."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from pixelwise.data import check, readers
from pixelwise.data.check_example import decode
from pixelwise.data.new_profile import new
from pixelwise.data.survey import dataset, look
from pixelwise.errors import PixelwiseError
from pixelwise.planning import graph
from pixelwise.settings.data import Dataset
from tests.data.people import COLOURS, LAYOUTS, drawn, jpg, palette_png
from tests.voice import faults, printed

# Layout: name, pairs by split, labels, whether instance maps are used.
FOUND = {
    "pix2pixhd": ("pix2pixHD", 10, 35, True),
    "coco": ("SPADE", 12, 183, True),
    "cityscapes": ("Cityscapes", 12, 35, True),
    "idd_lite": ("IDD Lite", 12, 8, True),
    "facades": ("CMP facades", 12, 13, False),
    "side_by_side": ("side by side", 8, 7, False),
    "segnet": ("CamVid of SegNet", 9, 12, False),
    "colours32": ("CamVid in 32 colours", 12, 10, False),
    "student": ("folders of labels and images", 12, 12, False),
}


def examples(name: str) -> list:
    if name == "side_by_side":  # JPEG blurs the edges of label colours
        return list(drawn(12, 7, (90, 120), 30))
    return list(drawn(12, {"idd_lite": 8, "coco": 5, "colours32": 10}.get(name, 12)))


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_found_and_read(name: str, tmp_path: Path) -> None:
    root = LAYOUTS[name](tmp_path / name, examples(name))
    layout, pairs, labels, instances = FOUND[name]
    survey = look(root)
    assert survey.layout.name == layout and not survey.left_out
    assert sum(survey.counts.values()) == pairs and min(survey.counts.values()) >= 1
    settings = dataset(survey, (32, 48))
    table = readers.label_table(settings)
    assert table is not None and len(table.names) == labels
    photos = {photo.tobytes(): ids for photo, ids in examples(name)}
    for split, report in check.check(settings, root).items():
        assert not report.defects and report.count == survey.counts[split], report.defects
        assert report.instances == report.count * instances
    for entry in readers.listing(root, "train", settings).entries:
        example = decode(entry, settings, table, {})
        truth = photos.get(np.asarray(example.image).tobytes())
        if truth is not None:  # kept without loss: the pair is the one that was drawn
            assert (example.label[truth == 3] == example.label[truth == 3][0]).all(), entry
            assert len(np.unique(example.label)) == len(np.unique(truth))


def test_one_missing_file_shifts_no_pair(tmp_path: Path) -> None:
    root = LAYOUTS["student"](tmp_path / "mine", examples("student"))
    before = {entry.name: entry for split in readers.SPLITS for entry in listing(root, split)}
    (root / "masks" / "03_mask.png").unlink()
    after = {entry.name: entry for split in readers.SPLITS for entry in listing(root, split)}
    assert after == {name: entry for name, entry in before.items() if name != "03"}


def listing(root: Path, split: str, **values: object) -> list:
    return readers.listing(root, split, Dataset(kind="custom", root=str(root), num_labels=12, **values)).entries


def test_a_folder_belongs_to_the_stem(tmp_path: Path) -> None:
    root = LAYOUTS["idd_lite"](tmp_path / "idd", examples("idd_lite"))
    names = [entry.name for entry in listing(root, "train")]
    assert {"0_024541", "1_024541"} <= set(names)
    for entry in listing(root, "train"):
        assert entry.image.parent.name == entry.label.parent.name == entry.name[0]


def test_patterns_that_are_given(tmp_path: Path) -> None:
    root = LAYOUTS["idd_lite"](tmp_path / "idd", examples("idd_lite"))
    values = {"labels": "gtFine/{split}/**/{stem}_label.png", "images": "leftImg8bit/{split}/*/{stem}_image.JPG"}
    assert [entry.name for entry in listing(root, "val", **values, instances="none")] == [
        entry.name for entry in listing(root, "val")
    ]
    values["images"] = "leftImg8bit/{split}/*/{stem}_photo.jpg"
    with pytest.raises(PixelwiseError, match=r"no pairs; 24 files fit labels: gtFine.* and 0 fit images: left"):
        listing(root, "val", **values, instances="none")


def test_what_no_layout_fits_names_what_was_tried_and_found(tmp_path: Path) -> None:
    jpg(tmp_path / "holiday" / "a.jpg", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(PixelwiseError, match=r"tried Cityscapes, .*side by side; found pictures in holiday/ \(1\)"):
        look(tmp_path)


def test_photographs_alone_are_no_halves(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(4):
        jpg(tmp_path / "train" / f"{number}.jpg", rng.integers(0, 256, (16, 32, 3), np.uint8))
    with pytest.raises(PixelwiseError, match="photographs without label maps"):
        look(tmp_path)


@pytest.mark.parametrize("swapped", [False, True])
def test_either_half_may_be_the_label_map(tmp_path: Path, swapped: bool) -> None:
    root = LAYOUTS["side_by_side"](tmp_path / "pairs", examples("side_by_side"))
    for path in root.rglob("*.jpg") if swapped else ():
        image = np.asarray(Image.open(path))
        half = image.shape[1] // 2
        jpg(path, np.concatenate([image[:, half:], image[:, :half]], 1), 95)
    assert look(root).options["direction"] == ("AtoB" if swapped else "BtoA")


def test_colours_of_a_palette_image_count_where_its_indices_do_not(tmp_path: Path) -> None:
    """Indices that a program chose anew for each file mean nothing; a palette for looking means nothing either."""
    colours = list(COLOURS.values())
    for number, (photo, ids) in enumerate(drawn(6, 5)):
        order = np.roll(np.arange(5), number)
        jpg(tmp_path / f"images/{number}.jpg", photo)
        palette_png(
            tmp_path / f"labels/{number}.png", order[ids].astype(np.uint8), np.roll(colours, number, 0).tolist()
        )
    survey = look(tmp_path)
    assert survey.options["coded"] == "colour" and len(survey.options["palette"]) == 5
    assert any("by colour" in line for line in survey.rule)


@pytest.mark.parametrize(
    ("levels", "options"),
    [
        ([0, 255], {"palette": [[0] * 3, [255] * 3], "coded": "colour"}),
        ([0, 127, 255], {"palette": [[0] * 3, [127] * 3, [255] * 3], "coded": "colour"}),
        ([0, 1, 2, 255], {"num_labels": 3, "coded": "index", "dontcare": True}),
        ([0, 1], {"num_labels": 2, "coded": "index"}),
    ],
)
def test_gray_levels_for_the_eye_are_no_ids(tmp_path: Path, levels: list[int], options: dict) -> None:
    for number, (photo, ids) in enumerate(drawn(5, len(levels))):
        jpg(tmp_path / f"images/{number}.jpg", photo)
        (tmp_path / "labels").mkdir(exist_ok=True)
        Image.fromarray(np.array(levels, np.uint8)[ids]).save(tmp_path / f"labels/{number}.png")
    seen = look(tmp_path).options
    assert {key: seen.get(key) for key in options} == options


def test_a_colour_that_the_palette_lacks(tmp_path: Path) -> None:
    root = LAYOUTS["colours32"](tmp_path / "camvid", examples("colours32"))
    path = root / "labels/0001TP_006690_L.png"
    image = np.array(Image.open(path))
    image[0, 0] = (1, 2, 3)
    Image.fromarray(image).save(path)
    strict = Dataset(kind="custom", root=str(root), palette="label_colors.txt")
    (line,) = check.check(strict, root)["train"].defects
    assert "colour (1, 2, 3) is not in the palette (1 pixels" in line and "nearest: true" in line
    assert look(root).options["nearest"] is True
    nearest = Dataset(kind="custom", root=str(root), palette="label_colors.txt", nearest=True)
    assert not check.check(nearest, root)["train"].defects
    table = readers.label_table(nearest)
    assert table.eval_map[list(table.names).index("Void")] == 255 and len(table.eval_names) == 9


def test_single_pictures_with_defects_are_left_out_by_name(tmp_path: Path) -> None:
    root = LAYOUTS["student"](tmp_path / "mine", examples("student"))
    (root / "photos" / "01.JPG").write_bytes(b"broken")
    Image.new("L", (9, 9)).save(root / "masks" / "02_mask.png")
    survey = look(root)
    assert survey.options["leave_out"] == ["01", "02"] and len(survey.left_out) == 2
    assert not any(report.defects for report in check.check(dataset(survey, None), root).values())


def test_a_new_profile_is_added_and_nothing_else_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = LAYOUTS["student"](tmp_path / "mine", examples("student"))
    config = tmp_path / "params.yaml"
    shutil.copy(Path(__file__).parents[2] / "params.yaml", config)
    before = config.read_text()
    new(root, config, None, graph.plan)
    said = capsys.readouterr().out
    assert (
        "Pairs: " in said and "They are read by index" in said and not faults(printed(said.replace(str(root), "mine")))
    )
    after = config.read_text()
    start = next(i for i, (one, other) in enumerate(zip(before + "\0", after, strict=False)) if one != other)
    added = after[start : len(after) - (len(before) - start)]
    assert before == after[:start] + after[start + len(added) :]
    assert 12 <= len(added.strip().splitlines()) <= 16
    run = graph.plan(config, "mine")
    trained = next(job.out for job in run.of("train") if job.kind == "adversarial")
    assert f"\n  pixelwise translate MAP OUT --checkpoint {trained}/model.safetensors\n" in said
    graph.preflight(run, [job.id for job in run.jobs])
    assert yaml.safe_load(after)["profiles"]["mine"]["datasets"]["mine"]["root"] == str(root)
    with pytest.raises(
        PixelwiseError, match="profile mine is there already and stays as it is; choose another by --name"
    ):
        new(root, config, None, graph.plan)
    assert config.read_text() == after


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"labels": "labels/{stem}.png"}, "images and labels must be given together"),
        ({"labels": "labels/x.png", "images": "images/{stem}.*"}, r"needs \{stem\} once"),
        ({"labels": "../{stem}.png", "images": "images/{stem}.*"}, "below root"),
        ({"labels": "l/{stem}.png", "images": "i/{name}{stem}.*"}, "no other braces"),
        ({"palette": "p.txt"}, "num_labels beside a palette"),
        ({"coded": "colour"}, "needs a palette"),
        ({"direction": "AtoB"}, "direction needs a palette"),
    ],
)
def test_wrong_settings_of_a_layout(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Dataset(kind="custom", root=".", num_labels=3, **values)
