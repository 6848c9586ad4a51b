"""Every Triton kernel compiled for each generation of cards, without a GPU: which fits, and at what price.

    python benchmarks/kernels.py [--cards 75,80,86,89,90,100,120] [--words tf32,"tile 16"] > results/bench/kernels.csv

Prints a row for each kernel and card: shared memory against the card's limit, registers, spilled bytes, and the program
(pixels at a time x warps) that the package chooses. A few minutes of a free core for all cards. The exit status is 1 if
a kernel does not compile, or one that is chosen needs more than its card has.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, get_args

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

import triton  # noqa: E402
from triton import knobs  # noqa: E402
from triton.backends.compiler import GPUTarget  # noqa: E402
from triton.compiler import ASTSource  # noqa: E402

from pixelwise.models.fast import fused_triton, stream_kernel  # noqa: E402
from pixelwise.models.fast.pixelwise_triton import PROGRAMS, Precision, constants  # noqa: E402
from pixelwise.models.pixelwise_form import Form, position_channels  # noqa: E402

SHARED_KIB = {75: 64, 80: 163, 86: 99, 89: 99, 90: 227, 100: 227, 120: 99}
"""Shared memory of one block by compute capability: CUDA C++ Programming Guide, "Technical Specifications"."""
FORMS = {  # tile, labels, dense channels, outputs
    "tile 16": (16, 35, 0, 3),
    "tile 32": (32, 35, 0, 3),
    "tile 64": (64, 35, 0, 3),
    "tile 128": (128, 35, 0, 3),
    "gray tile 4": (4, 0, 1, 1),
    "gray tile 16": (16, 0, 1, 1),
    "colour tile 8": (8, 0, 3, 3),
}
FLOATS = dict.fromkeys(("means", "squares", "mean_of", "factor_of", "factors", "scale", "shift"), "*fp32")


class Row(NamedTuple):
    """A program of a kernel on a card; what is not known is None."""

    card: str
    kernel: str
    program: str
    shared_kib: float | None
    limit_kib: int
    registers: int | None
    spilled_bytes: int | None
    outcome: str


class Built(NamedTuple):
    """A compiled kernel: bytes of shared memory, registers of a thread, bytes spilled, and its PTX."""

    shared: int
    registers: int
    spilled: int
    ptx: str


@dataclass(frozen=True)
class Case:
    """A kernel with what it is compiled for, in order of preference: the first of `programs` that fits is chosen."""

    name: str
    kernel: Any
    programs: tuple[tuple[str, dict[str, Any], int], ...]
    types: dict[str, str]


def compiled(kernel: Any, values: dict[str, Any], types: dict[str, str], warps: int, capability: int) -> Built:
    """Compile a kernel for a card.

    Args:
        kernel: A function of `triton.jit`.
        values: Its `tl.constexpr` arguments.
        types: Types of the others, "i32" where nothing is said.
        warps: Warps of a program.
        capability: Compute capability of the card, 90 for 9.0.
    """
    names = kernel.arg_names
    signature = {name: "constexpr" if name in values else types.get(name, "i32") for name in names}
    source = ASTSource(kernel, signature, constexprs={(names.index(name),): value for name, value in values.items()})
    options = {"num_warps": warps, "num_stages": 2}
    said = io.StringIO()
    with knobs.compilation.scope(), knobs.nvidia.scope(), contextlib.redirect_stdout(said):
        knobs.compilation.always_compile = knobs.nvidia.dump_ptxas_log = True  # a kept kernel's numbers are not told
        made = triton.compile(source, target=GPUTarget("cuda", capability, 32), options=options)
    log = said.getvalue()
    registers, spilled = re.search(r"Used (\d+) registers", log), re.search(r"(\d+) bytes spill stores", log)
    assert registers is not None and spilled is not None
    return Built(made.metadata.shared, int(registers[1]), int(spilled[1]), made.asm["ptx"])


def streams() -> Iterator[Case]:
    """The pixelwise stream in every precision, for the tiles of all sizes."""
    for precision, grid in (*((precision, "fp32") for precision in get_args(Precision)), ("tf32", "bf16")):
        for name, (tile, labels, dense, outputs) in FORMS.items():
            form = Form(tile, (labels + dense + position_channels(tile), 64, 64, 64, 64, outputs), labels)
            programs = tuple(
                (f"{p.block} x {p.warps}", constants(form, precision, p), p.warps) for p in PROGRAMS[precision]
            )
            types = dict.fromkeys(("position", "image"), "*fp32") | {"parameters": f"*{grid}"}
            types |= {"labels": "*u8" if labels else f"*{grid}", "dense": "*fp32" if dense else f"*{grid}"}
            yield Case(
                f"stream {precision} {name}{' bf16 grid' if grid == 'bf16' else ''}",
                stream_kernel._stream,
                programs,
                types,
            )


def fused() -> Iterator[Case]:
    """The kernels around the convolutions, in both types of storage."""
    for dtype in ("fp32", "bf16"):
        for factor, pad in ((1, 3), (2, 1), (4, 0), (8, 0)):
            values = {
                "LABELS": 35,
                "EDGE": True,
                "FACTOR": factor,
                "PAD": pad,
                "CHANNELS": 40,
                "COLUMNS": 64,
                "PADDED": 64,
            }
            types = {"labels": "*u8", "edge": "*u8", "image": f"*{dtype}"}
            yield _single(f"input {dtype} factor {factor}", fused_triton._semantics, values, types)
        types = FLOATS | dict.fromkeys(("image", "shortcut", "result"), f"*{dtype}")
        for span in (64, 16384):
            values = {"SPAN": span, "ROWS": 64, "COLUMNS": 32}
            yield _single(f"moments {dtype} of {span}", fused_triton._moments, values, types)
        for affine, shortcut, pad in ((True, False, 0), (False, True, 1), (True, False, 3)):
            values = {"AFFINE": affine, "RELU": True, "SHORTCUT": shortcut, "PAD": pad, "ROWS": 64, "COLUMNS": 32}
            yield _single(f"normalise {dtype} pad {pad}", fused_triton._normalise, values, types)
    values = {"PARTS": fused_triton.PARTS, "COLUMNS": 32}
    yield _single("combine", fused_triton._combine, values, FLOATS | {"eps": "fp32"})


def _single(name: str, kernel: Any, values: dict[str, Any], types: dict[str, str]) -> Case:
    return Case(name, kernel, (("64 x 4", values, 4),), types)


def rows(case: Case, capability: int) -> Iterator[tuple[Row, bool]]:
    """A row for each program up to the one that is chosen, and whether all is well."""
    limit, replaced = SHARED_KIB[capability], case.name.startswith("stream")
    row = partial(Row, f"sm_{capability}", case.name)
    for name, values, warps in case.programs:
        try:
            built = compiled(case.kernel, values, case.types, warps, capability)
        except Exception as error:
            said = " ".join(f"does not compile: {type(error).__name__}: {error}".split())
            yield row(name, None, limit, None, None, said[:200]), False
            return
        fits = built.shared <= limit * 1024
        facts = round(built.shared / 1024, 1), limit, built.registers, built.spilled
        yield row(name, *facts, "chosen" if fits else "too much"), fits or replaced
        if fits:
            return
    yield row("PyTorch's own form", None, limit, None, None, "chosen"), replaced


def main() -> int:
    """Print the table; the exit status is 1 if a kernel cannot run where it would."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cards", default=",".join(map(str, SHARED_KIB)), help="compute capabilities, 90 for 9.0")
    parser.add_argument("--words", default="", help="only kernels whose name has one of these, by commas")
    chosen = parser.parse_args()
    words = [word for word in chosen.words.split(",") if word]
    well, table = True, csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(Row._fields)
    for capability in map(int, chosen.cards.split(",")):
        for case in (*streams(), *fused()):
            if words and not any(word in case.name for word in words):
                continue
            for row, good in rows(case, capability):
                table.writerow(row)
                sys.stdout.flush()
                well &= good
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
