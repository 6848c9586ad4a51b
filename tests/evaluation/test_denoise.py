"""`pixelwise denoise`: pictures of every kind, and one-line errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.io import imread, imsave
from tifffile import imwrite

from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.apply import own_picture, sixteen_bits
from pixelwise.evaluation.apply.denoise import denoise
from pixelwise.models import build, checkpoint

NETWORK = {"depth": 3, "width": 4}


def save(path, channels=1, identity=True, **extra):
    """A DnCNN that predicts no noise, so that its output is its input."""
    torch.manual_seed(0)
    module = build("dncnn", channels=channels, **NETWORK)
    if identity:
        module.convs[-1].weight.data.zero_()
    checkpoint.save(path, module, "dncnn", {"channels": channels, **NETWORK}, extra)
    return path


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return save(tmp_path_factory.mktemp("n") / "model.safetensors", sigma=[0, 55], degradation="noise")


def values(shape, bits, seed=0):
    top = 2**bits
    return np.random.default_rng(seed).integers(0, top, shape).astype(np.uint8 if bits == 8 else np.uint16)


@pytest.mark.parametrize("ending", [".png", ".tif"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("shape", [(7, 5), (33, 50), (19, 23, 3), (18, 9, 4)])
def test_every_depth_and_colour_comes_back_unchanged_from_the_identity(tmp_path, network, shape, bits, ending):
    image, path, out = values(shape, bits), tmp_path / f"in{ending}", tmp_path / f"out{ending}"
    if bits == 16 and ending == ".png":
        path.write_bytes(sixteen_bits.png(image, None, None))
    elif ending == ".png":
        Image.fromarray(image).save(path)
    else:
        imsave(path, image, check_contrast=False)
    denoise(path, out, network)
    written = own_picture.read(out)
    assert written.bits == bits
    assert np.array_equal(written.values(), image)


def test_png_of_16_bits_is_read_by_another_reader(tmp_path, network):
    image = values((12, 17), 16)
    Image.fromarray(image).save(tmp_path / "in.png")
    denoise(tmp_path / "in.png", tmp_path / "out.png", network)
    assert np.array_equal(imread(tmp_path / "out.png"), image)


def test_result_is_the_networks(tmp_path):
    path = save(tmp_path / "m.safetensors", identity=False)
    image = values((21, 30), 8)
    Image.fromarray(image).save(tmp_path / "in.png")
    denoise(tmp_path / "in.png", tmp_path / "out.png", path)
    module, _ = checkpoint.load(path)
    with torch.inference_mode():
        expected = module(torch.from_numpy(image / np.float32(255))[None, None])[0, 0].numpy()
    expected = np.clip(np.rint(expected * 255), 0, 255)
    assert np.abs(np.asarray(Image.open(tmp_path / "out.png")) - expected).max() <= 1
    assert not np.array_equal(np.asarray(Image.open(tmp_path / "out.png")), image)


def test_palettes_grayscale_with_opacity_profiles_and_camera_orientation(tmp_path, network):
    colour = Image.fromarray(values((10, 14, 3), 8))
    colour.quantize(8).save(tmp_path / "p.png")
    denoise(tmp_path / "p.png", tmp_path / "p_out.png", network)
    assert Image.open(tmp_path / "p_out.png").mode == "RGB"
    Image.fromarray(values((10, 14, 2), 8)).save(tmp_path / "la.png")
    denoise(tmp_path / "la.png", tmp_path / "la_out.png", network)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "la_out.png")), np.asarray(Image.open(tmp_path / "la.png")))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    colour.save(tmp_path / "turned.jpg", exif=exif, icc_profile=b"profile")
    denoise(tmp_path / "turned.jpg", tmp_path / "upright.png", network)
    upright = Image.open(tmp_path / "upright.png")
    assert upright.size == (10, 14) and upright.info["icc_profile"] == b"profile"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sixteen_bits_are_turned_upright_as_eight_are(tmp_path, network, orientation):
    image = values((10, 14), 8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(image).save(tmp_path / "8.tif", exif=exif)
    imwrite(tmp_path / "16.tif", image.astype(np.uint16) * 257, extratags=[(274, "H", 1, orientation, True)])
    for name in ("8", "16"):
        denoise(tmp_path / f"{name}.tif", tmp_path / f"{name}.png", network)
    quarter = {1: (0, 0), 2: (0, 1), 3: (2, 0), 4: (2, 1), 5: (1, 1), 6: (3, 0), 7: (3, 1), 8: (1, 0)}
    turns, mirrored = quarter[orientation]
    upright = np.rot90(np.fliplr(image) if mirrored else image, turns)
    assert np.array_equal(imread(tmp_path / "8.png"), upright)
    assert np.array_equal(imread(tmp_path / "16.png"), imread(tmp_path / "8.png").astype(np.uint16) * 257)


@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_colour_profile_of_16_bits_is_kept(tmp_path, network, ending):
    imwrite(tmp_path / "in.tif", values((10, 14, 3), 16), photometric="rgb", iccprofile=b"profile")
    denoise(tmp_path / "in.tif", tmp_path / f"out{ending}", network)
    assert Image.open(tmp_path / f"out{ending}").info["icc_profile"] == b"profile"


def test_white_is_zero_is_turned_round(tmp_path, network):
    image = values((10, 14), 16)
    imwrite(tmp_path / "in.tif", 65535 - image, photometric="miniswhite")
    denoise(tmp_path / "in.tif", tmp_path / "out.tif", network)
    assert np.array_equal(imread(tmp_path / "out.tif"), image)


@pytest.mark.parametrize(
    ("sigma", "extra", "message"),
    [
        (25.0, {"sigma": 25.0}, None),
        (30.0, {"sigma": [0, 55]}, None),
        (50.0, {"sigma": 25.0}, r"--sigma: 50; .*was trained for 25$"),
        (60.0, {"sigma": [0, 55]}, r"was trained for 0 to 55$"),
        (25.0, {}, "does not say for which noise"),
        (-1.0, {"sigma": 25.0}, "0 to 255 is allowed"),
        (None, {"degradation": "motion_blur"}, "trained against motion_blur"),
    ],
)
def test_sigma_must_be_one_that_the_network_was_trained_for(tmp_path, sigma, extra, message):
    path = save(tmp_path / "m.safetensors", **extra)
    Image.fromarray(values((8, 8), 8)).save(tmp_path / "in.png")
    if message is None:
        denoise(tmp_path / "in.png", tmp_path / "out.png", path, sigma)
        return
    with pytest.raises(PixelwiseError, match=message):
        denoise(tmp_path / "in.png", tmp_path / "out.png", path, sigma)
    assert not (tmp_path / "out.png").exists()


def test_a_network_for_colour_refuses_gray_and_takes_colour(tmp_path):
    path = save(tmp_path / "m.safetensors", channels=3)
    Image.fromarray(values((8, 8), 8)).save(tmp_path / "gray.png")
    with pytest.raises(PixelwiseError, match=r"a gray picture; .* needs colour"):
        denoise(tmp_path / "gray.png", tmp_path / "out.png", path)
    Image.fromarray(values((8, 9, 3), 8)).save(tmp_path / "colour.png")
    denoise(tmp_path / "colour.png", tmp_path / "out.png", path)
    assert Image.open(tmp_path / "out.png").size == (9, 8)


def damaged(tmp_path):
    Image.fromarray(values((40, 40, 3), 8)).save(tmp_path / "cut.png")
    content = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.png").write_text("no picture")
    Image.new("CMYK", (8, 8)).save(tmp_path / "cmyk.jpg")
    Image.new("F", (8, 8)).save(tmp_path / "float.tif")
    Image.new("I", (8, 8)).save(tmp_path / "int.tif")
    frames = [Image.fromarray(values((8, 8), 8, k)) for k in (0, 1)]
    frames[0].save(tmp_path / "two.tif", save_all=True, append_images=frames[1:])
    (tmp_path / "deep.png").write_bytes(sixteen_bits.png(values((8, 8, 3), 16), None, None))
    Image.fromarray(values((8, 8, 4), 8)).save(tmp_path / "rgba.png")
    Image.fromarray(values((8, 8), 8)).save(tmp_path / "fine.png")


@pytest.mark.parametrize(
    ("name", "out", "message"),
    [
        ("nothing.png", "o.png", "no such file"),
        ("text.png", "o.png", "not a readable image"),
        ("cut.png", "o.png", "not a readable image"),
        ("cmyk.jpg", "o.png", "mode CMYK; gray or RGB"),
        ("float.tif", "o.tif", "mode F; gray or RGB"),
        ("int.tif", "o.tif", "32 bits for each value"),
        ("two.tif", "o.tif", "2 frames; one is allowed"),
        ("deep.png", "o.jpg", "holds 8 bits, the picture has 16"),
        ("rgba.png", "o.jpg", "holds no opacity"),
        ("fine.png", "o.gif", "ending '.gif'; allowed are .png"),
        ("fine.png", "missing/o.png", "missing: no such folder"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(tmp_path, network, name, out, message):
    damaged(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(PixelwiseError, match=message) as caught:
        denoise(tmp_path / name, tmp_path / out, network)
    assert "\n" not in str(caught.value) and sorted(tmp_path.iterdir()) == before


def test_a_file_that_is_no_checkpoint_is_named(tmp_path):
    Image.fromarray(values((8, 8), 8)).save(tmp_path / "in.png")
    (tmp_path / "x.pth").write_bytes(b"nothing")
    with pytest.raises(PixelwiseError, match=r"x\.pth: not a checkpoint"):
        denoise(tmp_path / "in.png", tmp_path / "out.png", tmp_path / "x.pth")
