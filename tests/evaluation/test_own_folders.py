"""`pixelwise translate` and `denoise` on folders as people have them: halves, other files beside, unreadable ones."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from pixelwise.data import fetch, prepare, readers
from pixelwise.data.read_images import resize_ids
from pixelwise.data.survey import dataset, look
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.apply import instance_maps
from pixelwise.evaluation.generator import Generator
from pixelwise.models import build, checkpoint, registry
from pixelwise.settings.data import FetchSettings, PrepareSettings
from pixelwise.training import adversarial
from tests.data.people import LAYOUTS, cityscapes, drawn, idd_lite
from tests.evaluation.own_pictures import OPTIONS, denoiser, generator, ids, network, read, run, save
from tests.training.small_trainings import gan_settings

COLOURS = [[0, 0, 0], [200, 10, 10], [10, 200, 10], [10, 10, 200], [90, 90, 90]]


def photograph(height, width):
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


def made(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


@pytest.mark.parametrize(("direction", "side"), [("AtoB", "left"), ("BtoA", "right")])
def test_of_a_picture_side_by_side_the_label_map_is_taken(tmp_path, capsys, direction, side):
    facts = {"colours": COLOURS, "nearest": True, "height": 48, "width": 48, "direction": direction, "aspect": 1.0}
    weights, label = generator(tmp_path / "m.safetensors", **facts), ids(60, 60)
    halves = [np.array(COLOURS, np.uint8)[label], photograph(60, 60)]
    both = np.concatenate(halves if direction == "AtoB" else halves[::-1], 1)
    save(tmp_path / "both.png", both)
    save(tmp_path / "alone.png", halves[0])
    expected = network(weights, resize_ids(label.astype(np.int32), (48, 48)))
    run("translate", tmp_path / "both.png", tmp_path / "a.png", "--checkpoint", weights)
    assert f"; its {side} half is the label map, as in training; resized from 60x60, as" in capsys.readouterr().out
    np.testing.assert_array_equal(read(tmp_path / "a.png"), expected)
    run("translate", tmp_path / "alone.png", tmp_path / "b.png", "--checkpoint", weights)
    assert "; all of it is taken as the label map; in training" in capsys.readouterr().out
    np.testing.assert_array_equal(read(tmp_path / "b.png"), expected)
    save(tmp_path / "three.png", np.concatenate([both, halves[0]], 1))
    with pytest.raises(PixelwiseError, match=r"three\.png: 60x180 pixels .*; a label map about 1\.00 times as wide as"):
        run("translate", tmp_path / "three.png", tmp_path / "c.png", "--checkpoint", weights)
    save(tmp_path / "odd.png", both[:, 1:])
    with pytest.raises(PixelwiseError, match=r"odd\.png: 119 pixels wide; two halves side by side need an even width"):
        run("translate", tmp_path / "odd.png", tmp_path / "c.png", "--checkpoint", weights)
    assert not (tmp_path / "c.png").exists()


def test_a_generator_that_learned_from_halves_translates_the_files_of_its_own_set(tmp_path, capsys):
    root = LAYOUTS["side_by_side"](tmp_path / "pairs", list(drawn(12, 7, (90, 120), 30)))
    settings = dataset(look(root), (32, 48))
    raw, prepared, work = (tmp_path / name for name in ("raw", "prepared", "work"))
    for folder in (raw, prepared, work):
        folder.mkdir()
    fetch.run(FetchSettings(name="pairs", dataset=settings), {}, raw, work)
    prepare.run(PrepareSettings(name="pairs", dataset=settings), {"raw": raw}, prepared, work)
    adversarial.run(gan_settings(presentations=4), {"data": prepared}, tmp_path / "trained", work / "train")
    weights = tmp_path / "trained/model.safetensors"
    extra = checkpoint.load(weights)[1]["extra"]
    assert (extra["direction"], extra["aspect"]) == ("BtoA", 1.5)
    capsys.readouterr()
    run("translate", root / "val", tmp_path / "out", "--checkpoint", weights)
    assert "all: its right half is the label map, as in training" in capsys.readouterr().out
    network, reading = Generator(weights), readers.reading(settings)
    assert made(tmp_path / "out") == [f"{path.stem}.png" for path in sorted((root / "val").iterdir())]
    for path in (root / "val").iterdir():
        label = resize_ids(reading.labels(path), (32, 48)).astype(np.uint8)
        np.testing.assert_array_equal(read(tmp_path / f"out/{path.stem}.png"), network(label[None], None)[0])


def test_a_photograph_is_no_label_map(tmp_path):
    """A JPEG of low quality is one."""
    weights = generator(tmp_path / "m.safetensors", colours=COLOURS, nearest=True)
    colours = np.array(COLOURS, np.uint8)[ids(60, 60)]
    save(tmp_path / "photo.png", photograph(60, 60))
    with pytest.raises(PixelwiseError, match=r"photo\.png: \d\d % of pixels have colours far from those of the"):
        run("translate", tmp_path / "photo.png", tmp_path / "a.png", "--checkpoint", weights)
    Image.fromarray(colours).save(tmp_path / "rough.jpg", quality=50)
    run("translate", tmp_path / "rough.jpg", tmp_path / "a.png", "--checkpoint", weights)


def test_ids_given_to_a_network_that_learned_from_colours_are_refused(tmp_path):
    weights = generator(tmp_path / "m.safetensors", colours=COLOURS, nearest=True)
    save(tmp_path / "ids.png", ids(48, 48))
    with pytest.raises(PixelwiseError, match=r"ids\.png: colour \(\d, \d, \d\) is not in the palette"):
        run("translate", tmp_path / "ids.png", tmp_path / "a.png", "--checkpoint", weights)
    levels = generator(tmp_path / "n.safetensors", colours=[[v, v, v] for v in (0, 60, 120, 180, 240)], nearest=True)
    save(tmp_path / "levels.png", ids(48, 48) * 60 + 1)
    run("translate", tmp_path / "levels.png", tmp_path / "a.png", "--checkpoint", levels)
    np.testing.assert_array_equal(read(tmp_path / "a.png"), network(levels, ids(48, 48)))


def test_idd_lite_with_instance_maps_of_the_same_folder(tmp_path, capsys):
    root = idd_lite(tmp_path / "idd", list(drawn(6, 5))) / "gtFine/val"
    weights = generator(tmp_path / "m.safetensors", instance_edge=True)
    for number, path in enumerate(sorted(root.rglob("*_inst_label.png"))):
        save(path, ids(24, 40, number + 5))
        save(path.with_name(path.name.replace("_inst", "")), ids(24, 40, number))
    run("translate", root, tmp_path / "out", "--checkpoint", weights)
    assert f"{root}: 2 pictures are taken, 2 others left out, such as 024542_inst_label.png" in capsys.readouterr().err
    assert made(tmp_path / "out") == ["0/024542_label.png", "1/024543_label.png"]
    run("translate", root, tmp_path / "with", "--checkpoint", weights, "--instances", root)
    assert made(tmp_path / "with") == made(tmp_path / "out")
    for name in made(tmp_path / "with"):
        label, objects = (read(root / name.replace("_label", end)) for end in ("_label", "_inst_label"))
        np.testing.assert_array_equal(read(tmp_path / "with" / name), network(weights, label, objects))
        assert not np.array_equal(read(tmp_path / "with" / name), read(tmp_path / "out" / name))


@pytest.mark.parametrize(
    ("names", "coloured", "kept"),
    [
        (["01.png", "01_mask.png", "02.png", "02_mask.png", "03.png"], False, ["01_mask.png", "02_mask.png"]),
        (["01.png", "01-mask.png"], False, ["01-mask.png"]),
        (["a_L.png", "a.png"], True, ["a_L.png"]),
        (["a.png", "a.jpg"], False, ["a.png"]),
        (["a.jpg", "b.jpg"], True, ["a.jpg", "b.jpg"]),
        (["a.png", "a_mask.jpg"], True, ["a_mask.jpg"]),
        (["000.png", "000_inst.png", "001.png"], False, ["000.png", "001.png"]),
        (["a_label.png", "b.png"], False, ["a_label.png", "b.png"]),
        (["a_image.png", "b_image.png"], False, ["a_image.png", "b_image.png"]),
        (["a_inst.png"], False, ["a_inst.png"]),
        (["x_label.png", "x.png", *(f"{n}.png" for n in "abc")], False, ["x_label.png", "a.png", "b.png", "c.png"]),
    ],
)
def test_the_ends_of_names_tell_label_maps(tmp_path, names, coloured, kept):
    paths = [tmp_path / name for name in names]
    assert sorted(instance_maps.label_maps(paths, coloured)) == sorted(tmp_path / name for name in kept)


@pytest.mark.parametrize(("coloured", "end"), [(False, "labelIds"), (True, "color")])
def test_of_cityscapes_one_file_of_each_example(tmp_path, coloured, end):
    root = cityscapes(tmp_path, list(drawn(6, 5))) / "gtFine"
    paths = sorted(root.rglob("*.png"))
    assert instance_maps.label_maps(paths, coloured) == sorted(root.rglob(f"*_{end}.png"))
    labels = sorted(root.rglob(f"*_{end}.png"))
    assert instance_maps.partners(labels, root, root) == {
        path: path.with_name(path.name.replace(end, "instanceIds")) for path in labels
    }


def test_a_label_map_is_no_instance_map_of_its_own(tmp_path):
    label = save(tmp_path / "maps/01_mask.png", ids(16, 24))
    with pytest.raises(PixelwiseError, match=r"01_mask\.png: no instance map of the name 01 in "):
        instance_maps.partners([label], tmp_path / "maps", tmp_path / "maps")


@pytest.mark.parametrize("command", ["denoise", "translate"])
def test_what_cannot_be_read_does_not_stop_the_others(tmp_path, capsys, command):
    weights = (denoiser if command == "denoise" else generator)(tmp_path / "m.safetensors")
    save(tmp_path / "in/süß b[red].png", ids(16, 24))
    (tmp_path / "in/a.png").write_bytes(b"no picture")
    (tmp_path / "in/c.png").symlink_to("nowhere.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.txt").write_text("the user's")
    with pytest.raises(PixelwiseError, match=r"in: 2 of 3 pictures failed; first: .*c\.png: a link that leads nowhere"):
        run(command, tmp_path / "in", tmp_path / "out", "--checkpoint", weights)
    told = capsys.readouterr()
    assert "a.png: not a readable image" in told.err and "1 of 3 pictures" in told.out and "süß b[red].png" in told.out
    assert sorted(os.listdir(tmp_path / "out")) == ["notes.txt", "süß b[red].png"]
    (tmp_path / "in/süß b[red].png").unlink()
    with pytest.raises(PixelwiseError, match=r"c\.png: a link that leads nowhere \(and 1 more\)$"):
        run(command, tmp_path / "in", tmp_path / "new", "--checkpoint", weights)
    assert not (tmp_path / "new").exists()


def test_no_input_is_replaced_by_force(tmp_path):
    weights = generator(tmp_path / "m.safetensors", instance_edge=True)
    for name in ("maps/in/a.png", "maps/in/in/a.png", "objects/a.png", "objects/in/a.png"):
        save(tmp_path / name, ids(16, 24))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.png")}
    for out, words, line in (
        ("maps", (), r"maps/in/a\.png: is one of the pictures that are read; name another folder"),
        ("objects", ("--instances", tmp_path / "objects"), r"objects: inside .*objects, whose pictures are read"),
    ):
        with pytest.raises(PixelwiseError, match=line):
            run("translate", tmp_path / "maps/in", tmp_path / out, "--checkpoint", weights, "--force", *words)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.png")} == before


def test_networks_of_another_task_are_refused_at_once(tmp_path):
    save(tmp_path / "in/a.png", ids(16, 24))
    oracle = OPTIONS | registry.image_options("asapnet", 1)
    made = build("asapnet", **oracle)
    checkpoint.save(tmp_path / "o.safetensors", made, "asapnet", oracle, {"lowres_input": "clean"})
    segmenter = {"num_classes": 3, "stages": 1, "width": 8}
    checkpoint.save(tmp_path / "s.safetensors", build("segmenter", **segmenter), "segmenter", segmenter)
    denoiser(tmp_path / "d.safetensors")
    for command, weights, line in (
        ("denoise", "o", r"o\.safetensors: was trained to see the undegraded image; it is no denoiser"),
        ("denoise", "s", r"s\.safetensors: segmenter is no network from image to image"),
        ("translate", "s", r"s\.safetensors: segmenter; a generator that takes label maps is needed"),
        ("translate", "d", r"d\.safetensors: dncnn; a generator that takes label maps is needed"),
        ("translate", "o", r"o\.safetensors: asapnet; a generator that takes label maps is needed"),
    ):
        with pytest.raises(PixelwiseError, match=line):
            run(command, tmp_path / "in", tmp_path / "out", "--checkpoint", tmp_path / f"{weights}.safetensors")
    assert not (tmp_path / "out").exists()


def test_more_ids_than_a_byte_holds(tmp_path):
    options = OPTIONS | {"num_labels": 300, "instance_edge": False}
    weights = tmp_path / "m.safetensors"
    checkpoint.save(weights, build("asapnet", **options), "asapnet", options)
    label = ids(16, 24).astype(np.uint16) + 295
    Image.fromarray(label).save(tmp_path / "a.png")
    run("translate", tmp_path / "a.png", tmp_path / "b.png", "--checkpoint", weights)
    np.testing.assert_array_equal(read(tmp_path / "b.png"), Generator(weights)(label.astype(np.int32)[None], None)[0])
