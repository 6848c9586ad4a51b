"""The kernels around the convolutions compile for a GPU; test_optimised.py has their results by the interpreter."""

import pytest

from pixelwise.models.fast import fused_triton

pytest.importorskip("triton")
from benchmarks import kernels

FLOATS = dict.fromkeys(("means", "squares", "mean_of", "factor_of", "factors", "scale", "shift"), "*fp32")


def fits(kernel, constants, types):
    return kernels.compiled(kernel, constants, types, 4, 90).shared <= kernels.SHARED_KIB[90] * 1024


@pytest.mark.parametrize("factor", [1, 4])
@pytest.mark.parametrize("dtype", ["*fp32", "*bf16"])
def test_semantics_compile_for_hopper(factor, dtype):
    constants = {"LABELS": 35, "EDGE": True, "FACTOR": factor, "PAD": 3, "CHANNELS": 40, "COLUMNS": 64, "PADDED": 64}
    assert fits(fused_triton._semantics, constants, {"labels": "*u8", "edge": "*u8", "image": dtype})


@pytest.mark.parametrize("dtype", ["*fp32", "*bf16"])
def test_norm_compiles_for_hopper(dtype):
    images = dict.fromkeys(("image", "shortcut", "result"), dtype)
    shape = {"ROWS": 64, "COLUMNS": 32}
    assert fits(fused_triton._moments, {"SPAN": 512, **shape}, FLOATS | images)
    parts = {"PARTS": fused_triton.PARTS, "COLUMNS": 32}
    assert fits(fused_triton._combine, parts, FLOATS | {"eps": "fp32"})
    options = {"AFFINE": True, "RELU": True, "SHORTCUT": True, "PAD": 1}
    assert fits(fused_triton._normalise, options | shape, FLOATS | images)
