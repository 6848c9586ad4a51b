"""Step `time`: models timed interleaved in several processes, with ratios, memory and arithmetic beside the times."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pandas as pd

from pixelwise.artifacts import write_json, write_text
from pixelwise.evaluation import latency, subjects, timing_processes
from pixelwise.evaluation.finished_conditions import Results
from pixelwise.evaluation.latency import Facts
from pixelwise.record import Record, write_records
from pixelwise.settings.evaluation import Mode, TimeSettings


def run(settings: TimeSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Time the group under every condition.

    Args:
        settings: The models and the conditions.
        inputs: None; weights and inputs are random, since speed does not depend on their values.
        out: Receives metrics.json (latencies, ratios, arithmetic), samples.csv (every timed call), states.json (clocks,
            power, temperature and load of the machine during each condition in each process) and skipped.json (what
            this device could not do, and why; which kernels it did without).
        work: Keeps every finished condition of every process, so that a run that was stopped goes on where it was.

    Raises:
        PixelwiseError: If a model or an option is unknown, a size is not legal for a model, or a process fails.
    """
    arithmetic = list(latency.arithmetic(settings))
    parts = timing_processes.parts(settings, work)
    records, samples, skipped, states = list[Record](), list[pd.DataFrame](), list[Facts](), list[Facts]()
    for place, (facts, _) in enumerate(parts[0].found):
        found = [part.found[place][1] for part in parts]
        busy = {"busy": True} if any(state["busy"] for results in found for state in results.states) else {}
        records += _records(settings, {**facts, "processes": len(parts), **busy}, found, arithmetic)
        for process, results in enumerate(found):
            samples += [latency.rounds(facts, process, label, times) for label, times in results.times.items()]
            states += [state | {"process": process} for state in results.states]
            skipped += [entry for entry in results.skipped if entry not in skipped]
    machine, processor = parts[0].machine, parts[0].processor
    timed = [
        record.model_copy(
            update={"hardware": processor if record.model in settings.baselines else machine}
            | subjects.timed(settings, record.model, cast("Mode | None", record.condition.get("mode")))
        )
        for record in records
    ]
    arithmetic = [r.model_copy(update=subjects.timed(settings, r.model)) for r in arithmetic]
    write_records(out / "metrics.json", arithmetic + timed)
    write_json(out / "skipped.json", skipped)
    write_json(out / "states.json", states)
    table = pd.concat(samples) if samples else pd.DataFrame()
    write_text(out / "samples.csv", table.to_csv(index=False, lineterminator="\n", float_format="%.6f"))


def _records(settings: TimeSettings, facts: Facts, found: list[Results], arithmetic: list[Record]) -> Iterator[Record]:
    """Latencies and ratios under one condition, of the models that every process could time."""
    place = {name: facts[name] for name in ("height", "width")}
    gflop = {r.model: cast(float, r.values["gflop"].value) for r in arithmetic if place.items() <= r.condition.items()}
    processes = [results.times for results in found]
    short, memory = latency.short(settings, facts, processes), found[0].memory
    times = {label: [own[label] for own in processes] for label in processes[0] if all(label in p for p in processes)}
    for label, own in times.items():
        yield latency.latency(settings, facts, gflop, label, own, memory.get(label), short)
    for a, b in settings.ratios:
        if a in times and b in times:
            yield latency.ratio(settings, facts, gflop, (a, b), times, short)
