"""Generating a split and translating a user's own label map."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from pixelwise.artifacts import read_json, sha256, write_json
from pixelwise.data import semantics
from pixelwise.data.pack import Pack
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import generate
from pixelwise.evaluation.apply.translate import translate
from pixelwise.evaluation.compared_pictures import generated, photographs
from pixelwise.models import build, checkpoint
from pixelwise.models.network_options import defaults
from pixelwise.settings.evaluation import GenerateSettings

OPTIONS = {"num_labels": 5, "tile": 8, "learned_factor": 8, "width": 8, "max_width": 16, "depth": 1, "mlp_width": 8}


def model_folder(folder, name="asapnet", facts=None, **options):
    torch.manual_seed(0)
    options = OPTIONS | options
    folder.mkdir(exist_ok=True)
    checkpoint.save(folder / "model.safetensors", build(name, **options), name, options, facts or {})
    write_json(folder / "training.json", {"short": True})
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return model_folder(tmp_path_factory.mktemp("model"))


def generate_into(folder, inputs, **settings):
    folder.mkdir()
    settings = {"name": "asapnet", "dataset": "scenes", "device": "cpu", "batch": 3} | settings
    generate.run(GenerateSettings(**settings), inputs, folder, folder)
    return folder


def test_pictures_are_truncated_outputs_named_after_the_pairs(tmp_path, prepared, model):
    out = generate_into(tmp_path / "out", {"data": prepared, "model": model}, limit=4, batch=1)
    facts = read_json(out / "generation.json")
    pack = Pack(prepared, "val")
    assert facts["names"] == pack.names[:4] and facts["n"] == 4 and facts["short"] is True
    assert facts["weights_sha256"] == sha256(model / "model.safetensors")
    assert sorted(p.stem for p in (out / "images").iterdir()) == pack.names[:4]
    module, _ = checkpoint.load(model / "model.safetensors")
    for i in (0, 3):
        label = torch.from_numpy(np.array(pack.label(i)))[None]
        instance = torch.from_numpy(np.array(pack.instance(i)))[None]
        with torch.inference_mode():
            expected = (module(semantics(label, instance, 5))[0] + 1) / 2 * 255
        found = np.asarray(Image.open(out / "images" / f"{pack.names[i]}.png")).transpose(2, 0, 1)
        np.testing.assert_array_equal(found, np.floor(expected.numpy().clip(0, 255)))


def test_same_bytes_twice(tmp_path, prepared, model):
    first = generate_into(tmp_path / "a", {"data": prepared, "model": model}, limit=3)
    again = generate_into(tmp_path / "b", {"data": prepared, "model": model}, limit=3)
    for path in sorted(first.rglob("*.*")):
        assert path.read_bytes() == (again / path.relative_to(first)).read_bytes()


def test_labels_of_model_and_data_must_agree(tmp_path, prepared):
    other = model_folder(tmp_path / "other", num_labels=7)
    with pytest.raises(PixelwiseError, match=r"7 labels; scenes has 5"):
        generate_into(tmp_path / "out", {"data": prepared, "model": other})
    dense = model_folder(tmp_path / "dense", dense_channels=3, instance_edge=False)
    with pytest.raises(PixelwiseError, match="takes label maps"):
        generate_into(tmp_path / "out2", {"data": prepared, "model": dense})


def picture(path, array, mode=None):
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path)
    return path


LABELS = np.tile(np.repeat(np.arange(5, dtype=np.uint8), 8), (16, 1))


def test_translate_equals_generate(tmp_path, prepared, model):
    out = generate_into(tmp_path / "out", {"data": prepared, "model": model}, limit=1, batch=1)
    pack = Pack(prepared, "val")
    label = picture(tmp_path / "label.png", np.array(pack.label(0)))
    instance = picture(tmp_path / "instance.png", np.array(pack.instance(0)).astype(np.uint16))
    translate(label, tmp_path / "made.png", model / "model.safetensors", instance, device="cpu")
    expected = Image.open(out / "images" / f"{pack.names[0]}.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "made.png")), np.asarray(expected))


def test_translate_without_instances(tmp_path):
    model = model_folder(tmp_path / "plain", instance_edge=False)
    label = picture(tmp_path / "label.png", LABELS)
    (tmp_path / "sub").mkdir()
    translate(label, tmp_path / "sub" / "made.png", model / "model.safetensors", device="cpu")
    assert Image.open(tmp_path / "sub" / "made.png").size == (40, 16)


def test_dont_care_is_255_in_files_and_the_last_id_inside(tmp_path):
    plain = model_folder(tmp_path / "plain", instance_edge=False) / "model.safetensors"
    careless = model_folder(tmp_path / "careless", facts={"dontcare": True}, instance_edge=False) / "model.safetensors"
    label = picture(tmp_path / "label.png", LABELS)
    void = picture(tmp_path / "void.png", np.where(LABELS == 4, 255, LABELS).astype(np.uint8))
    translate(label, tmp_path / "a.png", plain, device="cpu")
    translate(void, tmp_path / "b.png", careless, device="cpu")
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "a.png")), np.asarray(Image.open(tmp_path / "b.png"))
    )
    with pytest.raises(PixelwiseError, match=r"label.png: id 4 at row 0, column 32; allowed are 0 to 3 and 255"):
        translate(label, tmp_path / "c.png", careless, device="cpu")


def with_id(value):
    labels = LABELS.copy()
    labels[3, 7] = value
    return labels


@pytest.mark.parametrize(
    ("array", "mode", "line"),
    [
        (with_id(9), None, r"label.png: id 9 at row 3, column 7; allowed are 0 to 4"),
        (LABELS, "RGB", r"label.png: colour image; a map holds one id per pixel"),
        (LABELS[:12], None, r"instances.png: 16x40 pixels; the label map has 12x40"),
    ],
)
def test_wrong_label_maps_get_one_clear_line(tmp_path, model, array, mode, line):
    label = picture(tmp_path / "label.png", array, mode)
    shape = array.shape if "instances" not in line else LABELS.shape
    instances = picture(tmp_path / "instances.png", np.zeros(shape, np.uint8))
    with pytest.raises(PixelwiseError, match=line) as caught:
        translate(label, tmp_path / "out.png", model / "model.safetensors", instances, device="cpu")
    assert "\n" not in str(caught.value) and not (tmp_path / "out.png").exists()


def test_other_mistakes_get_one_clear_line(tmp_path, model):
    label, weights = picture(tmp_path / "label.png", LABELS), model / "model.safetensors"
    with pytest.raises(PixelwiseError, match=r"missing.png: no such file"):
        translate(tmp_path / "missing.png", tmp_path / "out.png", weights, device="cpu")
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(PixelwiseError, match=r"text.png: not a readable image"):
        translate(tmp_path / "text.png", tmp_path / "out.png", weights, device="cpu")
    with pytest.raises(PixelwiseError, match=r"out.xyz: ending '.xyz'; allowed are .png"):
        translate(label, tmp_path / "out.xyz", weights, label, device="cpu")
    label_jpeg = tmp_path / "label.jpg"
    Image.fromarray(LABELS).save(label_jpeg)
    with pytest.raises(PixelwiseError, match=r"label.jpg: JPEG, which may change ids; allowed are PNG"):
        translate(label_jpeg, tmp_path / "out.png", weights, label, device="cpu")
    pages = [Image.fromarray(LABELS), Image.fromarray(LABELS)]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(PixelwiseError, match=r"two.tif: 2 frames; one is allowed"):
        translate(tmp_path / "two.tif", tmp_path / "out.png", weights, label, device="cpu")
    with pytest.raises(PixelwiseError, match=r"label.png: not a folder"):
        translate(label, label / "out.png", weights, label, device="cpu")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(PixelwiseError, match=r"folder.png: a folder"):
        translate(label, tmp_path / "folder.png", weights, label, device="cpu")


def test_pictures_say_what_made_them(tmp_path, prepared, model):
    out = generate_into(tmp_path / "out", {"data": prepared, "model": model}, limit=2)
    run = generated(out, Pack(prepared, "val"), None).run
    assert run.architecture == "asapnet" and run.recipe is None
    assert run.options == {name: value for name, value in OPTIONS.items() if defaults("asapnet")[name] != value}
    assert photographs(Pack(prepared, "val"), None).run.method == "photographs"
