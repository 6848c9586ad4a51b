"""Official checkpoints: names, prefixes, nesting, folded batch norms, MATLAB files, and errors naming the wrong key."""

import io
import os
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pixelwise.errors import PixelwiseError
from pixelwise.models import build
from pixelwise.models.architectures.dncnn import fold
from pixelwise.models.checkpoint import load
from pixelwise.models.official.convert import convert, run
from pixelwise.models.official.official_checkpoints import from_options, load_official
from pixelwise.models.official.official_keys import official_keys
from pixelwise.models.official.official_options import clear_options
from pixelwise.settings.models import ConvertSettings
from tests.models.matlab import write_matlab


def official_state(module):
    keys = official_keys(module)
    return {keys[key]: tensor.clone() for key, tensor in module.state_dict().items()}


def same(first, second):
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_full_width_names():
    """The official names, on the full structures.

    Source: docs/reference/models.md, "ASAP-Net checkpoints", "Global generator" and "pix2pixHD in SPADE's repository".
    """
    from pixelwise.models.registry import skeleton

    names = set(official_keys(skeleton("asapnet")).values())
    assert len(names) == 38 and "lowres_stream.model.16.conv_block.0.1.bias" in names
    assert {"lowres_stream.model.8.0.weight", "lowres_stream.model.17.bias"} <= names
    names = set(official_keys(skeleton("asapnet", padding="reflection")).values())
    assert {"lowres_stream.model.13.1.weight", "lowres_stream.model.15.conv_block.1.0.weight"} <= names
    assert "lowres_stream.model.22.weight" in names and len(names) == 38
    names = set(official_keys(skeleton("spade_pix2pixhd")).values())
    assert len(names) == 29 and {"model.26.0.weight", "model.29.bias", "model.11.conv_block.4.0.weight"} <= names
    names = set(official_keys(skeleton("pix2pixhd_global")).values())
    assert {"model.34.bias", "model.38.weight", "model.24.conv_block.5.bias"} <= names
    assert "dncnn.47.weight" in official_keys(skeleton("dncnn")).values()
    assert "dncnn.56.weight" in official_keys(skeleton("dncnn", depth=20)).values()
    assert "model.38.bias" in official_keys(skeleton("dncnn", depth=20, variant="merged")).values()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_files_and_prefix(suffix, tmp_path):
    source, target = build("dncnn", width=4, depth=5), build("dncnn", width=4, depth=5)
    state = {f"module.{key}": value for key, value in official_state(source).items()}
    path = tmp_path / f"net{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(state, path)
    assert same(load_official(target, path), source) and not target.training
    if suffix == ".pth":
        torch.save({"epoch": 3, "arch": "dncnn", "state_dict": state, "best_prec1": 0.5}, path)
        assert same(load_official(build("dncnn", width=4, depth=5), str(path)), source)


def test_flat_discriminator():
    """Without feature matching each scale is one Sequential (docs/reference/models.md, "pix2pixHD's discriminator")."""
    source = build("pix2pixhd_discriminator", width=4, in_channels=5)
    flat = {}
    for key, tensor in source.state_dict().items():
        _, scale, _, index, leaf = key.split(".")
        flat[f"layer{1 - int(scale)}.{[0, 2, 5, 8, 11][int(index)]}.{leaf}"] = tensor
    assert same(load_official(build("pix2pixhd_discriminator", width=4, in_channels=5), flat), source)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("lowres_stream.model.2.1.bias"), r"lowres_stream\.model\.2\.1\.bias is missing; .* \(4,\)"),
        (lambda s: s.update({"extra.weight": torch.zeros(1)}), r"extra\.weight is left over"),
        (lambda s: s.update({"lowres_stream.model.0.0.weight": torch.zeros(4, 35, 3, 3)}), r"\(4, 35, 3, 3\); .*36"),
    ],
)
def test_strict(change, message):
    options = {"width": 4, "max_width": 4, "mlp_width": 4, "depth": 1}
    state = official_state(build("asapnet", **options))
    change(state)
    with pytest.raises(PixelwiseError, match=message):
        load_official(build("asapnet", **options), state)


