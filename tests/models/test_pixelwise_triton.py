"""The stream's kernel equals the PyTorch form on a GPU if there is one, compiles for one, and refuses bad input.

test_kernels_interpreted.py has its results by the interpreter.
"""

import pytest
import torch

from benchmarks import precision_limits
from pixelwise.errors import PixelwiseError
from pixelwise.models.fast import pixelwise_triton, stream_kernel
from pixelwise.models.fast.pixelwise_triton import pixelwise_mlp_triton
from pixelwise.models.pixelwise_stream import Form, parameter_count, pixelwise_mlp, position_channels

PROGRAMS = [(precision, program) for precision, several in pixelwise_triton.PROGRAMS.items() for program in several]
triton = pytest.importorskip("triton")


CASES = {  # tile, labels, dense channels, outputs, output function, position code, layers
    "cityscapes": (16, 35, 0, 3, "tanh", True, 5),
    "tile8": (8, 13, 0, 3, "tanh", True, 5),
    "tile4": (4, 5, 0, 3, "tanh", True, 5),
    "tile32": (32, 13, 0, 3, "tanh", True, 5),
    "tile64": (64, 13, 0, 3, "tanh", True, 5),
    "gray_residual": (16, 0, 1, 1, "linear", True, 5),
    "colour_without_code": (16, 0, 3, 3, "tanh", False, 5),
    "labels_and_dense": (16, 7, 3, 3, "linear", True, 5),
    "shallow": (8, 7, 0, 3, "tanh", True, 2),
    "three_layers": (8, 7, 0, 3, "tanh", True, 3),
}


def inputs(tile, labels, dense, outputs, function, code, layers, device="cpu", grid=(2, 2, 3), hidden=64):
    generator = torch.Generator().manual_seed(0)
    first = labels + dense + (position_channels(tile) if code else 0)
    form = Form(tile, (first, *[hidden] * (layers - 1), outputs), labels, code, function)
    count, rows, columns = grid
    size = (rows * tile, columns * tile)
    parameters = torch.randn(*grid, parameter_count(form.widths), generator=generator) * 0.12
    ids = torch.randint(labels, (count, *size), generator=generator, dtype=torch.uint8) if labels else None
    values = torch.randn(count, dense, *size, generator=generator) if dense else None
    return [None if t is None else t.to(device) for t in (parameters, ids, values)], form


def distance(case, precision, device="cpu", **options):
    (parameters, ids, values), form = inputs(*CASES[case], device=device, **options)
    exact = pixelwise_mlp(parameters.double(), ids, None if values is None else values.double(), form)
    with torch.no_grad():
        return (pixelwise_mlp_triton(parameters, ids, values, form, precision) - exact).abs().max().item()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("precision", ["ieee", "tf32x3", "tf32", "bf16"])
@pytest.mark.parametrize("case", CASES)
def test_gpu_agrees_with_float64(case, precision):
    (parameters, ids, values), form = inputs(*CASES[case], device="cuda")
    if pixelwise_triton.program(parameters, ids, values, form, precision) is None:
        pytest.skip(f"this card has too little shared memory for {precision} with tiles of {form.tile}")
    limit = precision_limits.limit(f"stream {case} {precision}")
    assert distance(case, precision, "cuda") < limit.greatest


@pytest.mark.parametrize("tile", [4, 8, 16, 32, 128])
def test_a_program_loops_or_is_too_small_for_warp_groups(tile):
    for wanted in {*(program.block for _, program in PROGRAMS), 16, 256, 1024, 4096}:
        block, blocks = pixelwise_triton.blocks_of(tile, wanted)
        assert block * blocks == min(tile**2, pixelwise_triton.PIXELS_PER_PROGRAM)
        assert blocks > 1 or block < 64


@pytest.mark.parametrize("tile", [8, 16, 128])
@pytest.mark.parametrize(("precision", "program"), PROGRAMS)
def test_compiles_for_hopper(precision, program, tile):
    """Machine code for compute capability 9.0 without a GPU; the reduced precisions use the warp-group matrix units.

    But only in a loop: in straight code several products on them are wrong (seen on an H200, see `blocks_of`).
    """
    from benchmarks import kernels

    form = Form(tile, (35 + position_channels(tile), 64, 64, 64, 64, 3), 35)
    constants = pixelwise_triton.constants(form, precision, program)
    types = dict.fromkeys(("parameters", "dense", "position", "image"), "*fp32") | {"labels": "*u8"}
    built = kernels.compiled(stream_kernel._stream, constants, types, program.warps, 90)
    assert ("wgmma.mma_async" in built.ptx) == (precision != "ieee" and constants["BLOCK"] >= 64)
    assert constants["BLOCKS"] > 1
    assert built.shared <= kernels.SHARED_KIB[90] * 1024


def test_refusals(monkeypatch):
    (parameters, ids, _), form = inputs(*CASES["cityscapes"])
    kernel = pixelwise_triton.pixelwise_mlp_triton
    with pytest.raises(PixelwiseError, match="CUDA device"):
        kernel(parameters, ids, None, form)
    monkeypatch.setattr(pixelwise_triton, "available", lambda _: True)
    with pytest.raises(PixelwiseError, match="asked for a gradient"):
        kernel(parameters.requires_grad_(), ids, None, form)
    parameters = parameters.detach()
    with pytest.raises(PixelwiseError, match="supports"):
        kernel(parameters, ids, None, Form(16, (51, 64, 32, 3), 35))
    with pytest.raises(PixelwiseError, match="parameter grid"):
        kernel(parameters[..., 1:], ids, None, form)
    with pytest.raises(PixelwiseError, match="label map"):
        kernel(parameters, ids.long(), None, form)
    with pytest.raises(PixelwiseError, match=r"label map.*contiguous"):
        kernel(parameters, ids.repeat_interleave(2, 2)[:, :, ::2], None, form)
    with pytest.raises(PixelwiseError, match="dense input"):
        kernel(parameters, ids, torch.zeros(2, 1, 32, 48), form)
