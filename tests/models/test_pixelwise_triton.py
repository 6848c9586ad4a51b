"""The Triton kernel equals the PyTorch form, by the interpreter and on a GPU if there is one, and compiles for one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import triton_cases

from pixelwise.errors import PixelwiseError
from pixelwise.models import pixelwise_triton
from pixelwise.models.pixelwise_stream import Form

TOLERANCE = {"ieee": 1e-6, "tf32x3": 1e-5, "tf32": 1e-2, "bf16": 3e-2}  # greatest distance from float64
triton = pytest.importorskip("triton")


@pytest.fixture(scope="module")
def interpreted():
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(Path(__file__).with_name("triton_cases.py"))]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize("precision", ["ieee", "bf16"])
@pytest.mark.parametrize("case", triton_cases.CASES)
def test_interpreter_agrees_with_float64(interpreted, case, precision):
    assert interpreted[f"{case} {precision}"] < TOLERANCE[precision]


def test_slice_of_padded_grid_and_unknown_labels(interpreted):
    assert interpreted["padded grid"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("case", triton_cases.CASES)
def test_gpu_agrees_with_float64(case, precision):
    assert triton_cases.distance(case, precision, "cuda") < TOLERANCE[precision]


@pytest.mark.parametrize("precision", ["ieee", "tf32", "bf16"])
def test_compiles_for_hopper(precision):
    """Machine code for compute capability 9.0 without a GPU; the reduced precisions use the warp-group matrix units."""
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    kernel = pixelwise_triton._stream
    block, warps = pixelwise_triton.LAUNCH[precision]
    constants = {
        **{"TILE": 16, "BLOCK": block, "BLOCKS": 256 // block, "LABELS": 35, "DENSE": 0, "CODE": 16, "CODE_PADDED": 16},
        **{"HIDDEN": 64, "MIDDLE": 3, "OUT": 3, "OUT_PADDED": 16, "TANH": True, "EMULATE": False},
        "PRECISION": precision,
    }
    types = dict.fromkeys(("parameters", "dense", "position", "image"), "*fp32") | {"labels": "*u8"}
    names = kernel.arg_names
    signature = {name: "constexpr" if name in constants else types.get(name, "i32") for name in names}
    source = ASTSource(kernel, signature, constexprs={(names.index(name),): value for name, value in constants.items()})
    compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": warps, "num_stages": 2})
    assert compiled.asm["cubin"]
    assert ("wgmma.mma_async" in compiled.asm["ptx"]) == (precision != "ieee")
    assert compiled.metadata.shared < 227 * 1024


def test_refusals(monkeypatch):
    (parameters, ids, _), form = triton_cases.inputs(*triton_cases.CASES["cityscapes"])
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
    with pytest.raises(PixelwiseError, match="dense input"):
        kernel(parameters, ids, torch.zeros(2, 1, 32, 48), form)
