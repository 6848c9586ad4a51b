"""The pixelwise stream as one GPU launch: a program reads a tile's predicted weights once and runs its whole network.

It replaces `pixelwise_stream.pixelwise_mlp` for inference. Nothing between the layers reaches memory: labels come in as
bytes, pixels go out in NCHW. Importing this module needs neither Triton nor a GPU; with the environment variable
`TRITON_INTERPRET=1` the kernel runs on the CPU through Triton's interpreter, which is how it is tested without a GPU.

The layout of the predicted parameters: layer by layer, bias first, then the weight in row-major (in, out) order.
Source: docs/reference/models.md, "Pixelwise stream" (tamarott/ASAPNet models/networks/generator.py).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor

from pixelwise.errors import PixelwiseError
from pixelwise.models.fast import stream_kernel
from pixelwise.models.fast.kernel_choice import INTERPRETED, available, shared_memory
from pixelwise.models.pixelwise_stream import Form, parameter_count, position_channels, position_code

Precision = Literal["ieee", "tf32x3", "tf32", "bf16"]
"""Arithmetic of the matrix products, which always accumulate in float32: float32; three TF32 products (an error near
that of float32, but on the tensor cores); TF32; bfloat16."""


class Program(NamedTuple):
    """Pixels that a program computes at a time, fewer for small tiles (`blocks_of`), and its warps."""

    block: int
    warps: int


LEAST_PRODUCT = 16
"""Rows that `tl.dot` needs."""
PIXELS_PER_PROGRAM = 1024  # a larger tile is shared by programs, each of which reads the weights from the L2 cache
PROGRAMS: dict[Precision, tuple[Program, ...]] = {
    "ieee": (Program(64, 8), Program(32, 8)),
    "tf32x3": (Program(128, 8), Program(32, 4)),
    "tf32": (Program(64, 4), Program(32, 4)),
    "bf16": (Program(128, 4), Program(64, 4), Program(32, 4)),
}
"""The first is the largest for which the compiler does not spill registers (much) on sm_90; the others need less shared
memory. A card runs the first that it has the shared memory for (`benchmarks/kernels.py` prints which)."""


def blocks_of(tile: int, wanted: int) -> tuple[int, int]:
    """Pixels that a program computes at a time, at most those wanted, and how many times it does so.

    At least twice, or with products too small for the warp-group instructions: in straight code Triton 3.6 makes of
    several `tl.dot` on them a program that reads wrong shared memory (triton-lang/triton issue 11366). Seen on an H200
    with tile 8: errors of 0.6, and illegal accesses.
    """
    pixels = min(tile**2, PIXELS_PER_PROGRAM)
    block = max(LEAST_PRODUCT, min(wanted, pixels // 2))
    return block, pixels // block


def supports(form: Form) -> bool:
    """Whether the kernel has this shape: one to four hidden layers of one width (16, 32 or 64), up to 16 outputs."""
    hidden = form.widths[1:-1]
    equal = len(set(hidden)) == 1 and hidden[0] in (16, 32, 64) and len(hidden) <= 4
    return equal and form.widths[-1] <= 16 and form.tile >= 4 and form.tile & (form.tile - 1) == 0


@lru_cache(maxsize=16)
def _padded_code(tile: int, device: torch.device) -> Tensor:
    """The position code with zero columns up to a width that `tl.dot` takes: [tile * tile, 16 or 32], float32."""
    code = position_code(tile, torch.device("cpu"), torch.float32)
    return torch.nn.functional.pad(code, (0, code_width(tile) - code.shape[1])).to(device)


def code_width(tile: int) -> int:
    """Columns of the padded position code."""
    return max(16, 1 << (position_channels(tile) - 1).bit_length())


def constants(form: Form, precision: Precision, program: Program) -> dict[str, Any]:
    """What the kernel is compiled for: the shape of the networks and of a program."""
    block, blocks = blocks_of(form.tile, program.block)
    code = position_channels(form.tile) if form.position_code else 0
    return {
        "TILE": form.tile,
        "BLOCK": block,
        "BLOCKS": blocks,
        "LABELS": form.num_labels,
        "DENSE": form.widths[0] - form.num_labels - code,
        "CODE": code,
        "CODE_PADDED": code_width(form.tile) if code else 16,
        "HIDDEN": form.widths[1],
        "MIDDLE": len(form.widths) - 3,
        "OUT": form.widths[-1],
        "OUT_PADDED": 16,
        "TANH": form.output == "tanh",
        "PRECISION": precision,
        "EMULATE": INTERPRETED,
    }


class Launch:
    """One call of the kernel, made ready: its tensors, and how it is compiled for a program."""

    def __init__(
        self, parameters: Tensor, labels: Tensor | None, dense: Tensor | None, form: Form, precision: Precision
    ) -> None:
        count, rows, columns, _ = parameters.shape
        size = (count, form.widths[-1], rows * form.tile, columns * form.tile)
        self.image = parameters.new_empty(size, dtype=torch.float32)
        self.form, self.precision, self.tiles = form, precision, count * rows * columns
        code = _padded_code(form.tile, parameters.device) if form.position_code else parameters
        self.tensors = (
            parameters, parameters.stride(2),
            parameters if labels is None else labels, parameters if dense is None else dense, code, self.image,
            columns * form.tile, columns, rows * columns,
        )  # fmt: skip

    def options(self, program: Program) -> dict[str, Any]:
        """What it is compiled with."""
        return constants(self.form, self.precision, program) | {"num_warps": program.warps, "num_stages": 2}

    def __call__(self, program: Program) -> Tensor:
        """Run it."""
        options = self.options(program)
        blocks = self.form.tile**2 // (options["BLOCK"] * options["BLOCKS"])
        stream_kernel._stream[(self.tiles, blocks)](*self.tensors, **options)
        return self.image


_chosen: dict[tuple[object, ...], Program | None] = {}


def program(
    parameters: Tensor, labels: Tensor | None, dense: Tensor | None, form: Form, precision: Precision
) -> Program | None:
    """The first of `PROGRAMS` whose shared memory the card has; None if it has too little for any of them.

    Args:
        parameters: Parameter grid, see `pixelwise_mlp_triton`.
        labels: Label ids or None.
        dense: Further channels or None.
        form: Shape of the networks, one that `supports` accepts.
        precision: Arithmetic of the matrix products.
    """
    key = (parameters.device, parameters.dtype, form, precision)
    if key not in _chosen:
        limit = shared_memory(parameters.device)
        launch = Launch(parameters, labels, dense, form, precision)
        _chosen[key] = next((p for p in PROGRAMS[precision] if limit is None or needed(launch, p) <= limit), None)
    return _chosen[key]


def needed(launch: Launch, program: Program) -> int:
    """Bytes of shared memory that a call needs with a program, as the compiler for the card at hand says."""
    compiled = stream_kernel._stream.warmup(*launch.tensors, grid=(1,), **launch.options(program))
    return int(compiled.metadata.shared)


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
        block: Pixels computed at a time, a power of two, see `blocks_of`; by default that of `program`.
        warps: Warps of a program, if `block` is given.

    Returns:
        [N, form.widths[-1], h*tile, w*tile] float32, contiguous.

    Raises:
        PixelwiseError: If the kernel cannot run here, a shape does not fit or a gradient is wanted.
    """
    _check(parameters, labels, dense, form, precision)
    chosen = program(parameters, labels, dense, form, precision) if block is None else Program(block, warps or 4)
    if chosen is None:
        raise PixelwiseError(
            f"pixelwise kernel in {precision} with tiles of {form.tile}: needs more shared memory than the "
            f"{(shared_memory(parameters.device) or 0) // 1024} KiB of this card; use pixelwise_mlp"
        )
    return Launch(parameters, labels, dense, form, precision)(chosen)


def _check(parameters: Tensor, labels: Tensor | None, dense: Tensor | None, form: Form, precision: str) -> None:
    """Refuse what the kernel cannot do, see `pixelwise_mlp_triton`."""
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
