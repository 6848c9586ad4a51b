"""Sections of the benchmark: each times subjects interleaved and returns records of `pixelwise.record`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from scipy import linalg

from benchmarks import loading, subjects
from benchmarks.subjects import Condition, Subject
from pixelwise.evaluation import statistics
from pixelwise.evaluation.card_state import disturbed, others
from pixelwise.evaluation.hardware import card_of, set_tf32
from pixelwise.evaluation.latency import ALONE
from pixelwise.evaluation.metrics.fid.frechet import frechet_distance
from pixelwise.evaluation.processor_load import Load
from pixelwise.evaluation.stopwatch import interleave, peak_memory, synchronise
from pixelwise.models import flops
from pixelwise.models.fast.optimised import Precision
from pixelwise.record import Record, Run, Value, measured
from pixelwise.settings.evaluation import LEAST_ROUNDS_ON_GPU

COPY_BYTES = 2 * 4  # read and written for each float32 of a copy


class Bench:
    """Collects records and every timed call.

    Args:
        device: Where to compute.
        quick: Whether to shrink everything to a smoke test.
        seconds: Time for the timed rounds of one condition.
        rounds: Least and greatest number of rounds.
    """

    def __init__(self, device: torch.device, quick: bool, seconds: float, rounds: tuple[int, int]) -> None:
        self.device, self.quick, self.seconds, self.rounds = device, quick, seconds, rounds
        self.records: list[Record] = []
        self.samples: list[dict[str, object]] = []
        self.problems: list[str] = []
        self.runs: dict[str, Run | None] = {}
        self.busy = False
        self.peaks = subjects.machine(device, quick)

    def condition(self, height: int, width: int, batch: int) -> Condition:
        """A condition on this device."""
        return Condition(height, width, batch, self.device, self.quick)

    def _record(
        self,
        condition: Condition,
        protocol: str,
        model: str,
        n: int,
        more: dict[str, str | int],
        values: dict[str, Value],
    ) -> None:
        sides = dict(zip(("subject", "rival"), (self.runs.get(name) for name in model.split("/")), strict=False))
        facts = {"height": condition.height, "width": condition.width, "batch": condition.batch}
        facts |= {"threads": condition.threads} if condition.threads else {}
        facts |= {"busy": True} if self.busy else {}
        self.records.append(
            Record(
                kind="bench",
                task="denoising" if "denoiser" in model or "dncnn" in model else "translation",
                model=model,
                **sides,
                dataset="blocks",
                protocol=protocol,
                condition=facts | {"device": condition.device.type} | more,
                n=n,
                synthetic=True,
                short=self.quick or (condition.device.type == "cuda" and n < LEAST_ROUNDS_ON_GPU),
                values=values,
            )
        )

    def time(self, condition: Condition, protocol: str, made: Sequence[Subject]) -> dict[tuple[str, str], list[float]]:
        """Time subjects with the machine's peaks beside them; returns milliseconds by name and precision.

        One that the device cannot do (no memory, a limit of a library) is left out and told among the problems.
        """
        memory, able = {}, []
        self.runs = {s.name: s.run for s in made}
        for s in made:
            settle(self.device)
            try:
                if s.counted:
                    memory[s.name, s.precision] = peak_memory(s.eager or s.call, self.device)
                if s.eager or not s.counted:
                    s.call()
                able.append(s)
            except Exception as error:  # Triton's own are no RuntimeError
                place = f"{protocol} {condition.height}x{condition.width} batch {condition.batch}"
                self.problems.append(f"{place}: {s.name} {s.precision}: {problem(error)}")
        everything = [*able, *self.peaks]
        calls = {f"{s.name}|{s.precision}": s.call for s in everything}
        first = interleave(calls, 0, 1, self.device)  # each has run once: a processor needs no more to be warm
        once = sum(milliseconds for (milliseconds,) in first.values()) / 1e3
        least, most = self.rounds
        rounds = int(np.clip(self.seconds / once, least, most))
        with Load() as load:
            times = interleave(calls, 5 if self.device.type == "cuda" and not self.quick else 0, rounds, self.device)
        on_gpu = self.device.type == "cuda"
        self.busy = disturbed(others(card_of(self.device).uuid) if on_gpu else [], load, on_gpu)
        set_tf32(False)
        by_key = {(s.name, s.precision): times[f"{s.name}|{s.precision}"] for s in everything}
        peak = {s.precision: s.flop / np.median(by_key[s.name, s.precision]) for s in self.peaks if s.flop}
        for s in everything:
            self._latency(condition, protocol, s, by_key[s.name, s.precision], memory.get((s.name, s.precision)), peak)
        return by_key

    def _latency(
        self,
        condition: Condition,
        protocol: str,
        s: Subject,
        milliseconds: list[float],
        memory: float | None,
        peak: dict[str, float],
    ) -> None:
        """Add the record of one subject, and its timed calls."""
        median, low, high = statistics.bootstrap_median(milliseconds)
        values = {"median": measured(median, "ms", low, high, ALONE)}
        if s.distance is not None:
            names = ("distance", "mean_distance")
            values |= {name: Value(value=found, unit="1") for name, found in zip(names, s.distance, strict=True)}
        if memory is not None:
            values["throughput"] = Value(value=1e3 * condition.batch / median, unit="images/s")
            values["peak_memory"] = Value(value=memory, unit="MiB")
        if s.flop:
            against = subjects.WORDS.get(s.precision, s.precision)
            values["speed"] = Value(value=s.flop / median / 1e9, unit="TFLOP/s")
            if self.device.type == "cpu" and memory is not None:  # kernels of our own would not be counted
                values["executed"] = Value(value=flops.executed(s.call) / 1e9, unit="GFLOP")
            values["share_of_peak"] = Value(value=s.flop / median / peak.get(against, peak["fp32"]), unit="1")
        if s.name == "copy":
            numbers = s.call().numel()
            values["bandwidth"] = Value(value=numbers * COPY_BYTES / median / 1e6, unit="GB/s")
        self._record(condition, protocol, s.name, len(milliseconds), {"precision": s.precision}, values)
        for number, value in enumerate(milliseconds):
            row = {"height": condition.height, "width": condition.width, "batch": condition.batch, "protocol": protocol}
            self.samples.append(
                row | {"model": s.name, "precision": s.precision, "round": number, "milliseconds": value}
            )

    def ratio(
        self,
        condition: Condition,
        protocol: str,
        times: dict[tuple[str, str], list[float]],
        a: tuple[str, str],
        b: tuple[str, str],
    ) -> None:
        """Add the ratio of the medians of two subjects, with its interval over whole rounds."""
        if a not in times or b not in times:
            return
        value, low, high = statistics.bootstrap_ratio_of_medians(times[a], times[b])
        values = {"ratio": measured(value, "times", low, high, ALONE)}
        precision = {"precision": a[1] if a[1] == b[1] else f"{a[1]}/{b[1]}"}
        self._record(condition, protocol, f"{a[0]}/{b[0]}", len(times[a]), precision, values)

    def flop(self, condition: Condition) -> dict[str, float]:
        """Arithmetic of one call of each generator as published."""
        shape = (condition.batch, subjects.LABELS + 1, condition.height, condition.width)
        meta = Condition(condition.height, condition.width, condition.batch, torch.device("meta"), condition.narrow)
        inputs = torch.empty(shape, device="meta")
        return {n: float(flops.count(subjects.build(n, meta), inputs)) for n in ("asapnet", "spade_pix2pixhd")}

    @torch.inference_mode()
    def generators(self, condition: Condition, precisions: list[Precision]) -> None:
        """Both tables, as published and optimised, and ASAP-Net against its direct form."""
        made = list(subjects.generators(condition, self.flop(condition), precisions))
        times = self.time(condition, "generator", made)
        pix, asap, direct = "spade_pix2pixhd", "asapnet", ("asapnet direct", "fp32")
        self.ratio(condition, "as published", times, (pix, "fp32"), direct)
        self.ratio(condition, "against the direct form", times, direct, (asap, "fp32"))
        for precision in precisions:
            ours = (f"{asap} optimised", precision)
            self.ratio(condition, "both optimised", times, (f"{pix} optimised", precision), ours)
            self.ratio(condition, "against the direct form", times, direct, ours)
            self.ratio(condition, "optimised against published", times, (pix, "fp32"), (f"{pix} optimised", precision))

    @torch.inference_mode()
    def denoisers(self, condition: Condition, precisions: list[Precision]) -> None:
        """DnCNN against ASAP-Net as gray denoisers, both as published (ASAP-Net's direct form) and both optimised."""
        times = self.time(condition, "denoiser", list(subjects.denoisers(condition, precisions)))
        ours, theirs = "asapnet denoiser", "dncnn denoiser"
        self.ratio(condition, "as published", times, (theirs, "fp32"), (f"{ours} direct", "fp32"))
        for precision in precisions:
            pair = (f"{theirs} optimised", precision), (f"{ours} optimised", precision)
            self.ratio(condition, "both optimised", times, *pair)

    @torch.inference_mode()
    def streams(self, condition: Condition) -> None:
        """The pixelwise stream against its direct form."""
        made = list(subjects.streams(condition))
        times = self.time(condition, "pixelwise stream", made)
        for s in made[1:]:
            self.ratio(condition, "against the direct form", times, ("pixelwise direct", "fp32"), (s.name, s.precision))

    def training(self, condition: Condition) -> None:
        """A generator's training step against its direct form, and how far both gradients are from float64."""
        net, made = subjects.training_steps(condition, self.flop(condition))
        distances = subjects.gradient_distances(net, condition) if condition.batch == 1 else {}
        times = self.time(condition, "training step", made)
        for precision in dict.fromkeys(s.precision for s in made):
            pair = ("training step direct", precision), ("training step", precision)
            self.ratio(condition, "against the direct form", times, *pair)
        for name, distance in distances.items():
            value = {"gradient_distance": Value(value=distance, unit="relative")}
            self._record(condition, "gradients against float64", name, 1, {"precision": "fp32"}, value)

    def loading(self, condition: Condition) -> None:
        """The loader's share of a whole training step: the time of making a batch by that of the step."""
        with tempfile.TemporaryDirectory() as folder:
            made = loading.subjects(condition, Path(folder))
            times = self.time(condition, "whole training step", made)
        batch, step = ((s.name, s.precision) for s in made)
        self.ratio(condition, "the loader's share", times, batch, step)

    def frechet(self) -> None:
        """Seconds of a Frechet distance of 500 images: by the nuclear norm, and by the root of a matrix product."""
        count, size = (50, 64) if self.quick else (500, 2048)
        x, y = np.random.default_rng(0).normal(size=(2, count, size))
        start = time.perf_counter()
        fast = frechet_distance(x, y)
        middle = time.perf_counter()
        a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
        root = np.trace(linalg.sqrtm(a @ b)).real
        slow = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(a) + np.trace(b) - 2 * root
        end = time.perf_counter()
        condition = Condition(0, 0, count, torch.device("cpu"))
        for name, seconds in (("nuclear norm", middle - start), ("root of the product", end - middle)):
            values = {
                "seconds": Value(value=seconds, unit="s"),
                "distance": Value(value=fast if "norm" in name else float(slow), unit="1"),
            }
            self._record(condition, "Frechet distance", name, 1, {"features": size}, values)

    def features(self, weights: Path) -> None:
        """Seconds of the Inception features of 500 pictures of 256x512; with the Frechet distance they make a FID."""
        from pixelwise.evaluation.features import extract, load_inception

        network = load_inception(weights, self.device)
        count = 4 if self.quick else 500
        pictures = np.random.default_rng(0).integers(0, 256, (8, 256, 512, 3), dtype=np.uint8)
        extract(lambda i: pictures[i], 4, network, "pytorch-fid", 4)
        start = time.perf_counter()
        extract(lambda i: pictures[i % 8], count, network, "pytorch-fid", 16)
        seconds = time.perf_counter() - start
        values = {
            "seconds": Value(value=seconds, unit="s"),
            "throughput": Value(value=count / seconds, unit="images/s"),
        }
        self._record(Condition(256, 512, count, self.device), "Inception features", "pytorch-fid", 1, {}, values)

    def pipeline(self, root: Path) -> None:
        """Seconds of a pipeline run that has nothing to do, and of the command line's help."""
        commands = {"pixelwise --help": [sys.executable, "-c", "from pixelwise.cli import main; main()", "--help"]}
        if shutil.which("snakemake") and (root / "Snakefile").is_file():
            commands["snakemake all"] = ["snakemake", "-n", "all"]
        for name, command in commands.items():
            start = time.perf_counter()
            done = subprocess.run(command, cwd=root, capture_output=True, check=False)
            seconds = time.perf_counter() - start
            if name.startswith("snakemake"):
                idle = b"Nothing to be done" in done.stdout + done.stderr
                name = "snakemake -n all, nothing to do" if idle else "snakemake -n all, with jobs to run"
            values = {
                "seconds": Value(value=seconds, unit="s"),
                "status": Value(value=done.returncode, unit="exit status"),
            }
            self._record(Condition(0, 0, 0, torch.device("cpu")), "pipeline", name, 1, {}, values)


def problem(error: Exception) -> str:
    """An error in one line."""
    return " ".join([f"{type(error).__name__}:", *str(error).splitlines()[:1]])


def settle(device: torch.device) -> None:
    """Strict float32 again, and cached memory given back, before the next condition."""
    set_tf32(False)
    synchronise(device)
    if device.type == "cuda":
        torch.cuda.empty_cache()
