"""The Triton kernels on the processor, by Triton's interpreter: all shapes and types that they take, and far addresses.

Run as a program it prints what it found as JSON: TRITON_INTERPRET must be set before Triton is imported, and must not
leak into other tests.
"""

from __future__ import annotations

import json
import mmap
import os
import subprocess
import sys
import unittest.mock
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from pixelwise.models.fast import fused_triton, pixelwise_triton, stream_kernel
from pixelwise.models.fast.pixelwise_triton import pixelwise_mlp_triton
from pixelwise.models.pixelwise_stream import pixelwise_mlp
from pixelwise.models.tent import tent_downsample
from tests.models.test_pixelwise_triton import CASES, distance, inputs

triton = pytest.importorskip("triton")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TOLERANCE = {"ieee": 1e-6, "bf16": 3e-2}  # greatest distance of the stream from float64
TYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
GRIDS = {"cityscapes": (2, 2, 3), "tile8": (2, 1, 3), "tile4": (1, 3, 5), "tile64": (1, 1, 1)}
"""Images, rows and columns of tiles; the interpreter is slow, so the others have one row of two tiles."""
INPUTS = {  # images, height, width, factor, padding, edge, type
    "odd": (2, 9, 13, 1, 3, True, "fp32"),
    "two programs a row": (1, 3, 71, 1, 0, False, "fp16"),
    "factor 2": (2, 4, 10, 2, 1, True, "bf16"),
    "factor 4": (1, 8, 20, 4, 0, True, "fp32"),
}
NORMS = {  # size, scale and shift, ReLU, shortcut, padding, type
    "odd": ((2, 37, 9, 13), True, True, False, 3, "fp32"),
    "inside of a padded shortcut": ((2, 37, 9, 13), False, False, True, 1, "fp32"),
    "in fp16": ((1, 5, 9, 13), False, True, True, 0, "fp16"),
    "in bf16": ((1, 5, 9, 13), True, False, True, 2, "bf16"),
    "one channel": ((1, 1, 5, 3), True, False, True, 0, "fp32"),
}
LABELS, CHANNELS = 5, 8
NO_RESERVE = 0x4000
"""MAP_NORESERVE of Linux, which `mmap` has since Python 3.13."""
FAR = ("stream's parameters", "stream's images", "input", "moments", "norm")
"""What was tried with more than 2^31 values between the first and the last."""


@pytest.fixture(scope="module")
def interpreted():
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", __file__], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("case", CASES)
def test_the_stream_agrees_with_float64(interpreted, case, precision):
    assert interpreted[f"stream {case} {precision}"] < TOLERANCE[precision]


@pytest.mark.parametrize("name", TYPES)
def test_the_stream_reads_parameters_of_every_type(interpreted, name):
    assert interpreted[f"parameters {name}"] < TOLERANCE["ieee"]


def test_slice_of_padded_grid_and_unknown_labels(interpreted):
    assert interpreted["padded grid"]


@pytest.mark.parametrize("case", INPUTS)
def test_the_input_agrees_with_pytorch(interpreted, case):
    assert interpreted[f"input {case}"] <= 1


@pytest.mark.parametrize("case", NORMS)
def test_the_norm_agrees_with_float64(interpreted, case):
    assert interpreted[f"norm {case}"] <= 1


@pytest.mark.parametrize("case", FAR)
def test_values_beyond_two_to_the_31_are_found(interpreted, case):
    assert interpreted[f"far {case}"]


def parameters_of(dtype: torch.dtype) -> float:
    """Distance of the stream from float64 where the parameters are stored in a type."""
    (parameters, ids, _), form = inputs(*CASES["tile8"], grid=(1, 1, 3))
    parameters = parameters.to(dtype)
    exact = pixelwise_mlp(parameters.double(), ids, None, form)
    return float((pixelwise_mlp_triton(parameters, ids, None, form) - exact).abs().max())


def padded_grid() -> bool:
    """Whether a slice of a wider parameter grid gives the same bytes, and a label beyond the last selects no row."""
    (parameters, ids, _), form = inputs(*CASES["cityscapes"], grid=(1, 1, 2))
    padded = F.pad(parameters, (0, 13), value=torch.nan)[..., :-13]
    same = torch.equal(pixelwise_mlp_triton(padded, ids, None, form), pixelwise_mlp_triton(parameters, ids, None, form))
    strange = pixelwise_mlp_triton(parameters, torch.full_like(ids, 255), None, form)
    parameters[..., 64 : 64 + 35 * 64] = 0
    return same and torch.equal(strange, pixelwise_mlp_triton(parameters, ids, None, form))


