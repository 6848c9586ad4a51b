"""Everything that needs a GPU, in one command: correctness of the kernels and forms, their best shapes, the benchmark.

    python benchmarks/gpu.py --out FOLDER [--minutes 8]

A failure is reported and the rest goes on; the exit status is 1 if a check failed. Without a GPU (`--device cpu`) the
kernels are checked only if TRITON_INTERPRET=1 is set.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, get_args

import torch
import torch.nn.functional as F

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks import bench as whole  # noqa: E402
from benchmarks import show, subjects  # noqa: E402
from benchmarks.subjects import Condition  # noqa: E402
from pixelwise.evaluation.hardware import describe, select_device, set_tf32  # noqa: E402
from pixelwise.models import registry  # noqa: E402
from pixelwise.models.fast import fused_triton  # noqa: E402
from pixelwise.models.fast.optimised import optimise  # noqa: E402
from pixelwise.models.fast.pixelwise_triton import LAUNCH, Precision, available, pixelwise_mlp_triton  # noqa: E402
from pixelwise.models.pixelwise_stream import Form, parameter_count, pixelwise_mlp, position_channels  # noqa: E402
from pixelwise.models.tent import tent_downsample  # noqa: E402

KERNEL_LIMIT: dict[str, float] = {"ieee": 2e-6, "tf32x3": 2e-5, "tf32": 1e-2, "bf16": 5e-2}
"""Greatest distance of an image in [-1, 1] from float64 that passes."""
FIRST_SIZES = "256x512,512x1024,1024x2048,512x512,1024x1024,2048x2048"
"""The sizes that matter most come first: what is left at the deadline is left out."""
FORM_LIMIT = {"fp32": 5e-4, "tf32": 5e-2, "bf16": 3e-1}
"""The same for a whole generator; float32's is that of the golden files."""
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


@dataclass
class Report:
    """What passed, what failed, and the numbers; after the deadline checks are left out, which is a problem to tell."""

    deadline: float = float("inf")
    checks: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def check(self, name: str, measure: Callable[[], float], limit: float) -> None:
        """Record a distance that must not exceed a limit; an exception fails the check."""
        start = time.monotonic()
        if start > self.deadline:
            self.problems.append(f"check {name}: left out, no time")
            return
        try:
            value: float | None = measure()
            passed, problem = value is not None and value <= limit, ""
        except Exception as error:
            value, passed, problem = None, False, f"{type(error).__name__}: {str(error)[:400]}"
            traceback.print_exc()
        seconds = round(time.monotonic() - start, 2)
        entry = {"check": name, "passed": passed, "distance": value, "limit": limit, "problem": problem}
        self.checks.append(entry | {"seconds": seconds})
        print(f"{'ok  ' if passed else 'FAIL'} {name}: {value} (limit {limit:g}, {seconds} s) {problem}", flush=True)

    @property
    def failed(self) -> int:
        """Number of failed checks."""
        return sum(not entry["passed"] for entry in self.checks)


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


def kernel_distance(shape: str, precision: Precision, device: torch.device) -> float:
    """Greatest distance of the pixelwise kernel from the PyTorch form in float64."""
    (grid, labels, dense), form = stream_inputs(shape, device)
    assert grid is not None
    exact = pixelwise_mlp(grid.double(), labels, None if dense is None else dense.double(), form)
    return (pixelwise_mlp_triton(grid, labels, dense, form, precision) - exact).abs().max().item()


def norm_distance(size: tuple[int, int, int, int], pad: int, dtype: torch.dtype, device: torch.device) -> float:
    """Greatest distance of the fused norm, ReLU, shortcut and padding from PyTorch in float64."""
    torch.manual_seed(0)
    image = (torch.randn(size) + 1).to(device, dtype).contiguous(memory_format=torch.channels_last)
    scale, shift = torch.randn(2, size[1], device=device)
    exact = F.instance_norm(image.double(), weight=scale.double(), bias=shift.double()).relu() + image.double()
    exact = F.pad(exact, [pad] * 4, mode="reflect") if pad else exact
    result = fused_triton.instance_norm(image, (scale, shift), True, image, pad)
    return (result - exact).abs().max().item()


def input_distance(factor: int, pad: int, device: torch.device) -> float:
    """Greatest distance of the fused one-hot, tent filter and padding from PyTorch."""
    labels, edge, planes = subjects.label_map(Condition(64, 96, 2, device))
    image = tent_downsample(planes, factor) if factor > 1 else planes
    image = F.pad(image, [pad] * 4, mode="reflect") if pad else image
    made = fused_triton.semantics(labels, edge.to(torch.uint8), subjects.LABELS, factor, pad, 40, torch.float32)
    return (made[:, :36] - image).abs().max().item() + made[:, 36:].abs().max().item()


def form_distance(name: str, precision: Any, condition: Condition) -> float:
    """Greatest distance of an optimised generator from the module in float64, on two inputs in turn."""
    module = subjects.build(name, condition)
    fast, worst = optimise(module, precision), 0.0
    module = module.double()
    for seed in (0, 1):
        labels, edge, planes = subjects.label_map(condition, seed)
        worst = max(worst, (fast(labels, edge) - module(planes.double())).abs().max().item())
    return worst


def denoiser_distance(precision: Any, device: torch.device) -> float:
    """Greatest distance of the optimised DnCNN from the module in float64."""
    torch.manual_seed(0)
    module = registry.build("dncnn").to(device).eval()
    image = torch.rand(2, 1, 96, 80, device=device)
    return (optimise(module, precision)(image) - module.double()(image.double())).abs().max().item()


