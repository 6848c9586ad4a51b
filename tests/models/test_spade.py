"""SPADE's generator against the golden file's five cases, its parameters, arithmetic, options and official names."""

import hashlib
import json
import zlib

import numpy as np
import pytest
import torch

from pixelwise.data import semantics
from pixelwise.errors import PixelwiseError
from pixelwise.models import build, init, load
from pixelwise.models.fast import spade_form, winograd
from pixelwise.models.fast.optimised import optimise
from pixelwise.models.flops import count
from pixelwise.models.official.convert import convert
from pixelwise.models.official.official_checkpoints import from_options, load_official
from pixelwise.models.official.official_keys import official_keys
from pixelwise.models.official.official_options import clear_options
from pixelwise.models.registry import skeleton
from pixelwise.training import initialise
from tests.models.golden_case import close

CASES = ["small_spade_more", "small_spade_normal", "small_spade_train", "small_spade_instance", "small_spade_most"]
POWER_ITERATIONS = 20
TINY = {"width": 2, "num_upsampling_layers": "normal", "norm_hidden": 4}


def generator(key):
    return np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))


def filled(case):
    """The state dict of the golden file's fill rule, under the official names."""
    state = {}
    for key, shape in case["state_dict"].items():
        leaf = key.rsplit(".", 1)[1]
        if leaf == "num_batches_tracked":
            state[key] = torch.zeros(shape, dtype=torch.int64)
            continue
        value = generator(key).standard_normal(shape)
        if leaf == "running_mean":
            value = 0.1 * value
        elif leaf == "running_var":
            value = 1 + 0.2 * np.abs(value)
        elif leaf in ("weight_u", "weight_v"):
            value = value / np.linalg.norm(value)
        elif len(shape) == 1:
            value = 1 + 0.1 * value if leaf == "weight" else 0.02 * value
        else:
            value = case["overrides"].get(key, case["conv_gain"]) * np.sqrt(2 / np.prod(shape[1:])) * value
        state[key] = value
    for key in [key for key in state if key.endswith("weight_orig")]:
        stem = key.removesuffix("orig")
        matrix, u = state[key].reshape(len(state[key]), -1), state[f"{stem}u"]
        for _ in range(POWER_ITERATIONS):
            v = matrix.T @ u
            v /= np.linalg.norm(v)
            u = matrix @ v
            u /= np.linalg.norm(u)
        state[f"{stem}u"], state[f"{stem}v"] = u, v
    return {key: value if torch.is_tensor(value) else torch.tensor(value).float() for key, value in state.items()}


def inputs(case):
    """The semantics of the golden file's input rule; the file's hashes are those of the first sample."""
    labels, instances = [], []
    for tag in [case["tag"], f"{case['tag']}/2"][: case["batch"]]:
        for name, side, high, into in (
            ("label", case["label_block"], case["nc"], labels),
            ("instance", 16, 1000, instances),
        ):
            drawn = generator(f"input/{name}/{tag}").integers(0, high, (1, 1, case["H"] // side, case["W"] // side))
            into.append(drawn.repeat(side, 2).repeat(side, 3))
    maps = [np.concatenate(values).astype(np.int64) for values in (labels, instances)]
    for array, name in zip(maps, ("label", "instance"), strict=True):
        assert hashlib.sha256(array[:1].tobytes()).hexdigest() == case[f"{name}_sha256_int64"]
    label, instance = (torch.from_numpy(array) for array in maps)
    return semantics(label.to(torch.uint8), instance.to(torch.int32), case["nc"])


@torch.no_grad()
@pytest.mark.parametrize("tag", CASES)
def test_golden(golden, tag):
    cases = json.loads((golden / "spade_small.json").read_text())["cases"]
    assert [case["tag"] for case in cases] == CASES
    case = next(case for case in cases if case["tag"] == tag)
    module = from_options("spade", case["options"])
    official = official_keys(module)
    assert {official[key]: list(value.shape) for key, value in module.state_dict().items()} == case["state_dict"]
    load_official(module, filled(case))
    assert sum(p.numel() for p in module.parameters()) == case["num_parameters"]
    image = module.train(case["mode"] == "train")(inputs(case))
    wanted = case["output"]
    assert list(image.shape) == wanted["shape"]
    (top, left), (height, width) = wanted["crop_origin_yx"], wanted["crop_size"]
    crop = image[0, :, top : top + height, left : left + width]
    close(crop, torch.tensor(wanted["crop"]), case["tolerance_abs"], case["tolerance_mean_abs"])
    flat = image.double()
    found = {"mean": flat.mean(), "std": flat.std(correction=0), "abs_mean": flat.abs().mean()}
    for name, value in found.items():
        assert value.item() == pytest.approx(wanted[name], rel=1e-4, abs=1e-5)
    assert flat.min().item() == pytest.approx(wanted["min"], abs=case["tolerance_abs"])
    assert flat.max().item() == pytest.approx(wanted["max"], abs=case["tolerance_abs"])
    state = {official[key]: value for key, value in module.state_dict().items()}
    for key, values in case.get("buffers_after_one_forward", {}).items():
        close(state[key][: len(values)], torch.tensor(values), 1e-5, 1e-6)  # the first ones are kept


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 1.1])
@pytest.mark.parametrize("tag", [tag for tag in CASES if not tag.endswith("train")])
def test_optimised(golden, tag, share, monkeypatch):
    """Batch norms folded, wide convolutions by Winograd (here all of them): the golden pictures within tolerance.

    Scales and shifts by convolutions alone (share 0), and by neighbourhoods of labels at every size (above 1).
    """
    monkeypatch.setattr(winograd, "LEAST_CHANNELS", 4)
    monkeypatch.setattr(spade_form, "DENSE", share)
    case = next(c for c in json.loads((golden / "spade_small.json").read_text())["cases"] if c["tag"] == tag)
    fast = optimise(load_official(from_options("spade", case["options"]), filled(case)))
    (top, left), (height, width) = case["output"]["crop_origin_yx"], case["output"]["crop_size"]
    crop = fast(inputs(case))[0, :, top : top + height, left : left + width]
    close(crop, torch.tensor(case["output"]["crop"]), case["tolerance_abs"], case["tolerance_mean_abs"])
    with pytest.raises(PixelwiseError, match="allowed is"):
        fast(torch.zeros(1, 36, 40, 64))