def off(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Greatest difference in units of what may be: a step of the type (the interpreter cuts bfloat16 off), and 1e-5."""
    allowed = torch.finfo(found.dtype).eps * exact.abs() + 1e-5
    return float(((found.double() - exact).abs() / allowed).max())


def input_off(count: int, height: int, width: int, factor: int, pad: int, edged: bool, name: str) -> float:
    """The generator's input from ids, one of which is no label, against PyTorch's one-hot, filter and padding."""
    labels = torch.randint(LABELS + 1, (count, height, width), dtype=torch.uint8)
    edge = torch.randint(2, (count, 1, height, width), dtype=torch.uint8) if edged else None
    planes = F.one_hot(labels.long(), LABELS + 1)[..., :LABELS].permute(0, 3, 1, 2).double()
    exact = planes if edge is None else torch.cat([planes, edge], 1)
    exact = tent_downsample(exact, factor) if factor > 1 else exact
    exact = F.pad(exact, [pad] * 4, mode="reflect") if pad else exact
    found = fused_triton.semantics(labels, edge, LABELS, factor, pad, CHANNELS, TYPES[name])
    return off(found, F.pad(exact, [0, 0, 0, 0, 0, CHANNELS - exact.shape[1]]))


def norm_off(size: tuple[int, ...], affine: bool, relu: bool, shortcut: bool, pad: int, name: str) -> float:
    """The fused instance norm against PyTorch's in float64; the image is not in the kernel's layout."""
    image = (torch.randn(size) * 3 + 1).to(TYPES[name])
    scale = (torch.randn(size[1]), torch.randn(size[1])) if affine else None
    wide = torch.randn(size[0], size[1], size[2] + 4, size[3] + 2).to(image.dtype)
    other = wide.contiguous(memory_format=torch.channels_last)[:, :, 1:-3, 1:-1] if shortcut else None
    exact = F.instance_norm(image.double(), None, None, *(value.double() for value in scale or ()))
    exact = exact.relu() if relu else exact
    exact = exact if other is None else exact + other.double()
    exact = F.pad(exact, [pad] * 4, mode="reflect") if pad else exact
    return off(fused_triton.instance_norm(image, scale, relu, other, pad), exact)


def reserved(dtype: torch.dtype, *shape: int) -> torch.Tensor:
    """Zeros of any size: only pages that something is written to take memory."""
    size = torch.Size(shape).numel() * dtype.itemsize
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NO_RESERVE)
    return torch.frombuffer(pages, dtype=dtype).view(shape)


def last_program(kernel: Any, grid: tuple[int, int, int], *arguments: Any, **constants: Any) -> None:
    """Run the last program of a grid, and no other."""
    from triton.runtime.interpreter import GridExecutor, interpreter_builder

    tell, number = interpreter_builder.set_grid_dim, interpreter_builder.set_grid_idx
    with (
        unittest.mock.patch.object(interpreter_builder, "set_grid_dim", lambda *_: tell(*grid)),
        unittest.mock.patch.object(interpreter_builder, "set_grid_idx", lambda *_: number(*(n - 1 for n in grid))),
        unittest.mock.patch.object(GridExecutor, "_restore_args_dev", lambda *_: None),  # it copies all to itself
    ):
        kernel[(1, 1, 1)](*arguments, **constants)


def far() -> Iterator[bool]:
    """Whether kernels compute the same at far addresses, in the order of `FAR`."""
    (parameters, ids, _), form = inputs(*CASES["tile8"], grid=(1, 1, 3))
    step = 2**30 + 7
    apart = reserved(torch.float32, 3 * step).as_strided(parameters.shape, (3 * step, 3 * step, step, 1))
    apart.copy_(parameters)
    near = pixelwise_mlp_triton(parameters, ids, None, form)
    with unittest.mock.patch("triton.runtime.interpreter.GridExecutor._restore_args_dev"):
        yield torch.equal(pixelwise_mlp_triton(apart, ids, None, form), near)

    (parameters, ids, values), form = inputs(*CASES["labels_and_dense"], grid=(1, 1, 1))
    assert ids is not None and values is not None
    side, tiles = 2**15, 2**15 // form.tile
    labels, dense = reserved(torch.uint8, 3, side, side), reserved(torch.float32, 3, 3, side, side)
    labels[2, -form.tile :, -form.tile :], dense[2, :, -form.tile :, -form.tile :] = ids[0], values[0]
    image = reserved(torch.float32, 3, 3, side, side)
    code = pixelwise_triton._padded_code(form.tile, image.device)
    program = pixelwise_triton.PROGRAMS["ieee"][0]
    options = pixelwise_triton.constants(form, "ieee", program)
    arguments = (parameters, 0, labels, dense, code, image, side, tiles, tiles**2)
    last_program(stream_kernel._stream, (3 * tiles**2, 1, 1), *arguments, **options)
    yield torch.equal(image[2, :, -form.tile :, -form.tile :], pixelwise_mlp_triton(parameters, ids, values, form)[0])

    labels, edge = reserved(torch.uint8, 3, side, side), reserved(torch.uint8, 3, side, side)
    labels[2, -64:, -64:], edge[2, -64:, -64:] = torch.randint(LABELS, (64, 64)), torch.randint(2, (64, 64))
    image = reserved(torch.float16, 3, side, side, CHANNELS)
    values = {"LABELS": LABELS, "EDGE": True, "FACTOR": 1, "PAD": 0, "CHANNELS": CHANNELS, "COLUMNS": 64, "PADDED": 8}
    last_program(fused_triton._semantics, (3 * side, side // 64, 1), labels, edge, image, side, side, **values)
    crop = labels[2:, -64:, -64:].contiguous(), edge[2:, None, -64:, -64:].contiguous()
    near = fused_triton.semantics(*crop, LABELS, 1, 0, CHANNELS, torch.float16)
    yield bool(near.any()) and torch.equal(image[2, -1, -64:], near[0, :, -1].T)

    side, channels = 2**13, 40
    image, shortcut, result = (reserved(torch.float32, 3, side, side, channels) for _ in range(3))
    image[2, -1, -64:], shortcut[2, -1, -64:] = torch.randn(2, 64, channels)
    last = image[2, -1, -64:, 32:]
    means, squares = (reserved(torch.float32, 3, side**2 // 64, channels) for _ in range(2))
    shape = {"ROWS": 64, "COLUMNS": 32}
    arguments = (image, means, squares, side**2, channels)
    last_program(fused_triton._moments, (3, side**2 // 64, 2), *arguments, SPAN=64, **shape)
    spread = (last - last.mean(0)).square().sum(0)
    same = torch.allclose(means[2, -1, 32:], last.mean(0), atol=1e-6)
    yield same and torch.allclose(squares[2, -1, 32:], spread, atol=1e-4)

    mean, factor, scale, shift = torch.randn(3, channels), torch.rand(3, channels), *torch.randn(2, channels)
    steps = (side * side * channels, side * channels)
    arguments = (image, mean, factor, scale, shift, shortcut, result, side, side, channels, *steps)
    options = {"AFFINE": True, "RELU": True, "SHORTCUT": True, "PAD": 0, **shape}
    last_program(fused_triton._normalise, (side**2 // 64, 3, 2), *arguments, **options)
    wanted = ((last - mean[2, 32:]) * factor[2, 32:] * scale[32:] + shift[32:]).relu() + shortcut[2, -1, -64:, 32:]
    yield torch.allclose(result[2, -1, -64:, 32:], wanted, atol=1e-5)


def main() -> None:
    """Print the findings."""
    torch.manual_seed(0)
    found: dict[str, float] = {"padded grid": padded_grid()}
    for case in CASES:
        for precision in TOLERANCE:
            found[f"stream {case} {precision}"] = distance(case, precision, grid=GRIDS.get(case, (1, 1, 2)))
    for name, dtype in TYPES.items():
        found[f"parameters {name}"] = parameters_of(dtype)
    found |= {f"input {case}": input_off(*values) for case, values in INPUTS.items()}
    found |= {f"norm {case}": norm_off(*values) for case, values in NORMS.items()}
    found |= {f"far {case}": same for case, same in zip(FAR, far(), strict=True)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
