"""The fast pixelwise stream equals the direct formulation, in values, gradients and with less memory."""

import pytest
import torch
import torch.nn.functional as F

from pixelwise.errors import PixelwiseError
from pixelwise.models.asapnet_direct import direct_stream
from pixelwise.models.pixelwise_stream import Form, parameter_count, pixelwise_mlp, position_channels, position_code


def case(tile, labels, dense, position, output, grid=(2, 2, 3)):
    """A form and random inputs: parameter grid, ids, dense channels; all in float64."""
    torch.manual_seed(0)
    inputs = labels + dense + (position_channels(tile) if position else 0)
    form = Form(tile, (inputs, 6, 7, 3), labels, position, output)
    count, rows, columns = grid
    size = (rows * tile, columns * tile)
    parameters = torch.randn(*grid, parameter_count(form.widths), dtype=torch.float64, requires_grad=True)
    ids = torch.randint(0, labels, (count, *size)).to(torch.uint8) if labels else None
    channels = torch.randn(count, dense, *size, dtype=torch.float64, requires_grad=True) if dense else None
    return form, parameters, ids, channels


def direct(form, parameters, ids, channels):
    parts = [F.one_hot(ids.long(), form.num_labels).permute(0, 3, 1, 2).to(parameters)] if ids is not None else []
    joined = torch.cat(parts + ([channels] if channels is not None else []), 1)
    return direct_stream(parameters.permute(0, 3, 1, 2), joined, form)


@pytest.mark.parametrize("tile", [2, 8])
@pytest.mark.parametrize(
    ("labels", "dense", "position", "output"),
    [
        (5, 0, True, "tanh"),
        (5, 2, True, "tanh"),
        (0, 2, True, "linear"),
        (3, 1, False, "tanh"),
        (0, 1, False, "linear"),
    ],
)
def test_equals_direct_form(tile, labels, dense, position, output):
    form, parameters, ids, channels = case(tile, labels, dense, position, output)
    found = pixelwise_mlp(parameters, ids, channels, form, chunk=5)
    wanted = direct(form, parameters, ids, channels)
    assert torch.allclose(found, wanted, atol=1e-12)
    sources = [parameters] if channels is None else [parameters, channels]
    weights = torch.randn_like(found)
    for mine, theirs in zip(
        torch.autograd.grad(found, sources, weights), torch.autograd.grad(wanted, sources, weights), strict=True
    ):
        assert torch.allclose(mine, theirs, atol=1e-11)


def test_gradient_numerically():
    form, parameters, ids, channels = case(2, 3, 1, True, "tanh", grid=(1, 1, 2))
    assert torch.autograd.gradcheck(lambda p, d: pixelwise_mlp(p, ids, d, form, 1), (parameters, channels))


def test_chunks_do_not_matter():
    form, parameters, ids, channels = case(4, 5, 1, True, "tanh")
    whole = pixelwise_mlp(parameters, ids, channels, form, chunk=100)
    for chunk in (1, 5, 12, None):
        assert torch.allclose(pixelwise_mlp(parameters, ids, channels, form, chunk), whole, atol=1e-14)


@pytest.mark.parametrize("file", ["cityscapes", "facades512", "facades1024"])
def test_golden_position_code(file, read_golden):
    """The golden tile repeats the code (S x S, repeated to 32x32 or 64x64)."""
    golden = read_golden(f"asapnet_{file}")
    wanted, tile = golden.tensors["output/xy_coords_tile"], golden.config["S_total"]
    code = position_code(tile, torch.device("cpu"), torch.float32).T.reshape(1, -1, tile, tile)
    repeats = wanted.shape[-1] // tile
    assert torch.allclose(code.repeat(1, 1, repeats, repeats), wanted, atol=2e-6)


def test_mixed_precision_keeps_float32():
    form, parameters, ids, channels = case(4, 5, 1, True, "tanh")
    parameters, channels = parameters.detach().float(), channels.detach().float()
    wanted = pixelwise_mlp(parameters, ids, channels, form)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(pixelwise_mlp(parameters, ids, channels, form), wanted)


def saved_bytes(run):
    """Bytes of the distinct storages that autograd keeps for the backward pass of `run()`."""
    kept = {}

    def pack(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = run()
    return sum(kept.values()), result


def test_keeps_less_memory_than_the_direct_form():
    form, parameters, ids, _ = case(16, 35, 0, True, "tanh", grid=(1, 4, 4))
    fast, _ = saved_bytes(lambda: pixelwise_mlp(parameters, ids, None, form))
    slow, _ = saved_bytes(lambda: direct(form, parameters, ids, None))
    assert fast < parameters.nbytes + 2 * ids.nbytes + 2**16
    assert fast < slow / 3


def test_errors():
    form, parameters, ids, channels = case(4, 5, 1, True, "tanh")
    with pytest.raises(PixelwiseError, match=r"label map \(2, 8, 11\)"):
        pixelwise_mlp(parameters, ids[:, :, :-1], channels, form)
    with pytest.raises(PixelwiseError, match="label map None; 5 labels"):
        pixelwise_mlp(parameters, None, channels, form)
    with pytest.raises(PixelwiseError, match=r"dense input \(2, 0, 8, 12\)"):
        pixelwise_mlp(parameters, ids, None, form)
    with pytest.raises(PixelwiseError, match="parameter grid"):
        pixelwise_mlp(parameters[..., :-1], ids, channels, form)
    with pytest.raises(PixelwiseError, match=r"label 9 found; allowed are 0\.\.4"):
        pixelwise_mlp(parameters, ids.clamp(min=9), channels, form)