class Harmful:
    def __reduce__(self):
        return os.system, ("true",)


def test_unreadable_files(tmp_path):
    module = build("dncnn", width=4, depth=5)
    path = tmp_path / "net.pth"
    with pytest.raises(PixelwiseError, match="no such file"):
        load_official(module, path)
    for content in (b"nonsense", b"", pickle.dumps(Harmful())):
        path.write_bytes(content)
        with pytest.raises(PixelwiseError, match=r"net\.pth: not readable"):
            load_official(module, path)
    torch.save({"model.0.weight": Harmful()}, path)
    with pytest.raises(PixelwiseError, match=r"net\.pth: not readable as plain weights"):
        load_official(module, path)
    torch.save([torch.zeros(2)], path)
    with pytest.raises(PixelwiseError, match="a state dict of tensors is needed"):
        load_official(module, path)
    buffer = io.BytesIO()
    torch.save({}, buffer)
    for suffix in (".mat", ".safetensors"):
        other = tmp_path / f"net{suffix}"
        other.write_bytes(buffer.getvalue())
        with pytest.raises(PixelwiseError, match=r"net\.(mat|safetensors): not"):
            load_official(module, other)


def matconvnet(module):
    """A network's layers as MatConvNet has them: filters [h, w, in, out], batch norm moments [mean, sigma]."""
    layers = []
    for index, conv in enumerate(module.convs):
        weight = conv.weight.detach().numpy().transpose(2, 3, 1, 0)
        bias = np.zeros(weight.shape[3]) if conv.bias is None else conv.bias.detach().numpy()
        layers.append(("conv", [weight, bias]))
        if 0 < index <= len(module.norms):
            norm = module.norms[index - 1]
            mean, sigma = norm.running_mean.numpy(), torch.sqrt(norm.running_var + norm.eps).numpy()
            scale, shift = norm.weight.detach().numpy(), norm.bias.detach().numpy()
            layers.append(("bnorm", [scale, shift, np.stack([mean, sigma], 1)]))
        if index < len(module.convs) - 1:
            layers.append(("relu", []))
    return [*layers, ("loss", [])]


@torch.no_grad()
@pytest.mark.parametrize(("channels", "variant"), [(1, "merged"), (3, "merged"), (1, "kair"), (3, "kair")])
def test_matlab(channels, variant, tmp_path):
    torch.manual_seed(0)
    module = build("dncnn", channels=channels, width=5, depth=6, variant=variant).eval()
    for norm in module.norms:
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        norm.bias.normal_()
    path = tmp_path / "sigma=25.mat"
    write_matlab(path, matconvnet(module))
    image = torch.rand(1, channels, 12, 10)
    merged = load_official(build("dncnn", channels=channels, width=5, depth=6, variant="merged"), path)
    assert torch.allclose(merged(image), module(image), atol=1e-5)
    kair = load_official(build("dncnn", channels=channels, width=5, depth=6, variant="kair"), path)
    assert torch.allclose(kair(image), module(image), atol=1e-5)
    assert torch.allclose(fold(module)(image), module(image), atol=1e-5)
    wrong = build("dncnn", channels=channels, width=5, depth=7, variant="merged")
    with pytest.raises(PixelwiseError, match=r"sigma=25\.mat: model\.10\.weight is|model\.12\.weight is missing"):
        load_official(wrong, path)
    write_matlab(path, [("pool", []), *matconvnet(module)])
    with pytest.raises(PixelwiseError, match="layer of type 'pool'"):
        load_official(merged, path)


