"""Every picture is read whole or refused with one line: formats, frames, depths, colours, sizes, damage."""

from __future__ import annotations

import ast
import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tifffile import imwrite

from pixelwise.data import read_images
from pixelwise.data.decoding import header
from pixelwise.data.suffixes import FORMATS, SUFFIXES
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.apply import own_picture

ROOT = Path(__file__).parents[2]
READERS = {"photograph": read_images.read, "map": read_images.read_ids, "own picture": own_picture.read}


def values(shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, endpoint=True, dtype=dtype)


def saved(kind, count=1, mode=None, **options):
    """Bytes of a picture of `kind`, with `count` frames."""
    frames = [Image.fromarray(values((8, 9, 3), seed=k)) for k in range(count)]
    frames = [frame.convert(mode) if mode else frame for frame in frames]
    more = {"save_all": True, "append_images": frames[1:]} if count > 1 else {}
    stream = io.BytesIO()
    frames[0].save(stream, kind, **more, **options)
    return stream.getvalue()


def tiff(array, **options):
    stream = io.BytesIO()
    imwrite(stream, array, **options)
    return stream.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, bits, colour, rows, extra=b""):
    """A PNG (ISO/IEC 15948) of any depth and colour type, from its filtered rows."""
    start = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    body = start + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def larger(content, place, form, *size):
    """A picture whose header claims another size."""
    return content[:place] + struct.pack(form, *size) + content[place + struct.calcsize(form) :]


def tagged(content, tag, old, new):
    """A TIFF with another value of a tag."""
    before, after = (struct.pack("<HHII", tag, 4, 1, value) for value in (old, new))
    assert before in content
    return content.replace(before, after)


def jpeg_start():
    return saved("JPEG").index(b"\xff\xc0") + 5


def everywhere(tmp_path, content, match, readers=tuple(READERS)):
    path = tmp_path / "x.png"
    path.write_bytes(content)
    for name in readers:
        with pytest.raises(PixelwiseError, match=match) as caught:
            READERS[name](path)
        assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value), name


@pytest.mark.parametrize(
    "content",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) (w) file\nshowpage\n",
        saved("GIF"),
        saved("PPM"),
        saved("ICO"),
        saved("JPEG2000"),
        saved("PDF"),
        b"",
        b"\0" * 100,
    ],
    ids=["eps", "gif", "ppm", "ico", "jp2", "pdf", "empty", "zeros"],
)
def test_other_formats_are_refused_whatever_their_suffix(tmp_path, monkeypatch, content):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    everywhere(tmp_path, content, "not a readable image .* PNG, JPEG, BMP, TIFF, WEBP are read")


def test_postscript_starts_nothing(tmp_path):
    """With a Ghostscript of our own in the path, which leaves a trace."""
    (tmp_path / "gs").write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    (tmp_path / "gs").chmod(0o755)
    (tmp_path / "x.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    code = (
        "import sys; from pathlib import Path; from PIL import Image; Image.init()\n"
        "from pixelwise.evaluation.compared_pictures import read_rgb\n"
        "from pixelwise.reporting.sample_grids import read\n"
        "for call in (read_rgb, read):\n"
        "    try: call(Path(sys.argv[1]))\n"
        "    except Exception as error: print(type(error).__name__)\n"
    )
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [sys.executable, "-c", code, str(tmp_path / "x.png")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["PixelwiseError"] * 2 and not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    "content",
    [
        saved("TIFF", 2),
        tiff(values((2, 8, 9), np.uint16), photometric="minisblack"),
        saved("PNG", 2),
        saved("PNG", 2, default_image=True),
        saved("WEBP", 2),
        saved("MPO", 2),
        tiff(values((16, 16, 16)), volumetric=True, tile=(16, 16, 16)),
        saved("PNG", 2).replace(chunk(b"acTL", struct.pack(">II", 2, 0)), chunk(b"acTL", struct.pack(">II", 0, 0))),
    ],
    ids=["tiff", "tiff16", "apng", "apng-with-still", "webp", "mpo", "volume", "apng-that-says-0"],
)
def test_several_frames_are_refused(tmp_path, content):
    everywhere(tmp_path, content, r"\d+ frames; one is allowed")


