"""ASAP-Net's options: sizes, batches, inputs, and what each option changes."""

import copy

import pytest
import torch

from pixelwise.data import semantics
from pixelwise.errors import PixelwiseError
from pixelwise.models import build, registry
from pixelwise.models.architectures import asapnet
from pixelwise.models.asapnet_direct import DirectAsapNet
from pixelwise.models.fast.optimised import optimise
from pixelwise.models.label_ids import exact_labels
from pixelwise.models.pixelwise_stream import parameter_count
from pixelwise.models.tent import _tent, tent_downsample, tent_of_labels
from pixelwise.training import initialise

SMALL = {"width": 6, "max_width": 12, "depth": 2, "mlp_width": 8, "num_labels": 5}


def net(**options):
    torch.manual_seed(0)
    return build("asapnet", **{**SMALL, **options}).eval()


def inputs(count, height, width, edge=True, labels=5):
    label = torch.randint(0, labels, (count, height, width)).to(torch.uint8)
    instance = torch.randint(0, 3, (count, height, width)) if edge else None
    return semantics(label, instance, labels), label


@torch.no_grad()
def test_any_batch_and_size_in_any_order():
    """The official code keeps that of its first batch and size (docs/reference/models.md, "Position code")."""
    module = net(tile=8, learned_factor=4).double()
    cases = [inputs(*shape)[0].double() for shape in ((1, 16, 16), (3, 16, 16), (2, 32, 8), (1, 8, 40), (1, 16, 16))]
    apart = [copy.deepcopy(module)(case) for case in cases]
    for case, wanted in zip(cases, apart, strict=True):
        assert torch.allclose(module(case), wanted, atol=1e-12)
    batch = cases[1]
    single = torch.cat([module(image[None]) for image in batch])
    assert torch.allclose(module(batch), single, atol=1e-9)


@torch.no_grad()
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"instance_edge": False},
        {"drop_last": False},
        {"instance_edge": False, "drop_last": True},
        {"position_code": False},
        {"tile": 8, "learned_factor": 4, "padding": "reflection"},
        {"tile": 32, "learned_factor": 8},
        {"mlp_depth": 2},
        {"output": "linear"},
        {"output_channels": 1},
        {"depth": 0},
    ],
)
def test_options_against_direct_form(options):
    module = net(**options)
    image, label = inputs(2, 64, 64, edge=options.get("instance_edge", True))
    wanted = DirectAsapNet(module)(image)
    assert wanted.shape == (2, options.get("output_channels", 3), 64, 64)
    assert torch.allclose(module(image), wanted, atol=1e-5)
    if module.takes_ids:
        assert torch.equal(module(image, label), module(image))


@torch.no_grad()
@pytest.mark.parametrize("residual", [False, True])
def test_the_published_form_restores_the_same_image(residual):
    gray = {"dense_channels": 1, "instance_edge": False, "output_channels": 1, "output": "linear"}
    module = net(**gray, residual=residual)
    image = torch.rand(2, 1, 32, 32)
    wanted = module(image)
    made = registry.function("asapnet", "published")(module)(image)
    assert torch.allclose(made, wanted, atol=1e-5) and not torch.allclose(made, image, atol=1e-2)
    with pytest.raises(PixelwiseError, match="multiples of 16"):
        DirectAsapNet(module)(image[..., :30])


@torch.no_grad()
def test_soft_labels_are_not_rounded():
    """Labels that are not exactly one-hot go through the dense form, which equals the direct one."""
    module = net()
    image, _ = inputs(1, 32, 32)
    image[:, :5] = 0.9 * image[:, :5] + 0.02
    assert exact_labels(image[:, :5]) is None
    assert torch.allclose(module(image), DirectAsapNet(module)(image), atol=1e-5)


def test_exact_labels():
    image, label = inputs(2, 16, 16)
    planes = image[:, :5]
    assert torch.equal(exact_labels(planes), label)
    for spoilt in (planes * 2, planes + 1e-6, planes * 0, torch.full_like(planes, float("nan")), -planes):
        assert exact_labels(spoilt) is None
    two = planes.clone()
    two[0, :, 0, 0] = 1
    assert exact_labels(two) is None
    assert exact_labels(torch.zeros(1, 300, 2, 2).index_fill_(1, torch.tensor([299]), 1.0)).unique().tolist() == [299]


@torch.no_grad()
def test_dense_input_and_residual():
    module = net(dense_channels=1, instance_edge=False, output_channels=1, output="linear", residual=True)
    noisy = torch.rand(2, 1, 32, 48)
    plain = net(dense_channels=1, instance_edge=False, output_channels=1, output="linear")
    assert torch.allclose(module(noisy), noisy + plain(noisy), atol=1e-6)
    assert torch.allclose(plain(noisy), DirectAsapNet(plain)(noisy), atol=1e-5)
    with pytest.raises(PixelwiseError, match="label ids given to a generator whose"):
        module(noisy, torch.zeros(2, 32, 48, dtype=torch.uint8))


