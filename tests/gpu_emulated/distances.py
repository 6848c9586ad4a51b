"""Distances from exact results by emulation, of which `benchmarks/precision_limits.py` allows twice as much.

    python -m tests.gpu_emulated distances [WORD ...]     only those whose name has every word, about 30 minutes for all

Products are computed from operands rounded as the precision says, with sums in float32; what lies between the layers is
stored in the precision's type. A graphics card differs in the order of its sums.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from benchmarks import device_checks, precision_limits
from benchmarks.precision_limits import Distance, distance, worst
from pixelwise.models.fast.optimised import optimise
from pixelwise.models.pixelwise_stream import pixelwise_mlp
from tests.gpu_emulated.card import state
from tests.gpu_emulated.machine_stubs import emulated
from tests.gpu_emulated.stand_ins import PRODUCTS, kernels, stream
from tests.models.test_optimised import FILES, load
from tests.models.test_pixelwise_triton import CASES, inputs

GOLDEN = Path(__file__).parents[1] / "golden"
GPU = torch.device("cuda")


def golden(file: str, precision: str) -> Distance:
    """An optimised official generator from the official implementation's picture."""
    case, module = load(GOLDEN, file)
    made = optimise(module.to(GPU), precision)(case.semantics().to(GPU))
    return distance(made.cpu(), case.tensors["output/image"])


def of_stream(case: str, precision: str) -> Distance:
    """The kernel's arithmetic from PyTorch's form in float64."""
    (parameters, ids, values), form = inputs(*CASES[case])
    exact = pixelwise_mlp(parameters.double(), ids, None if values is None else values.double(), form)
    return distance(stream(parameters, ids, values, form, precision), exact)


def cases() -> Iterator[tuple[str, Callable[[], Distance]]]:
    """Name -> measurement: the golden files, then the checks of `gpu.py`."""
    for file in FILES:
        for precision in ("fp32", "tf32", "bf16"):
            yield f"golden {file} {precision}", lambda file=file, precision=precision: golden(file, precision)
    for case in CASES:
        for precision in PRODUCTS:
            yield f"stream {case} {precision}", lambda case=case, precision=precision: of_stream(case, precision)
    for narrow in (True, False):
        for checks in device_checks.groups(GPU, narrow).values():
            yield from ((check.name, check.measure) for check in checks)


def main(words: list[str]) -> None:
    """Put each distance into the table as it comes, and print it."""
    with emulated(), kernels(), torch.no_grad():
        for name, measure in dict(cases()).items():
            if all(word in name for word in words):
                start = time.monotonic()
                found = measure()
                if "tf32" in name and not name.startswith(("kernel", "stream")):
                    # Whether cuDNN and cuBLAS round or cut off, nobody says.
                    state.truncated = True
                    found = worst([found, measure()])
                    state.truncated = False
                precision_limits.write(precision_limits.known() | {name: found})
                print(f"{name}: {found} {time.monotonic() - start:.1f} s", flush=True)