def test_previews_of_cameras_do_not_count(tmp_path):
    content = saved("MPO", 2)
    place = content.index(b"MPF\0") + 4 + 50 + 16  # the second entry of the list
    for kind, fine in ((0x010001, True), (0x010002, True), (0x020001, False), (0x020002, False)):
        (tmp_path / "x.jpg").write_bytes(larger(content, place, "<L", kind))
        assert header_or_none(tmp_path / "x.jpg") is (True if fine else None)
    (tmp_path / "x.jpg").write_bytes(content.replace(b"MPF\0II*\0", b"MPF\0II+\0"))
    assert header_or_none(tmp_path / "x.jpg") is None


def header_or_none(path):
    try:
        return header(path).format == "JPEG"
    except PixelwiseError:
        return None


ROWS = {f"{name}.png": b"\0" + bytes(range(200, 200 + 4 * n)) for n, name in ((2, "la"), (3, "rgb"), (4, "rgba"))}
DEEP = {
    **{name: png(2, 1, 16, {"la": 4, "rgb": 2, "rgba": 6}[name[:-4]], rows) for name, rows in ROWS.items()},
    "rgb.tif": tiff(values((8, 9, 3), np.uint16), photometric="rgb"),
    "rgba.tif": tiff(values((8, 9, 4), np.uint16), photometric="rgb", extrasamples=["unassalpha"]),
    "planes.tif": tiff(values((3, 8, 9), np.uint16), photometric="rgb", planarconfig="separate"),
    "lzw.tif": tiff(values((8, 9, 3), np.uint16), photometric="rgb", compression="lzw", predictor=True),
    "big.tif": tiff(values((8, 9, 3), np.uint16), photometric="rgb", byteorder=">", bigtiff=True),
    "tiles.tif": tiff(values((40, 30, 3), np.uint16), photometric="rgb", tile=(16, 16), compression="zlib"),
}


@pytest.mark.parametrize("name", DEEP)
def test_sixteen_bits_are_kept_or_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(DEEP[name])
    found = own_picture.read(path)
    if name.endswith("png"):
        expected = np.frombuffer(ROWS[name][1:], ">u2").reshape(1, 2, -1)
    else:
        expected = values(
            {"rgba.tif": (8, 9, 4), "planes.tif": (3, 8, 9), "tiles.tif": (40, 30, 3)}.get(name, (8, 9, 3)), np.uint16
        )
        expected = np.moveaxis(expected, 0, 2) if name == "planes.tif" else expected
    assert found.bits == 16 and np.array_equal(found.values(), expected)
    for read in (read_images.read, read_images.read_ids):
        with pytest.raises(PixelwiseError, match=r"16 bits for each value|colour image|not a readable image"):
            read(path)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (tiff(values((8, 9), np.uint16) // 16), "no value above [0-9]{4} of 65535; stretch the values"),
        (png(2, 1, 16, 0, b"\0\x0f\xff\0\x01"), "no value above 4095 of 65535"),
        (tiff(values((8, 9), np.uint16), extratags=[(281, "H", 1, 4095, True)]), "white is 4095; .* must be 65535"),
        (tiff(values((8, 9), np.uint16) // 16, bitspersample=12), "12 bits for each value; 8 or 16 are allowed"),
        (png(2, 1, 16, 0, b"\0\xff\xff\0\x01", chunk(b"tRNS", b"\0\1")), "16 bits with a transparent colour"),
    ],
    ids=["tiff", "png", "tag", "packed", "transparent"],
)
def test_values_of_12_bits_are_never_taken_for_16(tmp_path, content, match):
    everywhere(tmp_path, content, match, ["own picture"])
    everywhere(tmp_path, content, r"(12|16) bits for each value", ["photograph"])


def test_no_light_at_all_is_a_picture_of_16_bits(tmp_path):
    (tmp_path / "x.png").write_bytes(png(2, 1, 16, 0, b"\0" * 5))
    assert own_picture.read(tmp_path / "x.png").values().tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (saved("JPEG", mode="CMYK"), "mode CMYK; gray or RGB|JPEG, which may"),
        (saved("TIFF", mode="CMYK"), "mode CMYK"),
        (tiff(values((8, 9, 4), np.uint16), photometric="separated"), "interpretation 5|16 bits|mode CMYK"),
        (saved("TIFF", mode="LAB"), "mode LAB"),
        (tiff(values((8, 9)).astype(np.float32)), "mode F|32 bits"),
        (tiff(values((8, 9, 3)).astype(np.float32), photometric="rgb"), "not a readable image"),
        (tiff(values((8, 9)).astype(np.float16)), "float16 values|not a readable image"),
        (tiff(values((8, 9)).astype(np.float64)), "not a readable image"),
        (tiff(values((8, 9)).astype(np.int8)), "negative values"),
        (tiff(values((8, 9, 5)), photometric="rgb"), "5 channels, of which 3 would be read"),
        (tiff(values((8, 9, 5), np.uint16), photometric="rgb"), "5 channels; gray or RGB|not a readable image"),
        (tiff(values((8, 9, 4)), photometric="rgb", extrasamples=["unspecified"]), "4 channels, of which 3"),
        (tiff(values((8, 9, 4)), photometric="rgb", extrasamples=["assocalpha"]), "multiplied by the opacity"),
        (tiff(values((8, 9, 4), np.uint16), photometric="rgb", extrasamples=["assocalpha"]), "multiplied by"),
    ],
    ids=range(14),
)
def test_what_a_decoder_would_change_or_leave_out_is_refused(tmp_path, content, match):
    everywhere(tmp_path, content, match)


