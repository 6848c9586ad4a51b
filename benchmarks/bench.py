"""Times everything that is claimed to be fast, paired and interleaved, in one process after the other: `make bench`.

    python benchmarks/bench.py [--sizes 256x512,512x1024] [--batches 1,8] [--device cuda] [--quick]

Writes results/bench/<device>/{metrics.json,samples.csv,bench.png,bench.svg,manifest.json} and prints tables.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks import jobs, peers, show  # noqa: E402
from benchmarks.processes import Measured, key, together  # noqa: E402
from benchmarks.saved import Saved  # noqa: E402
from benchmarks.sections import Bench, problem  # noqa: E402
from pixelwise import artifacts  # noqa: E402
from pixelwise.artifacts import digest  # noqa: E402
from pixelwise.claims.timed import LEAST_ROUNDS  # noqa: E402
from pixelwise.evaluation import fresh_process  # noqa: E402
from pixelwise.evaluation.hardware import describe, select_device  # noqa: E402
from pixelwise.files.listings import rows  # noqa: E402
from pixelwise.planning import environment  # noqa: E402
from pixelwise.record import Record, read_records, write_records  # noqa: E402
from pixelwise.reporting.provenance import commit  # noqa: E402

USED = ("pixelwise.evaluation.stopwatch", "pixelwise.models.fast.optimised", "pixelwise.models.registry")
"""Modules whose packages the manifest names."""
ONCE = frozenset({"pipeline", "Frechet distance", "Inception features"})
ONE_PROCESS = frozenset({"pipeline", "frechet", "features"})
"""Protocols of what is computed once, and the sections that do it."""
SAMPLES = ("height", "width", "batch", "protocol", "model", "precision", "round", "milliseconds")
SOURCES = (ROOT / "benchmarks", ROOT / "src" / "pixelwise")
SECTIONS = "stream,generator,training,loading,denoiser,peers,features,frechet,pipeline"


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--sizes", help="HEIGHTxWIDTH,...; by default 256x512 on a CPU, up to 2048x2048 on a GPU")
    parser.add_argument("--batches", help="by default 1 on a CPU, 1,8 on a GPU")
    parser.add_argument("--training-batches", help="of the training step, by default 1,4 on a CPU, 1,8 on a GPU")
    parser.add_argument("--rounds", type=int, help="timed rounds; by default as many as fit --seconds")
    parser.add_argument("--seconds", type=float, default=60.0, help="time for the rounds of one condition, in all")
    parser.add_argument("--processes", type=int, default=3, help="over which the intervals are; share rounds and time")
    parser.add_argument("--sections", default=SECTIONS)
    parser.add_argument("--networks", default=",".join(peers.NETWORKS), help="of the section peers")
    parser.add_argument("--limit", type=float, help="seconds after which one comparison of the peers is ended")
    parser.add_argument("--precisions", help="of the optimised forms; by default fp32, on a GPU fp32,tf32,bf16")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "bench")
    parser.add_argument("--quick", action="store_true", help="smoke test: narrow networks, small sizes")
    return parser.parse_args(arguments)


def tell_on_terminal(line: str) -> None:
    """Print a line where progress is told."""
    print(line, file=sys.stderr)


def run(
    chosen: argparse.Namespace,
    deadline: float = float("inf"),
    keep: Callable[[Bench], object] | None = None,
    share: int = 1,
    saved: Saved | None = None,
    tell: Callable[[str], object] = tell_on_terminal,
) -> tuple[Bench, list[str]]:
    """Run the sections chosen, until the deadline; returns the bench and what failed or was left out, with reasons.

    Of several processes each takes its `share` of the rounds.

    `keep` is called after every section, so that a run that is cut off keeps what it has measured. What `saved` holds
    is not measured again. What fails or is left out is told at once, by `tell`.
    """
    device = select_device(chosen.device, chosen.threads)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = True, False
    least = 5 if device.type == "cuda" else LEAST_ROUNDS
    rounds = (chosen.rounds, chosen.rounds) if chosen.rounds else (3, 5) if chosen.quick else (least, 200)
    rounds = (-(-rounds[0] // share), -(-rounds[1] // share))
    bench = Bench(device, chosen.quick, chosen.seconds, rounds)
    for name, measure in jobs.chosen(chosen, device, deadline):
        start, told = time.monotonic(), len(bench.problems)
        late = start > deadline
        try:
            if late:
                bench.problems.append(f"{name}: left out, no time")
            else:
                (saved or Saved(None)).section(name, bench, measure)
        except Exception as error:
            bench.problems.append(f"{name}: {problem(error)}")
        for line in bench.problems[told:]:
            tell(line)
        if late:
            continue
        print(f"{name}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
        if keep is not None:
            keep(bench)
    return bench, bench.problems


def _place(sample: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(str(sample[name]) for name in SAMPLES[:6])


def measure(arguments: list[str], place: int) -> Measured:
    """What one process of a benchmark measures: its share of the rounds; the first also what is computed once."""
    chosen = options(arguments)
    share = chosen.processes
    chosen.seconds /= share
    if place:
        chosen.sections = ",".join(section for section in chosen.sections.split(",") if section not in ONE_PROCESS)
    saved = Saved(saved_folder(chosen, arguments) / str(place))
    bench, problems = run(chosen, share=share, saved=saved)
    return Measured(bench.device, bench.quick, bench.records, bench.samples, problems)


def saved_folder(chosen: argparse.Namespace, arguments: list[str]) -> Path:
    """Where sections wait for the end of the benchmark: for the same arguments, sources, packages and machine."""
    made_by = [hashlib.sha256(path.read_bytes()).hexdigest() for part in SOURCES for path in sorted(part.rglob("*.py"))]
    machine = describe(select_device(chosen.device, chosen.threads, lease=False), chosen.threads)
    return ROOT / "work" / "bench" / digest([arguments, made_by, environment.versions(USED), machine])


def write(bench: Bench | Measured, out: Path, threads: int) -> list[Record]:
    """Write records, samples and figure to `out`/<device>; returns the records with the hardware in them.

    What was not measured this time keeps the records of an earlier run on the same hardware.
    """
    machine = describe(bench.device, threads)
    records = [record.model_copy(update={"hardware": machine}) for record in bench.records]
    folder = out / bench.device.type
    folder.mkdir(parents=True, exist_ok=True)
    samples = bench.samples
    if (folder / "metrics.json").is_file():
        new, timed = set(map(key, records)), {_place(sample) for sample in samples}
        replaced = ONCE & {record.protocol for record in records}
        earlier = [
            record
            for record in read_records(folder / "metrics.json")
            if record.hardware == machine and record.short == bench.quick and record.protocol not in replaced
        ]
        records = [record for record in earlier if key(record) not in new] + records
        kept = [row for row in rows(folder / "samples.csv", SAMPLES) if earlier and _place(row) not in timed]
        samples = kept + samples
    (folder / artifacts.MANIFEST).unlink(missing_ok=True)  # so that a run that is cut off leaves no wrong one
    write_records(folder / "metrics.json", records)
    with (folder / "samples.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*SAMPLES, "process"], restval=0, lineterminator="\n")
        writer.writeheader()
        writer.writerows(samples)
    show.plot(records, folder)
    artifacts.write_manifest(folder, {"id": f"bench/{bench.device.type}", **made_of(machine)}, {})
    return records


def made_of(machine: Mapping[str, object]) -> dict[str, object]:
    """What the manifest says: the commit, the versions of the packages used, the machine, the command."""
    return {
        "commit": commit(),
        "packages": environment.versions(USED),
        "hardware": dict(machine),
        "command": " ".join(["python benchmarks/bench.py", *sys.argv[1:]]),
    }


def main() -> int:
    """Run, write, print; the exit status is 1 if a section failed."""
    chosen, parts = options(), list[Measured]()
    for place in range(chosen.processes):
        name = f"process {place + 1} of the benchmark"
        parts.append(fresh_process.call(name, measure, sys.argv[1:], place))
        records = write(together(parts), chosen.out, chosen.threads)
    show.tables(records)
    shutil.rmtree(saved_folder(chosen, sys.argv[1:]), ignore_errors=True)
    problems = together(parts).problems
    for line in problems:
        print(line, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
