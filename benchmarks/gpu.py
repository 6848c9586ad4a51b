"""Everything that needs a GPU, in one command: correctness of the kernels and forms, the benchmark, kernel shapes.

    python benchmarks/gpu.py --out FOLDER [--minutes 8] [--jobs 4]

Every result is in FOLDER as soon as it is known. Groups of checks run in processes of their own, so that a crash or a
hang costs one group. The exit status is 1 if a check failed, 3 if only something was left out. Without a GPU
(`--device cpu`) the kernels are checked only if TRITON_INTERPRET=1 is set.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks import bench as whole  # noqa: E402
from benchmarks import device_checks, kernel_shapes, peers, show  # noqa: E402
from benchmarks.sections import Bench  # noqa: E402
from pixelwise.cards.found import VISIBLE  # noqa: E402
from pixelwise.evaluation.hardware import card_of, describe, select_device, set_tf32  # noqa: E402
from pixelwise.record import read_records  # noqa: E402

FIRST_SIZES = "256x512,512x1024,1024x2048,512x512,1024x1024,2048x2048"
"""The sizes that matter most come first: what is left at the deadline is left out."""
GROUP_SECONDS = 240
"""After which a group that has not ended is taken for hung."""


@dataclass
class Report:
    """What passed, what failed, and the numbers, written to `checks.json` as they come."""

    file: Path
    checks: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    shapes: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, entry: dict[str, Any]) -> None:
        """Take the result of a check."""
        if entry["passed"] is None:
            self.problem(f"check {entry['check']}: {entry['problem']}")
            return
        self.checks.append(entry)
        found = entry["distance"] and " ".join(f"{name} {value:.3g}" for name, value in entry["distance"].items())
        limits = " ".join(f"{value:.3g}" for value in entry["limit"].values())
        word = "ok  " if entry["passed"] else "FAIL"
        rest = f"(limits {limits}, {entry['seconds']} s) {entry['problem']}"
        print(f"{word} {entry['check']}: {found} {rest}", flush=True)
        self.save()

    def problem(self, line: str) -> None:
        """Take a line on what was left out or broke."""
        self.problems.append(line)
        print(line, flush=True)
        self.save()

    def save(self) -> None:
        """Write everything so far."""
        document = {"checks": self.checks, "problems": self.problems, "kernel_shapes": self.shapes}
        with self.lock:
            self.file.write_text(json.dumps(document, indent=1))

    @property
    def failed(self) -> int:
        """Number of failed checks."""
        return sum(not entry["passed"] for entry in self.checks)


def alone(device: torch.device) -> dict[str, str]:
    """The environment of processes that share this one's card: they see no other one, and so wait for no lease."""
    uuid = card_of(device).uuid if device.type == "cuda" and torch.cuda.device_count() > 1 else None
    return {**os.environ, **({VISIBLE: uuid} if uuid else {})}


