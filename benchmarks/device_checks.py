"""Correctness of the kernels and forms on a device, in groups that share nothing: `gpu.py` runs each in a process.

    python -m benchmarks.device_checks GROUP FILE [--device cuda] [--quick] [--after N] [--seconds 60]

Appends one JSON line a check to FILE as it comes. The process ends where the device is lost; `--after` goes on behind.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, get_args

import torch
import torch.nn.functional as F

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks import precision_limits, subjects  # noqa: E402
from benchmarks.precision_limits import Distance, distance, worst  # noqa: E402
from benchmarks.subjects import Condition  # noqa: E402
from pixelwise.evaluation.device_limits import device_lost  # noqa: E402
from pixelwise.evaluation.hardware import precisions, select_device, set_tf32  # noqa: E402
from pixelwise.models import registry  # noqa: E402
from pixelwise.models.fast import fused_triton  # noqa: E402
from pixelwise.models.fast.kernel_choice import available, shared_memory  # noqa: E402
from pixelwise.models.fast.optimised import optimise  # noqa: E402
from pixelwise.models.fast.pixelwise_triton import Precision, pixelwise_mlp_triton, program  # noqa: E402
from pixelwise.models.pixelwise_stream import Form, parameter_count, pixelwise_mlp, position_channels  # noqa: E402
from pixelwise.models.tent import tent_downsample  # noqa: E402

LOST = 5
"""Exit status after a fault that leaves the device unusable for the process."""
SHAPES = {  # tile, labels, dense channels, outputs, output function, grid
    "256x512": (16, 35, 0, 3, "tanh", (1, 16, 32)),
    "256x512 batch 8": (16, 35, 0, 3, "tanh", (8, 16, 32)),
    "512x1024": (32, 35, 0, 3, "tanh", (1, 16, 32)),
    "1024x2048": (64, 35, 0, 3, "tanh", (1, 16, 32)),
    "2048x2048": (128, 35, 0, 3, "tanh", (1, 16, 16)),
    "tile 8": (8, 13, 0, 3, "tanh", (2, 5, 7)),
    "gray": (16, 0, 1, 1, "linear", (2, 5, 7)),
    "colour": (16, 0, 3, 3, "tanh", (2, 5, 7)),
}


NORM_SIZES = [(2, 48, 20, 24), (1, 64, 256, 512), (1, 1024, 16, 32), (1, 8, 2048, 2048)]


class Unfit(Exception):
    """A kernel in this precision is none of this card's, on which PyTorch's own form takes its place."""


@dataclass(frozen=True)
class Check:
    """A distance, whose limit stands under its name in the table of emulated distances."""

    name: str
    measure: Callable[[], Distance]


def stream_inputs(shape: str, device: torch.device) -> tuple[list[torch.Tensor | None], Form]:
    """Random parameters, labels and dense input of a shape."""
    tile, labels, dense, outputs, function, grid = SHAPES[shape]
    torch.manual_seed(0)
    form = Form(tile, (labels + dense + position_channels(tile), 64, 64, 64, 64, outputs), labels, True, function)
    size = (grid[1] * tile, grid[2] * tile)
    made = [
        torch.randn(*grid, parameter_count(form.widths)) * 0.12,
        torch.randint(labels, (grid[0], *size), dtype=torch.uint8) if labels else None,
        torch.randn(grid[0], dense, *size) if dense else None,
    ]
    return [None if tensor is None else tensor.to(device) for tensor in made], form


def kernel_distance(shape: str, precision: Precision, device: torch.device) -> Distance:
    """Distance of the pixelwise kernel from the PyTorch form in float64."""
    (grid, labels, dense), form = stream_inputs(shape, device)
    assert grid is not None
    if program(grid, labels, dense, form, precision) is None:
        limit = (shared_memory(device) or 0) // 1024
        raise Unfit(f"needs more than the {limit} KiB of shared memory that this card has for a block")
    exact = pixelwise_mlp(grid.double(), labels, None if dense is None else dense.double(), form)
    return distance(pixelwise_mlp_triton(grid, labels, dense, form, precision), exact)


def norm_distance(size: tuple[int, int, int, int], pad: int, dtype: torch.dtype, device: torch.device) -> Distance:
    """Distance of the fused norm, ReLU, shortcut and padding from PyTorch in float64."""
    torch.manual_seed(0)
    image = (torch.randn(size) + 1).to(device, dtype).contiguous(memory_format=torch.channels_last)
    scale, shift = torch.randn(2, size[1]).to(device)
    exact = F.instance_norm(image.double(), weight=scale.double(), bias=shift.double()).relu() + image.double()
    exact = F.pad(exact, [pad] * 4, mode="reflect") if pad else exact
    return distance(fused_triton.instance_norm(image, (scale, shift), True, image, pad), exact)


def input_distance(factor: int, pad: int, device: torch.device) -> Distance:
    """Distance of the fused one-hot, tent filter and padding from PyTorch; further channels must be zero."""
    labels, edge, planes = subjects.label_map(Condition(64, 96, 2, device))
    image = tent_downsample(planes, factor) if factor > 1 else planes
    image = F.pad(image, [pad] * 4, mode="reflect") if pad else image
    made = fused_triton.semantics(labels, edge.to(torch.uint8), subjects.LABELS, factor, pad, 40, torch.float32)
    return distance(made, F.pad(image, [0, 0, 0, 0, 0, made.shape[1] - image.shape[1]]))


def form_distance(name: str, precision: Any, condition: Condition) -> Distance:
    """Distance of an optimised generator from the module in float64, on two inputs in turn."""
    fast, found = optimise(_generator(name, condition), precision), []
    for seed, exact in enumerate(_exact(name, condition)):
        labels, edge, _ = subjects.label_map(condition, seed)
        found.append(distance(fast(labels, edge), exact))
    return worst(found)


def _generator(name: str, condition: Condition) -> torch.nn.Module:
    return subjects.build(name, condition, torch.device("cpu")).to(condition.device)


@cache
def _exact(name: str, condition: Condition) -> list[torch.Tensor]:
    """A generator's pictures of two inputs in float64, the same for every precision."""
    module = _generator(name, condition).double()
    return [module(subjects.label_map(condition, seed)[2].double()) for seed in (0, 1)]