def test_gradients_equal_direct_form():
    module = net()
    image, _ = inputs(2, 32, 32)
    weights = torch.randn(2, 3, 32, 32)
    gradients = []
    for form in (module, DirectAsapNet(module)):
        module.zero_grad()
        (form(image) * weights).sum().backward()
        gradients.append([p.grad.clone() for p in module.parameters()])
    for mine, theirs in zip(*gradients, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-4 * float(theirs.abs().max()) + 1e-7)


def test_tent_filter():
    """Taps 1, 3, ..., 3, 1 with sum 1, reflection padding of S1 / 2 (docs/reference/models.md, "Tent filter")."""
    image = torch.rand(1, 2, 8, 8, dtype=torch.float64)
    padded = torch.nn.functional.pad(image, [1, 1, 1, 1], mode="reflect")
    taps = torch.tensor([1, 3, 3, 1], dtype=torch.float64) / 8
    windows = padded.unfold(2, 4, 2).unfold(3, 4, 2)
    assert torch.allclose(tent_downsample(image, 2), torch.einsum("nchwij,i,j->nchw", windows, taps, taps))
    assert torch.allclose(tent_downsample(torch.ones(1, 1, 16, 16), 4), torch.ones(1, 1, 4, 4))


@pytest.mark.parametrize(("factor", "size"), [(2, (8, 12)), (4, (16, 8)), (8, (64, 16)), (2, (4, 2))])
@pytest.mark.parametrize("channels", [0, 1, 3])
@pytest.mark.parametrize("samples", [1, 2])
def test_tent_of_labels(factor, size, channels, samples):
    """The labels' channels equal those of the one-hot tensor to the last bit, whatever stands beside them."""
    torch.manual_seed(0)
    labels = torch.randint(0, 7, (samples, *size), dtype=torch.uint8)
    further = torch.randn(samples, channels, *size)
    planes = torch.cat([torch.nn.functional.one_hot(labels.long(), 7).permute(0, 3, 1, 2).float(), further], 1)
    result = tent_of_labels(labels, further if channels else None, 7, factor)
    exact = tent_downsample(planes, factor)
    assert torch.equal(result[:, :7], exact[:, :7])
    torch.testing.assert_close(result[:, 7:], exact[:, 7:], atol=1e-6, rtol=0)
    for wrong in (6, -1):
        with pytest.raises(PixelwiseError, match=f"label {wrong} found"):
            tent_of_labels(labels.long().fill_(wrong), further if channels else None, 6, factor)


def test_known_labels_change_nothing(monkeypatch):
    module = net(tile=32, learned_factor=16).eval()
    image, labels = inputs(1, 64, 96)
    used = []
    monkeypatch.setattr(asapnet, "tent_of_labels", lambda *given: used.append(1) or tent_of_labels(*given))
    assert torch.equal(module.lowres_input(image), module.lowres_input(image, labels))
    assert used == [1]
    soft = image.clone().requires_grad_()
    assert module.lowres_input(soft, labels).requires_grad
    assert used == [1]
    with pytest.raises(PixelwiseError, match=r"labels \(1, 64, 95\)"):
        module.parameter_grid(image, labels[..., :-1])


def test_the_default_type_of_tensors_does_not_matter():
    module = net(tile=32, learned_factor=16).eval()
    planes, labels = inputs(1, 64, 96)
    with torch.no_grad():
        image = module(planes, labels)
        torch.set_default_dtype(torch.float64)
        try:
            assert torch.equal(module(planes, labels), image)
        finally:
            torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.full((1, 32, 48), 255, dtype=torch.uint8), "label 255 found"),
        (torch.full((1, 32, 48), -1), "label -1 found"),
        (torch.zeros(1, 32, 40, dtype=torch.uint8), r"labels \(1, 32, 40\) of semantics"),
    ],
)
def test_illegal_ids_are_printed(labels, message):
    with pytest.raises(PixelwiseError, match=message):
        net()(inputs(1, 32, 48)[0], labels)


def test_known_ids_are_not_looked_for(monkeypatch):
    """A pass that is given the ids does not search the one-hot tensor, forwards and backwards alike."""
    module = net()
    image, labels = inputs(2, 32, 48)
    gradients = []
    for given in ((image,), (image, labels)):
        module.zero_grad()
        module(*given).square().sum().backward()
        gradients.append([p.grad.clone() for p in module.parameters()])
        monkeypatch.setattr(asapnet, "exact_labels", lambda planes: pytest.fail("searched"))
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