def separately(
    report: Report,
    chosen: argparse.Namespace,
    group: str,
    count: int,
    deadline: float,
    environment: dict[str, str] | None = None,
) -> None:
    """Run a group of checks in processes: a new one goes on behind a check that crashed, hung or lost the device."""
    done = 0
    while done < count:
        left = deadline - time.monotonic()
        if left < 5:
            report.problem(f"checks {group}, {count - done} of {count}: left out, no time")
            return
        file = chosen.out / "groups" / f"{group.replace(' ', '_')}-{done}.jsonl"
        command = [sys.executable, "-m", "benchmarks.device_checks", group, str(file), "--device", chosen.device]
        command += ["--after", str(done), "--seconds", f"{left:.0f}", *(["--quick"] if chosen.quick else [])]
        try:
            # Past the deadline no check begins; the one that runs may end.
            limit = min(left + 30, GROUP_SECONDS)
            ended = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=limit, check=False
            )
            how, text = f"exit status {ended.returncode}", ended.stderr
        except subprocess.TimeoutExpired as error:
            how, text = "hung", (error.stderr or b"").decode(errors="replace")
        file.with_suffix(".log").write_text(text)
        entries = [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
        for entry in entries:
            report.keep(entry)
        done += len(entries)
        if done < count and how != f"exit status {device_checks.LOST}":
            last = " ".join(text.strip().splitlines()[-1:])[:300]
            name = list(device_checks.groups(torch.device(chosen.device), chosen.quick)[group])[done].name
            empty = {"check": name, "passed": False, "distance": None, "limit": {}, "seconds": None}
            report.keep(empty | {"problem": f"{how}: {last}"})
            done += 1


def correctness(report: Report, chosen: argparse.Namespace, device: torch.device, deadline: float) -> None:
    """All checks, several groups at a time."""
    groups = device_checks.groups(device, chosen.quick)
    if not chosen.jobs:
        for checks in groups.values():
            device_checks.run(checks, report.keep, deadline)
        return
    (chosen.out / "groups").mkdir(exist_ok=True)
    for file in (chosen.out / "groups").iterdir():
        file.unlink()
    environment = alone(device)

    def run(group: str) -> None:
        separately(report, chosen, group, len(groups[group]), deadline, environment)

    with ThreadPoolExecutor(chosen.jobs) as pool:
        list(pool.map(run, groups))


def main() -> int:
    """Run everything; the exit status is 1 if a check failed, 3 if only something was left out."""
    start = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--jobs", type=int, help="groups of checks at a time; 0: in this process, as on a CPU")
    parser.add_argument("--quick", action="store_true", help="smoke test: narrow networks, small sizes")
    parser.add_argument("--skip", default="", help="any of checks,sweep,bench")
    parser.add_argument("--seconds", type=float, default=2.5, help="for the rounds of one condition of the benchmark")
    parser.add_argument("--sections", default="stream,generator,training,denoiser,peers", help="of the benchmark")
    parser.add_argument("--networks", default=",".join(peers.NETWORKS), help="of the section peers")
    parser.add_argument("--precisions", help="of the optimised forms and the peers; by default fp32,tf32,bf16")
    parser.add_argument("--limit", type=float, help="seconds after which one comparison of the peers is ended")
    chosen = parser.parse_args()
    if chosen.jobs is None:
        chosen.jobs = 0 if chosen.device == "cpu" else max(1, min(6, (os.cpu_count() or 1) // 2))
    deadline = start + 60 * chosen.minutes - 15
    chosen.out.mkdir(parents=True, exist_ok=True)
    device = select_device(chosen.device, 1 if chosen.device == "cpu" else torch.get_num_threads())
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = True, False
    machine = describe(device, torch.get_num_threads())
    (chosen.out / "machine.json").write_text(json.dumps(machine, indent=1))
    print(json.dumps(machine), flush=True)
    report = Report(chosen.out / "checks.json")
    report.save()
    if "checks" not in chosen.skip:
        correctness(report, chosen, device, start + 30 * chosen.minutes)
        set_tf32(False)
    if "bench" not in chosen.skip:
        benchmark(chosen, report, deadline)
    if device.type == "cuda" and "sweep" not in chosen.skip:
        with torch.inference_mode():
            kernel_shapes.sweep(device, deadline, report.shapes)
        report.save()
    (chosen.out / "problems.txt").write_text("\n".join(report.problems))
    passed, seconds = len(report.checks) - report.failed, time.monotonic() - start
    print(f"{passed} checks passed, {report.failed} failed; {len(report.problems)} left out; {seconds:.0f} s")
    return 1 if report.failed else 3 if report.problems else 0


def benchmark(chosen: argparse.Namespace, report: Report, deadline: float) -> None:
    """The whole benchmark in the time that is left, the sizes that matter most first."""
    arguments = ["--device", chosen.device, "--out", str(chosen.out), "--seconds", str(chosen.seconds)]
    arguments += ["--sections", chosen.sections, "--networks", chosen.networks]
    arguments += ["--precisions", chosen.precisions] if chosen.precisions else []
    arguments += ["--limit", str(chosen.limit)] if chosen.limit else []
    arguments += ["--quick"] if chosen.quick else ["--sizes", FIRST_SIZES]
    options = whole.options(arguments)

    def keep(bench: Bench) -> None:
        whole.write(bench, options.out, options.threads)

    try:
        bench, _ = whole.run(options, deadline, keep, tell=report.problem)
        keep(bench)
        show.tables(read_records(options.out / chosen.device / "metrics.json"))
    except Exception as error:
        traceback.print_exc()
        report.problem(f"benchmark: {type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.exit(main())
