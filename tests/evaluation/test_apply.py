"""`pixelwise translate` and `denoise` on maps of any size and on folders."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from pixelwise.data.read_images import resize_ids
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.apply import camera_data, label_map, sixteen_bits, windows
from pixelwise.models.layers import InputShape
from tests.evaluation.own_pictures import denoiser, generator, ids, network, read, run, save


def test_a_map_is_resized_as_in_training_or_as_asked(tmp_path, capsys):
    weights, label = generator(tmp_path / "m.safetensors", height=16, width=32), ids(75, 100)
    save(tmp_path / "label.png", label)
    run("translate", tmp_path / "label.png", tmp_path / "a.png", "--checkpoint", weights)
    line = capsys.readouterr().out
    assert re.search(r"a\.png: 16x32 pixels, ASAP-Net, \d+\.\d\d s; resized from 75x100, as in training\n$", line)
    expected = network(weights, resize_ids(label.astype(np.int32), (16, 32)))
    np.testing.assert_array_equal(read(tmp_path / "a.png"), expected)
    run("translate", tmp_path / "label.png", tmp_path / "b.png", "--checkpoint", weights, "--size", "24x40")
    assert capsys.readouterr().out.endswith("s; resized from 75x100\n")
    expected = network(weights, resize_ids(label.astype(np.int32), (24, 40)))
    np.testing.assert_array_equal(read(tmp_path / "b.png"), expected)


@pytest.mark.parametrize("size", [(16, 37), (1, 1), (8, 8), (75, 100)])
def test_a_size_that_the_network_cannot_take_is_continued_and_cut(tmp_path, size):
    weights, label = generator(tmp_path / "m.safetensors"), ids(*size)
    save(tmp_path / "label.png", label)
    run("translate", tmp_path / "label.png", tmp_path / "a.png", "--checkpoint", weights)
    full = windows.legal_size(*size, InputShape("", 5, 8, 8, single=False))
    continued = np.pad(label, [(0, full[0] - size[0]), (0, full[1] - size[1])], mode="edge")
    np.testing.assert_array_equal(read(tmp_path / "a.png"), network(weights, continued)[: size[0], : size[1]])


def test_without_an_instance_map_borders_between_labels_are_the_edges(tmp_path, capsys):
    weights, label = generator(tmp_path / "m.safetensors", instance_edge=True), ids(16, 40)
    save(tmp_path / "label.png", label)
    run("translate", tmp_path / "label.png", tmp_path / "a.png", "--checkpoint", weights)
    assert label_map.MERGED in capsys.readouterr().out
    np.testing.assert_array_equal(read(tmp_path / "a.png"), network(weights, label, label))
    whole = np.zeros_like(label)
    save(tmp_path / "instances.png", whole)
    run("translate", tmp_path / "label.png", tmp_path / "b.png", "--checkpoint", weights, "--instances",
        tmp_path / "instances.png")  # fmt: skip
    assert label_map.MERGED not in capsys.readouterr().out
    np.testing.assert_array_equal(read(tmp_path / "b.png"), network(weights, label, whole))


def test_an_instance_map_that_the_network_does_not_take_is_told(tmp_path, capsys):
    weights = generator(tmp_path / "m.safetensors")
    label = save(tmp_path / "label.png", ids(16, 40))
    run("translate", label, tmp_path / "a.png", "--checkpoint", weights, "--instances", label)
    assert label_map.UNUSED in capsys.readouterr().out


def test_indices_of_a_palette_are_ids(tmp_path):
    weights, label = generator(tmp_path / "m.safetensors"), ids(16, 40)
    image = Image.fromarray(label, "P")
    image.putpalette([200, 10, 10, 3, 3, 3, 9, 200, 9, 70, 70, 70, 1, 1, 1])
    image.save(tmp_path / "p.png")
    run("translate", tmp_path / "p.png", tmp_path / "a.png", "--checkpoint", weights)
    np.testing.assert_array_equal(read(tmp_path / "a.png"), network(weights, label))


@pytest.mark.parametrize("multiple", [1, 16, 128])
@pytest.mark.parametrize("size", [(1024, 2176), (2048, 4096), (128, 32768), (3200, 3328)])
def test_windows_cover_a_large_picture_and_blend_to_what_all_agree_on(multiple, size):
    legal = InputShape("", 1, multiple, multiple)
    places = windows.boxes(*size, legal)
    sides = {(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in places}
    assert len(places) > 1 and len(sides) == 1
    assert all(box[0].start % multiple == 0 and box[1].start % multiple == 0 for box in places)
    legal.check((1, 1, *sides.pop()))
    whole = np.random.default_rng(0).integers(0, 256, (*size, 1), dtype=np.uint8).repeat(3, 2)
    np.testing.assert_array_equal(windows.blended(size, places, lambda box: whole[box]), whole)


def test_windows_pass_into_each_other_without_a_step(monkeypatch):
    monkeypatch.setattr(windows, "LARGEST", 0)
    size, shades = (1024, 3000), {}
    places = windows.boxes(*size, InputShape("", 1))

    def flat(box):
        shades[box[1].start] = 200 if len(shades) % 2 else 100
        return np.full((1024, 1024, 3), shades[box[1].start], np.uint8)

    made = windows.blended(size, places, flat)[0, :, 0].astype(int)
    assert made.min() == 100 and made.max() == 200 and np.abs(np.diff(made)).max() <= 2


def test_a_large_map_is_made_in_windows_and_it_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(windows, "LARGEST", 64 * 64)
    monkeypatch.setattr(windows, "SIDE", 64)
    monkeypatch.setattr(windows, "OVERLAP", 16)
    weights, label = generator(tmp_path / "m.safetensors"), ids(100, 150)
    save(tmp_path / "label.png", label)
    run("translate", tmp_path / "label.png", tmp_path / "a.png", "--checkpoint", weights)
    assert capsys.readouterr().out.endswith("; in 6 windows of 64x64, blended\n")
    np.testing.assert_array_equal(read(tmp_path / "a.png")[:40, :40], network(weights, label[:64, :64])[:40, :40])


def test_a_large_picture_is_denoised_in_windows_with_the_same_result(tmp_path, monkeypatch, capsys):
    weights = denoiser(tmp_path / "d.safetensors")
    save(tmp_path / "in.png", np.random.default_rng(0).integers(0, 256, (90, 70), dtype=np.uint8))
    run("denoise", tmp_path / "in.png", tmp_path / "a.png", "--checkpoint", weights)
    monkeypatch.setattr(windows, "LARGEST", 1)
    monkeypatch.setattr(windows, "SIDE", 32)
    run("denoise", tmp_path / "in.png", tmp_path / "b.png", "--checkpoint", weights)
    assert capsys.readouterr().out.endswith("s; in windows of 32x32, with the same result\n")
    np.testing.assert_array_equal(read(tmp_path / "a.png"), read(tmp_path / "b.png"))


def test_a_folder_becomes_a_folder_with_instances_by_name(tmp_path, capsys):
    weights = generator(tmp_path / "m.safetensors", instance_edge=True)
    for number, city in enumerate(("ulm", "ulm", "bonn")):
        name = f"fine/{city}/{city}_{number}_gtFine"
        save(tmp_path / f"{name}_labelIds.png", ids(16, 40, number))
        save(tmp_path / f"{name}_instanceIds.png", ids(16, 40, number + 9).astype(np.uint16))
        save(tmp_path / f"{name}_color.png", np.zeros((16, 40, 4), np.uint8))
    run("translate", tmp_path / "fine", tmp_path / "out", "--checkpoint", weights, "--instances", tmp_path / "fine")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and re.search(r"out: 3 of 3 pictures, ASAP-Net, \d+\.\d s, by .*m\.safetensors$", lines[-1])
    made = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert made == [f"{c}/{c}_{n}_gtFine_labelIds.png" for c, n in (("bonn", 2), ("ulm", 0), ("ulm", 1))]
    expected = network(weights, ids(16, 40, 2), ids(16, 40, 11))
    np.testing.assert_array_equal(read(tmp_path / "out" / made[0]), expected)
    (tmp_path / "fine/ulm/ulm_1_gtFine_instanceIds.png").unlink()
    with pytest.raises(PixelwiseError, match=r"ulm_1_gtFine_labelIds\.png: no instance map of the name ulm/ulm_1 in "):
        run("translate", tmp_path / "fine", tmp_path / "new", "--checkpoint", weights, "--instances", tmp_path / "fine")
    assert not (tmp_path / "new").exists()


def test_one_bad_picture_of_a_folder_does_not_stop_the_others(tmp_path, capsys):
    weights = denoiser(tmp_path / "d.safetensors")
    for name in ("a.png", "sub/b.jpg", "c.tif"):
        save(tmp_path / "in" / name, np.zeros((20, 30), np.uint8))
    cut = (tmp_path / "in" / "c.tif").read_bytes()
    (tmp_path / "in" / "c.tif").write_bytes(cut[:200])
    with pytest.raises(PixelwiseError, match=r"in: 1 of 3 pictures failed; first: .*c\.tif: ") as caught:
        run("denoise", tmp_path / "in", tmp_path / "out", "--checkpoint", weights)
    told = capsys.readouterr()
    assert "\n" not in str(caught.value) and "c.tif" in told.err and "2 of 3 pictures" in told.out
    made = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert made == ["a.png", "sub/b.jpg"]


def test_folders_are_refused_before_anything_is_made(tmp_path):
    weights = denoiser(tmp_path / "d.safetensors")
    save(tmp_path / "in/a.png", np.zeros((8, 8), np.uint8))
    save(tmp_path / "in/a.bmp", np.zeros((8, 8), np.uint8))
    save(tmp_path / "old/a.png", np.ones((8, 8), np.uint8))
    save(tmp_path / "deep/sub/b.png", np.zeros((8, 8), np.uint8))
    (tmp_path / "old/sub").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    for source, out, line in (
        ("in", "old", r"old/a\.png: exists; --force replaces it"),
        ("in", "in", r"in: inside .*in, whose pictures are read"),
        ("in", "in/new", r"in/new: inside "),
        ("in", "file", r"file: a file; .* is a folder"),
        ("in", "none/new", r"none: no such folder"),
        ("deep", "old", r"old/sub: not a folder"),
        ("empty", "new", r"empty: no pictures below this folder; \.png"),
    ):
        with pytest.raises(PixelwiseError, match=line):
            run("denoise", tmp_path / source, tmp_path / out, "--checkpoint", weights)
    maps = generator(tmp_path / "m.safetensors")
    for words, line in (
        ((), r"a\.png: makes .*new/a\.png, as .*a\.bmp does; names without endings must differ"),
        (("--instances", weights), r"d\.safetensors: .*in is a folder, so a folder of instance maps is needed"),
        (("--size", "16"), r"--size: '16'; height x width is allowed"),
        (("--size", "0x16"), r"--size: '0x16'; height x width is allowed"),
    ):
        if words:
            (tmp_path / "in/a.bmp").unlink(missing_ok=True)
        with pytest.raises(PixelwiseError, match=line):
            run("translate", tmp_path / "in", tmp_path / "new", "--checkpoint", maps, *words)
    before.pop(tmp_path / "in/a.bmp")
    before[maps] = maps.read_bytes()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before and not (tmp_path / "new").exists()
    run("denoise", tmp_path / "in", tmp_path / "old", "--checkpoint", weights, "--force")
    assert read(tmp_path / "old/a.png").max() != 1 or not np.array_equal(read(tmp_path / "old/a.png"), np.ones((8, 8)))


@pytest.mark.parametrize(("ending", "bits"), [(".jpg", 8), (".png", 8), (".png", 16), (".tif", 8), (".tif", 16)])
def test_camera_data_and_profile_are_kept_in_every_format(tmp_path, ending, bits):
    weights = denoiser(tmp_path / "d.safetensors")
    exif = Image.Exif()
    exif[271], exif[274], exif[315] = "Maker", 6, "Ann"
    exif[34665] = {33434: IFDRational(1, 50), 36867: "2026:01:02 03:04:05", 40962: 14, 40963: 10}
    exif[34853] = {1: "N", 2: (48.0, 24.0, 0.0)}
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (10, 14, 3), dtype=np.uint8))
    if bits == 8:
        photo.save(tmp_path / f"in{ending}", exif=exif.tobytes(), icc_profile=b"profile")
    else:
        photo.save(tmp_path / "seed.tif", exif=exif.tobytes())
        camera = camera_data.read(Image.open(tmp_path / "seed.tif"))
        wide = np.asarray(photo).astype(np.uint16) * 257
        write = sixteen_bits.png if ending == ".png" else sixteen_bits.tiff
        (tmp_path / f"in{ending}").write_bytes(write(wide, b"profile", camera))
    run("denoise", tmp_path / f"in{ending}", tmp_path / f"out{ending}", "--checkpoint", weights)
    made = Image.open(tmp_path / f"out{ending}")
    found = made.getexif()
    assert made.info["icc_profile"] == b"profile"
    assert (found[271], found[315]) == ("Maker", "Ann") and found.get(274, 1) == 1
    assert found.get_ifd(34665)[36867] == "2026:01:02 03:04:05" and found.get_ifd(34665)[33434] == IFDRational(1, 50)
    assert (found.get_ifd(34665)[40962], found.get_ifd(34665)[40963]) == made.size
    assert found.get_ifd(34853)[2] == (48.0, 24.0, 0.0)


def test_what_a_bitmap_cannot_hold_is_told(tmp_path, capsys):
    weights = denoiser(tmp_path / "d.safetensors")
    Image.new("RGB", (8, 8)).save(tmp_path / "in.png", icc_profile=b"profile")
    run("denoise", tmp_path / "in.png", tmp_path / "out.bmp", "--checkpoint", weights)
    assert "; colour profile left out: .bmp holds none" in capsys.readouterr().out


COLOURS = [[0, 0, 0], [200, 10, 10], [10, 200, 10], [10, 10, 200], [90, 90, 90]]


def test_colours_are_read_as_in_training(tmp_path, capsys):
    weights, label = generator(tmp_path / "m.safetensors", colours=COLOURS, nearest=False), ids(48, 48)
    colours = np.array(COLOURS, np.uint8)[label]
    expected = network(weights, label)
    save(tmp_path / "maps/exact.png", colours)
    Image.fromarray(colours).save(tmp_path / "lossy.jpg", quality=95, subsampling=0)
    indexed = Image.fromarray(label, "P")
    indexed.putpalette(np.array(COLOURS)[[0, 2, 1, 3, 4]].ravel().tolist())  # colours decide, not indices
    indexed.save(tmp_path / "indexed.png")
    save(tmp_path / "maps/photo.jpg", colours)
    run("translate", tmp_path / "maps", tmp_path / "out", "--checkpoint", weights)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["exact.png"]
    np.testing.assert_array_equal(read(tmp_path / "out/exact.png"), expected)
    assert "other colours" not in capsys.readouterr().out
    run("translate", tmp_path / "lossy.jpg", tmp_path / "b.png", "--checkpoint", weights)
    assert re.search(r"; \d[\d.]* % of pixels have other colours, the nearest were taken$", capsys.readouterr().out)
    np.testing.assert_array_equal(read(tmp_path / "b.png"), expected)
    run("translate", tmp_path / "indexed.png", tmp_path / "c.png", "--checkpoint", weights)
    np.testing.assert_array_equal(
        read(tmp_path / "c.png"), network(weights, np.array([0, 2, 1, 3, 4], np.uint8)[label])
    )
    colours[5, 7] = 1, 2, 3
    save(tmp_path / "other.png", colours)
    with pytest.raises(
        PixelwiseError, match=r"other\.png: colour \(1, 2, 3\) is not in the palette .*; the colours of"
    ):
        run("translate", tmp_path / "other.png", tmp_path / "d.png", "--checkpoint", weights)
    ids_only = generator(tmp_path / "n.safetensors")
    with pytest.raises(PixelwiseError, match=r"exact\.png: colour image; a map holds one id per pixel"):
        run("translate", tmp_path / "maps/exact.png", tmp_path / "d.png", "--checkpoint", ids_only)