@pytest.mark.parametrize(
    ("options", "wanted"),
    [({}, 93_048_003), ({"num_upsampling_layers": "normal"}, 93_048_003), ({"width": 4}, 2_608_143)],
)
def test_parameters(options, wanted):
    assert sum(p.numel() for p in skeleton("spade", **options).parameters()) == wanted


@pytest.mark.parametrize(
    ("height", "width", "gflop"), [(256, 512, 562.6), (256, 256, 281.3), (512, 1024, 2250.2), (1024, 1024, 4500.4)]
)
def test_arithmetic(height, width, gflop):
    with torch.device("meta"):
        found = count(skeleton("spade").eval(), torch.empty(1, 36, height, width)) / 1e9
    assert found == pytest.approx(gflop, abs=0.06)


def test_official_initialisation_knows_norms_without_weights():
    """Batch norms have nothing to draw; on the published path spectral weights keep torch's default."""
    torch.manual_seed(0)
    module = build("spade", width=8, num_upsampling_layers="normal")
    before = module.blocks[0].first.weight_orig.clone()
    initialise.network(module, "spade", "official")
    assert torch.equal(module.blocks[0].first.weight_orig, before)
    hidden = module.blocks[0].norm_first.hidden
    spread = 0.02 * (2 / (9 * (36 + 128))) ** 0.5
    assert float(hidden.weight.detach().std()) == pytest.approx(spread, rel=0.03)
    assert not hidden.bias.any() and not module.blocks[0].second.bias.any()
    initialise.network(module, "spade", "xavier")
    assert not torch.equal(module.blocks[0].first.weight_orig, before)
    init.normal(module)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_upsampling_layers": "least"}, "num_upsampling_layers 'least'; allowed are normal, more, most"),
        ({"num_upsampling_layers": 5}, "num_upsampling_layers 5"),
        ({"norm": "group"}, "norm 'group'; allowed are batch, instance"),
        ({"norm_kernel": 4}, "norm_kernel 4; it must be odd"),
        ({"width": 1, "num_upsampling_layers": "most"}, "width 1 with num_upsampling_layers most"),
        ({"width": 0}, r"a layer without weights, \(0, 36, 3, 3\)"),
        ({"ngf": 4}, "option 'ngf'; allowed are num_labels"),
    ],
)
def test_refused_options(options, message):
    with pytest.raises(PixelwiseError, match=message) as caught:
        build("spade", **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"use_vae": True}, "use_vae True; allowed are False"),
        ({"norm_G": "spectralinstance"}, "norm_G 'spectralinstance'"),
        ({"norm_G": "spectralspadesyncbatch3x5"}, "spectralspadesyncbatch3x3"),
        ({"num_upsampling_layers": "some"}, "'normal', 'more', 'most'"),
    ],
)
def test_refused_official_options(options, message):
    with pytest.raises(PixelwiseError, match=message):
        from_options("spade", options)


def test_official_defaults_are_those_of_cityscapes():
    module = skeleton("spade", **clear_options("spade", {}))
    assert sum(p.numel() for p in module.parameters()) == 93_048_003
    assert module.multiple == 64 and len(module.blocks) == 7


@torch.no_grad()
def test_sizes():
    module = build("spade", **TINY)
    with pytest.raises(PixelwiseError, match="multiples of 32, at least 32"):
        module(torch.zeros(1, 36, 48, 64))
    with pytest.raises(PixelwiseError, match="one image of 32x32; batch norm needs two"):
        module(torch.zeros(1, 36, 32, 32))
    assert module(torch.zeros(2, 36, 32, 32)).shape == module.eval()(torch.zeros(2, 36, 32, 32)).shape
    instance = build("spade", norm="instance", **TINY)
    with pytest.raises(PixelwiseError, match="instance norm needs two"):
        instance(torch.zeros(2, 36, 32, 32))
    assert instance(torch.zeros(1, 36, 32, 64)).shape == (1, 3, 32, 64)


def test_official_checkpoint_is_converted(tmp_path):
    """A file under the official names, from several cards (`module.`), becomes the same network."""
    options = {"width": 2}
    source = build("spade", **options).eval()
    keys = official_keys(source)
    state = {f"module.{keys[key]}": value for key, value in source.state_dict().items()}
    torch.save(state, tmp_path / "200_net_G.pth")
    assert "spade" in convert(tmp_path / "200_net_G.pth", "spade", tmp_path / "model.safetensors", options)
    image = torch.rand(1, 36, 64, 64)
    found, _ = load(tmp_path / "model.safetensors")
    with torch.no_grad():
        assert torch.equal(found(image), source(image))
    del state["module.up_3.conv_s.weight_u"]
    with pytest.raises(PixelwiseError, match=r"up_3\.conv_s\.weight_u is missing"):
        load_official(build("spade", **options), state)