def test_photographs_may_be_opaque_but_not_transparent(tmp_path):
    opaque = [png(2, 1, 8, 6, b"\0ABC\xffDEF\xff"), png(2, 1, 8, 4, b"\0A\xffD\xff")]
    opaque.append(png(2, 1, 8, 3, b"\0\1\0", chunk(b"PLTE", b"ABCDEF") + chunk(b"tRNS", b"\xff\xff")))
    for content in opaque:
        (tmp_path / "x.png").write_bytes(content)
        assert read_images.read(tmp_path / "x.png").size == (2, 1)
    clear = [png(2, 1, 8, 6, b"\0ABC\xffDEF\xfe"), png(2, 1, 8, 4, b"\0A\x80D\xff")]
    clear.append(png(2, 1, 8, 0, b"\0\1\2", chunk(b"tRNS", b"\0\2")))
    for content in clear:
        everywhere(tmp_path, content, r"opacity \d+ of 255; a photograph without", ["photograph"])


@pytest.mark.parametrize(
    "content",
    [
        png(100_000, 100_000, 8, 2, b"\0" * 1000),
        png(2**31 - 1, 2**31 - 1, 8, 0, b""),
        larger(saved("BMP"), 18, "<ii", 60_000, 60_000),
        larger(saved("JPEG"), jpeg_start(), ">HH", 65_535, 65_535),
        tagged(tiff(values((8, 9), np.uint16)), 256, 9, 2**30),
        tagged(tiff(values((32, 32)), tile=(16, 16)), 322, 16, 2**29),
    ],
    ids=["png", "png-most", "bmp", "jpeg", "tiff", "tiles"],
)
def test_sizes_are_bounded_before_anything_is_allocated(tmp_path, content):
    everywhere(tmp_path, content, r"pixels \(height x width\); 1 to 134217728 pixels are allowed")


@pytest.mark.parametrize("content", [png(0, 5, 8, 0, b""), larger(saved("BMP"), 18, "<i", 0)], ids=["png", "bmp"])
def test_no_pixels_are_no_picture(tmp_path, content):
    everywhere(tmp_path, content, "not a readable image|0 pixels")


def test_pixels_that_are_not_in_the_file_are_missed(tmp_path):
    """Decoders would fill them in."""
    everywhere(tmp_path, larger(saved("JPEG"), jpeg_start(), ">HH", 8192, 16_384), "most are missing")
    rows = tiff(values((20, 9)), rowsperstrip=5)
    everywhere(tmp_path, tagged(rows, 257, 20, 100), "4 strips or tiles of 20; all are needed")
    everywhere(tmp_path, tagged(tiff(values((20, 9))), 257, 20, 2**20), "not a readable|strips|truncated")
    assert b"\x2d\0\0\0" * 4 not in rows
    for place in range(len(rows) - 3):  # the length of each strip, 45 bytes
        if rows[place : place + 4] == b"\x2d\0\x2d\0":
            everywhere(tmp_path, larger(rows, place, "<H", 0), "3 strips or tiles of 4", ["photograph", "map"])
            break
    else:
        pytest.fail("no lengths")


