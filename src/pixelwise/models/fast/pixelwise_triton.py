"""The pixelwise stream as one GPU launch: a program reads a tile's predicted weights once and runs its whole network.

It replaces `pixelwise_stream.pixelwise_mlp` for inference. Nothing between the layers reaches memory: labels come in as
bytes, pixels go out in NCHW. Importing this module needs neither Triton nor a GPU; with the environment variable
`TRITON_INTERPRET=1` the kernel runs on the CPU through Triton's interpreter, which is how it is tested without a GPU.

The layout of the predicted parameters: layer by layer, bias first, then the weight in row-major (in, out) order.
Source: docs/reference/models.md, "Pixelwise stream" (tamarott/ASAPNet models/networks/generator.py).
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Literal, get_args

import torch
from torch import Tensor

from pixelwise.errors import PixelwiseError
from pixelwise.models.pixelwise_stream import Form, parameter_count, position_channels, position_code

try:
    import triton
    import triton.language as tl
except ImportError:  # wheels without Triton: macOS, Windows
    triton = None

Precision = Literal["ieee", "tf32x3", "tf32", "bf16"]
"""Arithmetic of the matrix products, which always accumulate in float32: float32; three TF32 products (an error near
that of float32, but on the tensor cores); TF32; bfloat16."""

PIXELS_PER_PROGRAM = 1024  # a larger tile is shared by programs, each of which reads the weights from the L2 cache
LAUNCH: dict[Precision, tuple[int, int]] = {"ieee": (64, 8), "tf32x3": (128, 8), "tf32": (64, 4), "bf16": (128, 4)}
"""Pixels computed at a time and warps: the largest for which the compiler does not spill registers (much) on sm_90."""

LEAST_PRODUCT = 16
"""Rows that `tl.dot` needs."""

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"

if triton is not None:

    @triton.jit  # type: ignore[untyped-decorator]
    def _read(place: tl.tensor) -> tl.tensor:
        return tl.load(place).to(tl.float32)

    @triton.jit  # type: ignore[untyped-decorator]
    def _leaky_relu(x: tl.tensor) -> tl.tensor:
        return tl.where(x > 0, x, x * 0.01)  # pixelwise_stream.SLOPE

    @triton.jit  # type: ignore[untyped-decorator]
    def _product(
        x: tl.tensor, weight: tl.tensor, total: tl.tensor, PRECISION: tl.constexpr, EMULATE: tl.constexpr
    ) -> tl.tensor:
        """Total + x @ weight. EMULATE rounds to bfloat16 but multiplies in float32: the interpreter has no bfloat16."""
        if PRECISION != "bf16":
            total = tl.dot(x, weight, total, input_precision=PRECISION)
        elif EMULATE:
            total = tl.dot(x.to(tl.bfloat16).to(tl.float32), weight.to(tl.bfloat16).to(tl.float32), total)
        else:
            total = tl.dot(x.to(tl.bfloat16), weight.to(tl.bfloat16), total)
        return total

    @triton.jit  # type: ignore[untyped-decorator]
    def _stream(
        parameters: tl.tensor, stride: tl.tensor, labels: tl.tensor, dense: tl.tensor, position: tl.tensor,
        image: tl.tensor, width: tl.tensor, grid_width: tl.tensor, grid_tiles: tl.tensor,
        TILE: tl.constexpr, BLOCK: tl.constexpr, BLOCKS: tl.constexpr, LABELS: tl.constexpr, DENSE: tl.constexpr,
        CODE: tl.constexpr, CODE_PADDED: tl.constexpr, HIDDEN: tl.constexpr, MIDDLE: tl.constexpr,
        OUT: tl.constexpr, OUT_PADDED: tl.constexpr, TANH: tl.constexpr,
        PRECISION: tl.constexpr, EMULATE: tl.constexpr,
    ) -> None:  # fmt: skip
        """One program: BLOCKS blocks of BLOCK pixels of one tile; MIDDLE is the number of hidden-to-hidden layers."""
        tile = tl.program_id(0).to(tl.int64)
        sample, cell = tile // grid_tiles, tile % grid_tiles
        corner = (cell // grid_width) * TILE * width + (cell % grid_width) * TILE
        plane = grid_tiles * TILE * TILE

        # The weights, read once. `first` to `last`: the first layer's weight, the first middle layer, the last layer.
        units = tl.arange(0, HIDDEN)
        square = units[:, None] * HIDDEN + units[None, :]
        layer: tl.constexpr = HIDDEN + HIDDEN * HIDDEN
        bias0 = _read(parameters + tile * stride + units)
        first = parameters + tile * stride + HIDDEN
        second = first + (LABELS + DENSE + CODE) * HIDDEN
        last = second + MIDDLE * layer
        if CODE > 0:
            codes = tl.arange(0, CODE_PADDED)
            code_rows = first + (LABELS + DENSE + codes[:, None]) * HIDDEN + units[None, :]
            weight0 = tl.load(code_rows, mask=(codes < CODE)[:, None], other=0.0).to(tl.float32)
        if MIDDLE > 0:
            bias1, weight1 = _read(second + units), _read(second + HIDDEN + square)
        if MIDDLE > 1:
            bias2, weight2 = _read(second + layer + units), _read(second + layer + HIDDEN + square)
        if MIDDLE > 2:
            bias3, weight3 = _read(second + 2 * layer + units), _read(second + 2 * layer + HIDDEN + square)
        outputs = tl.arange(0, OUT_PADDED)
        kept = outputs < OUT
        bias4 = tl.load(last + outputs, mask=kept, other=0.0).to(tl.float32)
        rows4 = last + OUT + units[:, None] * OUT + outputs[None, :]
        weight4 = tl.load(rows4, mask=kept[None, :], other=0.0).to(tl.float32)

        zero = tl.zeros((BLOCK, HIDDEN), tl.float32)
        for block in range(BLOCKS):
            pixel = (tl.program_id(1) * BLOCKS + block) * BLOCK + tl.arange(0, BLOCK)
            place = corner + (pixel // TILE) * width + pixel % TILE
            total = zero + bias0[None, :]
            if LABELS > 0:
                label = tl.load(labels + sample * plane + place).to(tl.int32)[:, None]
                row = tl.load(first + label * HIDDEN + units[None, :], mask=label < LABELS, other=0.0)
                total += row.to(tl.float32)
            for channel in tl.static_range(DENSE):
                value = tl.load(dense + (sample * DENSE + channel) * plane + place)
                total += value[:, None] * _read(first + (LABELS + channel) * HIDDEN + units)[None, :]
            if CODE > 0:
                code = tl.load(position + pixel[:, None] * CODE_PADDED + codes[None, :])
                total = _product(code, weight0, total, PRECISION, EMULATE)
            hidden = _leaky_relu(total)
            if MIDDLE > 0:
                hidden = _leaky_relu(_product(hidden, weight1, zero + bias1[None, :], PRECISION, EMULATE))
            if MIDDLE > 1:
                hidden = _leaky_relu(_product(hidden, weight2, zero + bias2[None, :], PRECISION, EMULATE))
            if MIDDLE > 2:
                hidden = _leaky_relu(_product(hidden, weight3, zero + bias3[None, :], PRECISION, EMULATE))
            start = tl.zeros((BLOCK, OUT_PADDED), tl.float32) + bias4[None, :]
            out = _product(hidden, weight4, start, PRECISION, EMULATE)
            if TANH:
                out = 2 * tl.sigmoid(2 * out) - 1
            target = image + (sample * OUT + outputs[None, :]) * plane + place[:, None]
            tl.store(target, out, mask=kept[None, :])


def available(device: torch.device) -> bool:
    """Whether the kernel can run on `device`: Triton is installed, and the device is CUDA or the interpreter is on."""
    return triton is not None and (device.type == "cuda" or INTERPRETED)


def supports(form: Form) -> bool:
    """Whether the kernel has this shape: one to four hidden layers of one width (16, 32 or 64), up to 16 outputs."""
    hidden = form.widths[1:-1]
    equal = len(set(hidden)) == 1 and hidden[0] in (16, 32, 64) and len(hidden) <= 4
    return equal and form.widths[-1] <= 16 and form.tile >= 4 and form.tile & (form.tile - 1) == 0


def blocks_of(tile: int, precision: Precision, block: int | None = None) -> tuple[int, int]:
    """Pixels that a program computes at a time, and how many times it does so.

    At least twice, or with products too small for the warp-group instructions: in straight code Triton 3.6 makes of
    several `tl.dot` on them a program that reads wrong shared memory (triton-lang/triton issue 11366). Seen on an H200
    with tile 8: errors of 0.6, and illegal accesses.
    """
    block = max(LEAST_PRODUCT, min(block or LAUNCH[precision][0], tile**2 // 2))
    return block, max(1, min(tile**2, PIXELS_PER_PROGRAM) // block)


@lru_cache(maxsize=16)
def _padded_code(tile: int, device: torch.device) -> Tensor:
    """The position code with zero columns up to a width that `tl.dot` takes: [tile * tile, 16 or 32], float32."""
    code = position_code(tile, torch.device("cpu"), torch.float32)
    width = max(16, 1 << (code.shape[1] - 1).bit_length())
    return torch.nn.functional.pad(code, (0, width - code.shape[1])).to(device)


def pixelwise_mlp_triton(
    parameters: Tensor,
    labels: Tensor | None,
    dense: Tensor | None,
    form: Form,
    precision: Precision = "ieee",
    block: int | None = None,
    warps: int | None = None,
) -> Tensor:
    """Apply to every pixel the network of its tile; inference only.

    Args:
        parameters: [N, h, w, >= P] floating point parameter grid, P = `parameter_count(form.widths)`; a tile's entries
            are adjacent and tiles follow at one distance, so that a slice of a padded grid will do.
        labels: [N, h*tile, w*tile] uint8 ids, contiguous; an id >= form.num_labels selects no row. None without labels.
        dense: [N, C, h*tile, w*tile] float32, contiguous, or None for C = 0.
        form: Shape of the networks, one that `supports` accepts.
        precision: Arithmetic of the matrix products.
        block: Pixels computed at a time, a power of two from 16 to tile * tile / 2; by default that of `LAUNCH`.
        warps: Warps of a program; by default those of `LAUNCH`.

    Returns:
        [N, form.widths[-1], h*tile, w*tile] float32, contiguous.

    Raises:
        PixelwiseError: If the kernel cannot run here, a shape does not fit or a gradient is wanted.
    """
    channels = _check(parameters, labels, dense, form, precision)
    count, rows, columns, _ = parameters.shape
    size = (count, form.widths[-1], rows * form.tile, columns * form.tile)
    image = parameters.new_empty(size, dtype=torch.float32)
    code = _padded_code(form.tile, parameters.device) if form.position_code else parameters
    block, blocks = blocks_of(form.tile, precision, block)
    _stream[(count * rows * columns, form.tile**2 // (block * blocks))](
        parameters, parameters.stride(2),
        parameters if labels is None else labels, parameters if dense is None else dense, code, image,
        columns * form.tile, columns, rows * columns,
        TILE=form.tile, BLOCK=block, BLOCKS=blocks, LABELS=form.num_labels, DENSE=channels,
        CODE=position_channels(form.tile) if form.position_code else 0, CODE_PADDED=code.shape[1],
        HIDDEN=form.widths[1], MIDDLE=len(form.widths) - 3, OUT=form.widths[-1], OUT_PADDED=16,
        TANH=form.output == "tanh", PRECISION=precision, EMULATE=INTERPRETED,
        num_warps=warps or LAUNCH[precision][1], num_stages=2,
    )  # fmt: skip
    return image


def _check(parameters: Tensor, labels: Tensor | None, dense: Tensor | None, form: Form, precision: str) -> int:
    """Refuse what the kernel cannot do, see `pixelwise_mlp_triton`; returns the number of dense channels."""
    if not available(parameters.device):
        raise PixelwiseError(f"pixelwise kernel on {parameters.device}; it needs Triton and a CUDA device")
    if torch.is_grad_enabled() and (parameters.requires_grad or (dense is not None and dense.requires_grad)):
        raise PixelwiseError("pixelwise kernel asked for a gradient; use pixelwise_mlp, which has one")
    if not supports(form) or precision not in get_args(Precision):
        raise PixelwiseError(f"pixelwise kernel for {form}, {precision}; see pixelwise_triton.supports and Precision")
    count, rows, columns, length = parameters.shape
    step = parameters.stride(2)
    strides = (rows * columns * step, columns * step, step, 1)
    if length < parameter_count(form.widths) or parameters.stride() != strides or not parameters.is_floating_point():
        raise PixelwiseError(f"parameter grid {parameters.dtype} {tuple(parameters.shape)}; needed tile by tile")
    positions = position_channels(form.tile) if form.position_code else 0
    channels = form.widths[0] - form.num_labels - positions
    size = (rows * form.tile, columns * form.tile)
    for name, tensor, shape, dtype in (
        ("label map", labels, (count, *size), torch.uint8),
        ("dense input", dense, (count, channels, *size), torch.float32),
    ):
        wanted = form.num_labels > 0 if name == "label map" else channels > 0
        fits = tensor is not None and tensor.shape == shape and tensor.dtype == dtype and tensor.is_contiguous()
        if (tensor is not None) != wanted or (wanted and not fits):
            found = None if tensor is None else (tensor.dtype, *tensor.shape)
            raise PixelwiseError(f"{name} {found}; needed is {(dtype, *shape) if wanted else None}, contiguous")
    return channels
