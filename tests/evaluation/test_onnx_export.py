"""ONNX files are written only if onnxruntime makes of them what the network makes."""

import json

import numpy as np
import pytest
import torch

from pixelwise.errors import PixelwiseError
from pixelwise.evaluation import onnx_export
from pixelwise.models import checkpoint, registry

SMALL = ["width=8", "max_width=32", "depth=1"]


@pytest.fixture
def runtime():
    for package in onnx_export.PACKAGES:
        pytest.importorskip(package, reason=f"{package} is missing; 'make install-onnx' installs it")
    return pytest.importorskip("onnxruntime")


def test_label_ids_go_in_at_a_fixed_size(runtime, tmp_path):
    out = tmp_path / "asap.onnx"
    compared, written = onnx_export.export(out, model="asapnet", options=SMALL, size="32x48")
    assert compared.startswith("32x48: onnxruntime against PyTorch: largest") and "fp32 against fp64" in compared
    assert "takes labels [1, 32, 48] uint8 and edge [1, 1, 32, 48] uint8" in written
    session = runtime.InferenceSession(str(out))
    assert [(value.name, value.shape) for value in session.get_inputs()] == [
        ("labels", [1, 32, 48]),
        ("edge", [1, 1, 32, 48]),
    ]
    about = json.loads(session.get_modelmeta().custom_metadata_map["pixelwise"])
    assert about["name"] == "asapnet" and about["options"]["width"] == 8
    with pytest.raises(PixelwiseError, match="exists; --force replaces it"):
        list(onnx_export.export(out, model="asapnet", options=SMALL, size="32x48"))


def test_a_checkpoint_of_free_size_takes_any(runtime, tmp_path):
    options = {"depth": 3, "width": 4}
    module = registry.build("dncnn", **options).eval()
    checkpoint.save(tmp_path / "weights.safetensors", module, "dncnn", options)
    *compared, written = onnx_export.export(tmp_path / "dncnn.onnx", tmp_path / "weights.safetensors")
    assert [line.split(":")[0] for line in compared] == ["64x128", "128x64"] and "[1, 1, H, W] float32" in written
    noisy = torch.rand(1, 1, 37, 51)
    (found,) = runtime.InferenceSession(str(tmp_path / "dncnn.onnx")).run(None, {"image": noisy.numpy()})
    np.testing.assert_allclose(found, module(noisy).detach().numpy(), atol=1e-5)


def test_nothing_is_left_behind_where_the_pictures_differ(runtime, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_export, "LARGEST", -1.0)
    with pytest.raises(PixelwiseError, match="not written: onnxruntime's picture differs: largest"):
        list(onnx_export.export(tmp_path / "d.onnx", model="dncnn", options=["depth=3", "width=2"], size="16x16"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "give either --checkpoint FILE, or --model NAME"),
        ({"model": "segmenter"}, "makes no pictures; export takes generators and denoisers"),
        ({"model": "asapnet", "options": SMALL, "size": "32"}, "--size: '32'; height x width is allowed, 1 to"),
        ({"model": "asapnet", "options": SMALL, "size": "40x32"}, "--size: 40x32; asapnet takes .* of 16, .* 48x32"),
        ({"model": "asapnet", "options": SMALL, "size": "16x16"}, "--size: 16x16; asapnet takes .* such as 16x32"),
        ({"model": "dncnn", "size": "999999999x1"}, "1 to 16384 pixels each"),
    ],
)
def test_mistakes_are_told_before_any_work(given, message, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_export, "PACKAGES", ())
    with pytest.raises(PixelwiseError, match=message):
        list(onnx_export.export(tmp_path / "x.onnx", **given))
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named_with_what_installs_it(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_export, "PACKAGES", ("no_such_runtime",))
    with pytest.raises(PixelwiseError, match="the package no_such_runtime is missing; 'make install-onnx' installs it"):
        list(onnx_export.export(tmp_path / "x.onnx", model="dncnn"))


def test_the_words_name_the_least_size():
    module = registry.build("pix2pixhd_global", width=4, blocks=1, num_labels=3).eval()
    form = onnx_export.OnnxForm(module, registry.full_options("pix2pixhd_global", {"num_labels": 3, "width": 4}))
    assert onnx_export._words(form, None).endswith("; H and W any multiples of 16 from 32 on")
    assert "from" not in onnx_export._words(form, (32, 48))


def test_what_cannot_be_exported_is_told_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_export, "PACKAGES", ())
    with pytest.raises(PixelwiseError, match="missing: no such folder"):
        list(onnx_export.export(tmp_path / "missing/x.onnx", model="dncnn"))
    options = {"width": 8, "max_width": 16, "depth": 1, **registry.image_options("asapnet", 1)}
    oracle = tmp_path / "o.safetensors"
    checkpoint.save(oracle, registry.build("asapnet", **options), "asapnet", options, {"lowres_input": "clean"})
    with pytest.raises(PixelwiseError, match=r"o\.safetensors: was trained to see the undegraded image"):
        list(onnx_export.export(tmp_path / "x.onnx", oracle))
    assert [path.name for path in tmp_path.iterdir()] == ["o.safetensors"]