def test_text_that_unpacks_without_end_is_refused(tmp_path):
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**27)))
    everywhere(tmp_path, png(2, 1, 8, 0, b"\0\1\2", bomb), "not a readable image")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("keep", [0.2, 0.6, 0.99])
def test_cut_files_are_refused_quietly(tmp_path, capfd, kind, keep):
    content = saved(kind, compression="tiff_lzw") if kind == "TIFF" else saved(kind)
    everywhere(tmp_path, content[: int(keep * len(content))], "not a readable image")
    assert capfd.readouterr() == ("", "")


def test_a_flipped_bit_of_a_png_is_seen_wherever_it_is(tmp_path):
    content = saved("PNG")
    for place in range(8, len(content), 7):
        damaged = bytearray(content)
        damaged[place] ^= 1
        everywhere(tmp_path, bytes(damaged), "not a readable image|pixels", ["photograph"])


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_damaged_tiffs_give_their_line_alone(tmp_path, capfd, compression, dtype):
    content = tiff(values((20, 30, 3), dtype), photometric="rgb", compression=compression)
    for place in range(0, len(content) // 2, 13):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        (tmp_path / "x.tif").write_bytes(damaged)
        for read in READERS.values():
            try:
                read(tmp_path / "x.tif")
            except PixelwiseError as error:
                assert "\n" not in str(error)
    assert capfd.readouterr() == ("", "")


def test_ids_beyond_31_bits_are_refused_and_small_ones_kept(tmp_path):
    path = tmp_path / "x.tif"
    path.write_bytes(tiff(np.array([[1, 70_000]], np.uint32)))
    assert read_images.read_ids(path).tolist() == [[1, 70_000]]
    path.write_bytes(tiff(np.array([[1, 2**31]], np.uint32)))
    with pytest.raises(PixelwiseError, match="id 2147483648; at most 2147483647"):
        read_images.read_ids(path)


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "x.png")
    (tmp_path / "folder.png").mkdir()
    for read in (*READERS.values(), header):
        for name, line in (("x.png", "not a file"), ("folder.png", "not a file"), ("none.png", "no such file")):
            with pytest.raises(PixelwiseError, match=rf"{name}: {line}"):
                read(tmp_path / name)


def test_what_may_be_read_may_be_written():
    assert set(own_picture.DEPTHS) == set(SUFFIXES) and set(read_images.MAP_FORMATS) < set(FORMATS)


ALLOWED = {
    "open": {"data/decoding.py", "evaluation/apply/camera_data.py"},  # the second reads no pixels
    "imagecodecs": {"data/deep.py"},
    "tifffile": {"data/deep.py"},
    "torchvision.io": set(),
    "skimage.io": set(),
    "imageio": set(),
    "cv2": set(),
}


def test_nothing_else_decodes_pictures():
    found = {name: set() for name in ALLOWED}
    for path in [*ROOT.glob("src/pixelwise/**/*.py"), *ROOT.glob("benchmarks/*.py")]:
        place = path.relative_to(ROOT).as_posix().removeprefix("src/pixelwise/")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "Image.open":
                found["open"].add(place)
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                if name in found:
                    found[name].add(place)
    assert found == ALLOWED


def test_a_place_before_the_start_of_a_file_is_damage(tmp_path):
    """Seeking there is an error of the operating system, not only of the decoder."""
    path = tmp_path / "x.tif"
    for offset in (2**31, 2**32 - 1):
        path.write_bytes(larger(tiff(values((8, 9)), bigtiff=True), 8, "<Q", 2**64 - offset))
        for read in (*READERS.values(), header):
            with pytest.raises(PixelwiseError, match=r"x\.tif: not a readable image"):
                read(path)