def correctness(report: Report, device: torch.device, narrow: bool) -> None:
    """All checks."""
    if available(device):
        for shape in ("tile 8", "gray") if narrow else SHAPES:
            for precision in ("ieee", "bf16") if narrow else get_args(Precision):
                limit = KERNEL_LIMIT[precision] * (4 if SHAPES[shape][4] == "linear" else 1)
                report.check(f"kernel {shape} {precision}", partial(kernel_distance, shape, precision, device), limit)
        for factor, pad in ((1, 0), (1, 3), (2, 0), (4, 0)):
            report.check(f"input factor {factor} pad {pad}", partial(input_distance, factor, pad, device), 1e-6)
        sizes = [(2, 48, 20, 24)]
        if not narrow:
            sizes += [(1, 64, 256, 512), (1, 1024, 16, 32), (1, 8, 2048, 2048)]
        for size in sizes:
            report.check(f"norm {size}", partial(norm_distance, size, 1, torch.float32, device), 5e-5)
            report.check(f"norm {size} bf16", partial(norm_distance, size, 3, torch.bfloat16, device), 1e-1)
    precisions = ["fp32", "tf32", "bf16"] if device.type == "cuda" else ["fp32"]
    for height, width, batch in ((64, 128, 1),) if narrow else ((256, 512, 1), (512, 1024, 2)):
        condition = Condition(height, width, batch, device, narrow)
        for name in ("asapnet", "spade_pix2pixhd"):
            for precision in precisions:
                measure = partial(form_distance, name, precision, condition)
                report.check(f"{name} {height}x{width} batch {batch} {precision}", measure, FORM_LIMIT[precision])
    for precision in precisions:
        report.check(f"dncnn {precision}", partial(denoiser_distance, precision, device), FORM_LIMIT[precision] / 5)


def sweep(device: torch.device, deadline: float) -> list[dict[str, Any]]:
    """Time of the pixelwise kernel in microseconds for several shapes of its programs."""
    rows = []
    for shape in ("256x512", "512x1024"):
        (grid, labels, dense), form = stream_inputs(shape, device)
        assert grid is not None
        grid = subjects.aligned(grid)
        for precision in get_args(Precision):
            for block, warps in ((64, 4), (64, 8), (128, 4), (128, 8), (256, 8)):
                if time.monotonic() > deadline:
                    return rows
                arguments = (grid, labels, dense, form, precision, block, warps)
                try:
                    microseconds: float | str = _microseconds(partial(pixelwise_mlp_triton, *arguments))
                except Exception as error:
                    microseconds = f"{type(error).__name__}: {str(error)[:100]}"
                row = {"shape": shape, "precision": precision, "block": block, "warps": warps}
                rows.append(row | {"microseconds": microseconds, "default": LAUNCH[precision] == (block, warps)})
                print(rows[-1], flush=True)
    return rows


def _microseconds(call: Callable[[], torch.Tensor], repeats: int = 20) -> float:
    """Mean time of a kernel, launched back to back by a graph: the launch from Python can take longer."""
    call()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(repeats):
            call()
    graph.replay()
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    graph.replay()
    end.record()
    torch.cuda.synchronize()
    return round(start.elapsed_time(end) * 1e3 / repeats, 1)


def main() -> int:
    """Run everything; the exit status is 1 if a check failed, 3 if only something was left out."""
    start = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--quick", action="store_true", help="smoke test: narrow networks, small sizes")
    parser.add_argument("--skip", default="", help="any of checks,sweep,bench")
    chosen = parser.parse_args()
    deadline = start + 60 * chosen.minutes - 15
    chosen.out.mkdir(parents=True, exist_ok=True)
    device = select_device(chosen.device, 1 if chosen.device == "cpu" else torch.get_num_threads())
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = True, False
    print(json.dumps(describe(device, torch.get_num_threads())), flush=True)
    report, rows = Report(start + 30 * chosen.minutes), []
    with torch.inference_mode():
        if "checks" not in chosen.skip:
            correctness(report, device, chosen.quick)
            set_tf32(False)
    _save(chosen.out, report, rows)
    problems = report.problems
    if "bench" not in chosen.skip:
        problems += benchmark(chosen, deadline)
    print("\n".join(problems), flush=True)
    (chosen.out / "problems.txt").write_text("\n".join(problems))
    if device.type == "cuda" and "sweep" not in chosen.skip:
        with torch.inference_mode():
            rows = sweep(device, deadline)
        _save(chosen.out, report, rows)
    passed, seconds = len(report.checks) - report.failed, time.monotonic() - start
    print(f"{passed} checks passed, {report.failed} failed; {len(problems)} left out; {seconds:.0f} s")
    return 1 if report.failed else 3 if problems else 0


def benchmark(chosen: argparse.Namespace, deadline: float) -> list[str]:
    """The whole benchmark in the time that is left, the sizes that matter most first."""
    arguments = ["--device", chosen.device, "--out", str(chosen.out), "--seconds", "2.5"]
    arguments += ["--sections", "stream,generator,training,denoiser"]
    arguments += ["--quick"] if chosen.quick else ["--sizes", FIRST_SIZES]
    options = whole.options(arguments)
    try:
        bench, problems = whole.run(options, deadline, lambda made: whole.write(made, options.out, options.threads))
        show.tables(whole.write(bench, options.out, options.threads))
    except Exception as error:
        traceback.print_exc()
        problems = [f"benchmark: {type(error).__name__}: {error}"]
    return problems


def _save(out: Path, report: Report, rows: list[dict[str, Any]]) -> None:
    document = {"checks": report.checks, "kernel_shapes": rows}
    (out / "checks.json").write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    sys.exit(main())