def denoiser_distance(precision: Any, device: torch.device) -> Distance:
    """Distance of the optimised DnCNN from the module in float64."""
    torch.manual_seed(0)
    module = registry.build("dncnn").eval()
    for conv in module.convs:  # as it is drawn, nothing is left of the image after so many layers
        torch.nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    module = module.to(device)
    image = torch.rand(2, 1, 96, 80).to(device)
    return distance(optimise(module, precision)(image), module.double()(image.double()))


def kernel_checks(device: torch.device, narrow: bool) -> Iterator[tuple[str, list[Check]]]:
    """Groups of checks of the kernels, one for each shape of the stream, one for the rest."""
    for shape in ("tile 8", "gray") if narrow else SHAPES:
        arithmetic = ("ieee", "bf16") if narrow else get_args(Precision)
        yield (
            f"kernel {shape}",
            [Check(f"kernel {shape} {p}", partial(kernel_distance, shape, p, device)) for p in arithmetic],
        )
    checks = []
    for factor, pad in ((1, 0), (1, 3), (2, 0), (4, 0)):
        checks.append(Check(f"input factor {factor} pad {pad}", partial(input_distance, factor, pad, device)))
    for size in NORM_SIZES[:1] if narrow else NORM_SIZES:
        for word, dtype, pad in (("fp32", torch.float32, 1), ("bf16", torch.bfloat16, 3)):
            name = f"norm {'x'.join(map(str, size))} {word}"
            checks.append(Check(name, partial(norm_distance, size, pad, dtype, device)))
    yield "input and norm", checks


def groups(device: torch.device, narrow: bool) -> dict[str, list[Check]]:
    """Every check, in groups; what matters most comes first."""
    made: dict[str, list[Check]] = {}
    forms = precisions(device)
    sizes = ((64, 128, 1),) if narrow else ((256, 512, 1), (256, 256, 2), (512, 256, 1))  # tiles of 16, 16 and 32
    for height, width, batch in sizes:
        condition = Condition(height, width, batch, device, narrow)
        for name in ("asapnet", "spade_pix2pixhd"):
            place = f"{name} {height}x{width} batch {batch}{' narrow' if narrow else ''}"
            made[place] = [Check(f"{place} {p}", partial(form_distance, name, p, condition)) for p in forms]
    if available(device):
        made |= dict(kernel_checks(device, narrow))
    made["dncnn"] = [Check(f"dncnn {p}", partial(denoiser_distance, p, device)) for p in forms]
    return made


@torch.inference_mode()
def run(checks: list[Check], keep: Callable[[dict[str, Any]], None], deadline: float = float("inf")) -> bool:
    """Do checks in turn and keep each result; an exception fails a check, `Unfit` leaves it out, and the rest goes on.

    Args:
        checks: What to do.
        keep: Takes the result of each check as it comes.
        deadline: `time.monotonic` after which checks are left out.

    Returns:
        Whether the device is still usable.
    """
    for check in checks:
        start = time.monotonic()
        if start > deadline:
            keep({"check": check.name, "passed": None, "problem": "left out, no time"})
            continue
        found, problem, lost = None, "", False
        try:
            found = check.measure()
        except Unfit as error:
            keep({"check": check.name, "passed": None, "problem": f"left out, {error}"})
            continue
        except Exception as error:
            problem = " ".join(f"{type(error).__name__}: {error}".split())[:400]
            lost = device_lost(error)
            traceback.print_exc()
        set_tf32(False)
        limit = precision_limits.limit(check.name)
        passed = found is not None and limit is not None and found.within(limit)
        distances = None if found is None else found._asdict()
        limits = {} if limit is None else limit._asdict()
        seconds = round(time.monotonic() - start, 2)
        entry = {"check": check.name, "passed": passed, "distance": distances, "limit": limits}
        keep(entry | {"problem": problem, "seconds": seconds})
        if lost:
            return False
    return True


def main(arguments: list[str] | None = None) -> int:
    """Run one group; the exit status is `LOST` if the device cannot be used any more."""
    parser = argparse.ArgumentParser()
    parser.add_argument("group")
    parser.add_argument("file", type=Path)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--after", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    chosen = parser.parse_args(arguments)
    deadline = time.monotonic() + chosen.seconds
    device = select_device(chosen.device, torch.get_num_threads())
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = True, False
    with chosen.file.open("a", encoding="utf-8") as file:

        def keep(entry: dict[str, Any]) -> None:
            file.write(json.dumps(entry) + "\n")
            file.flush()

        checks = groups(device, chosen.quick)[chosen.group][chosen.after :]
        return 0 if run(checks, keep, deadline) else LOST


if __name__ == "__main__":
    sys.exit(main())