def test_kept_taps_serve_training_after_inference():
    """The taps made by a call in inference mode can be part of a later backward pass."""
    _tent.cache_clear()
    labels = torch.zeros(1, 8, 8, dtype=torch.uint8)
    with torch.inference_mode():
        tent_of_labels(labels, None, 2, 2)
    image = torch.randn(1, 3, 8, 8, requires_grad=True)
    tent_downsample(image, 2).sum().backward()
    assert image.grad is not None


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((1, 6, 40, 32), {}),
        ((1, 5, 32, 32), {}),
        ((1, 6, 16, 16), {}),
        ((6, 32, 32), {}),
        ((0, 6, 32, 32), {}),
        ((1, 6, 16, 32), {"padding": "reflection"}),
    ],
)
def test_illegal_shapes_are_printed(shape, options):
    with pytest.raises(PixelwiseError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
        net(**options)(torch.zeros(shape))


@pytest.mark.parametrize(
    "options",
    [
        {"tile": 24},
        {"learned_factor": 32},
        {"learned_factor": 1},
        {"padding": "replicate"},
        {"output": "relu"},
        {"mlp_depth": 1},
        {"residual": True},
    ],
)
def test_illegal_options(options):
    (name,) = options
    with pytest.raises(PixelwiseError, match=name):
        net(**options)


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 83_201_411),
        ({"num_labels": 13, "instance_edge": False, "tile": 32, "padding": "reflection"}, 82_007_363),
        ({"num_labels": 13, "instance_edge": False, "tile": 64, "padding": "reflection"}, 82_269_763),
        ({"dense_channels": 1, "instance_edge": False, "output_channels": 1}, 80_817_601),
    ],
)
def test_parameter_counts(options, count):
    with torch.device("meta"):
        module = build("asapnet", **options)
    assert sum(p.numel() for p in module.parameters()) == count
    if "dense_channels" in options:
        assert parameter_count(module.form.widths) == 13_697


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Dynamo detected")
def test_compiled():
    """torch.compile keeps values and gradients (a graph break lies before the pixelwise stream)."""
    module = net().double()
    compiled = torch.compile(module, backend="aot_eager")
    image = inputs(1, 32, 32)[0].double()
    gradients = []
    for form in (module, compiled):
        module.zero_grad()
        form(image).square().sum().backward()
        gradients.append([p.grad.clone() for p in module.parameters()])
    assert all(torch.allclose(a, b, atol=1e-10) for a, b in zip(*gradients, strict=True))


@torch.no_grad()
def test_without_norms_a_tile_answers_to_what_lies_around_it_alone():
    """Instance norms make every tile depend on the whole picture; without them far tiles do not change."""
    dense = {"dense_channels": 1, "output_channels": 1, "instance_edge": False, "tile": 8, "learned_factor": 8}
    image = torch.rand(1, 1, 16, 128)
    changed = image.clone()
    changed[..., 120:] += 1.0
    for norm, same in (("instance", False), ("none", True)):
        module = net(**dense, norm=norm, output="linear")
        initialise.network(module, "asapnet", "he")
        assert torch.equal(module(image)[..., :8], module(changed)[..., :8]) is same
        assert torch.allclose(DirectAsapNet(module)(image), module(image), atol=1e-5)
        assert torch.allclose(optimise(module)(image), module(image), atol=1e-5)
        assert all((layer.conv.bias is None) is not same for layer in module.lowres.layers)


@torch.no_grad()
def test_he_keeps_a_signal_through_a_stream_without_norms():
    module = net(dense_channels=1, instance_edge=False, norm="none", depth=7, width=64, max_width=64)
    image, spread = torch.rand(1, 1, 64, 64), {}
    for scheme in ("xavier", "he"):
        initialise.network(module, "asapnet", scheme)
        found = image
        for layer in module.lowres.layers:
            found = layer(found)
        spread[scheme] = float(found.square().mean())
    assert spread["xavier"] < 1e-12 and 0.01 < spread["he"] < 100


def test_a_guide_takes_the_place_of_the_low_res_input():
    module = net(dense_channels=1, output_channels=1, instance_edge=False, tile=8, learned_factor=8)
    image, guide = torch.rand(2, 2, 1, 16, 16).unbind(0)
    grid = module.parameter_grid(guide)
    assert torch.equal(module(image, guide=guide), module._render(grid, None, image))
    assert torch.equal(module(image, guide=image), module(image))
    with pytest.raises(PixelwiseError, match="guide"):
        module(image, guide=guide[..., :8])