def test_options():
    """Defaults, ignored training options, and options that were never published."""
    facades = {"crop_size": 1024, "aspect_ratio": 1.0, "label_nc": 13, "no_instance_edge": True, "reflection_pad": True}
    clear = clear_options("asapnet", {**facades, "lr_instance": False, "niter": 200, "replicate_pad": True})
    assert clear["tile"] == 64 and clear["padding"] == "reflection" and not clear["instance_edge"]
    assert clear["num_labels"] == 13 and clear["position_code"] and not clear["drop_last"]
    assert clear_options("asapnet", {})["tile"] == 16 and clear_options("asapnet", {})["num_labels"] == 35
    assert not clear_options("asapnet", {"hr_coor": None})["position_code"]
    assert clear_options("asapnet", {"contain_dontcare_label": True})["num_labels"] == 36
    distance = {"no_instance_edge": True, "no_instance_dist": False}
    assert clear_options("asapnet", distance)["instance_edge"]
    with pytest.raises(PixelwiseError, match="norm_G 'spectralinstance'; allowed are 'instanceaffine'"):
        from_options("asapnet", {"norm_G": "spectralinstance"})
    with pytest.raises(PixelwiseError, match="act_mode 'IR'"):
        from_options("dncnn", {"act_mode": "IR"})
    with pytest.raises(PixelwiseError, match="model 'unet'; allowed are"):
        from_options("unet", {})
    assert from_options("multiscale_discriminator", {"ndf": 4}).in_channels == 39
    assert from_options("pix2pixhd_discriminator", {"label_nc": 8, "no_instance": True, "ndf": 4}).in_channels == 11
    local = clear_options("pix2pixhd_local", {})
    assert local["width"] == 32 and local["enhancers"] == 1 and local["blocks"] == 9


@torch.no_grad()
def test_last_label_dropped_without_instances():
    """lr_instance without an instance map drops the last label; the weights fit only so.

    Source: docs/reference/models.md, "ASAP-Net options".
    """
    options = {"label_nc": 5, "no_instance_edge": True, "lr_width": 4, "lr_max_width": 4, "hr_width": 4}
    module = from_options("asapnet", options)
    assert module.form.widths[0] == 4 + 16
    assert module(torch.nn.functional.one_hot(torch.randint(0, 5, (1, 32, 32)), 5).permute(0, 3, 1, 2).float()).shape


def test_convert(tmp_path):
    source = build("dncnn", width=4, depth=5, variant="merged")
    weights = tmp_path / "weights"
    weights.mkdir()
    torch.save(official_state(source), weights / "dncnn_25.pth")
    line = convert(weights / "dncnn_25.pth", "dncnn", tmp_path / "a.safetensors", ["depth=5"])
    assert "merged" in line and same(load(tmp_path / "a.safetensors")[0], source)
    out = tmp_path / "out"
    out.mkdir()
    run(ConvertSettings(architecture="dncnn"), {"weights": weights}, out, tmp_path / "work")
    module, info = load(out / "model.safetensors")
    assert same(module, source) and info["options"] == {"channels": 1, "depth": 5, "width": 4, "variant": "merged"}
    assert info["extra"]["official"]["file"] == "dncnn_25.pth" and (out / "training.json").is_file()
    first = (out / "model.safetensors").read_bytes()
    run(ConvertSettings(architecture="dncnn", file="dncnn_25.pth"), {"weights": weights}, out, tmp_path / "work")
    assert (out / "model.safetensors").read_bytes() == first
    with pytest.raises(PixelwiseError, match="option 'depth'; allowed is NAME=VALUE"):
        convert(weights / "dncnn_25.pth", "dncnn", tmp_path / "a.safetensors", ["depth"])
    with pytest.raises(PixelwiseError, match=r"dncnn_25\.pth: dncnn\.0\.weight is missing"):
        convert(weights / "dncnn_25.pth", "dncnn", tmp_path / "b.safetensors", ["variant=saoyan"])
    (weights / "other.pth").write_bytes(b"")
    with pytest.raises(PixelwiseError, match="holds 2 files of weights"):
        run(ConvertSettings(architecture="dncnn"), {"weights": weights}, out, tmp_path / "work")
