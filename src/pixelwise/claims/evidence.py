"""Finding the records that speak about a claim, and those among them that may decide it."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pixelwise import metrics
from pixelwise.artifacts import read_json, sha256
from pixelwise.claims.checks import Measurement
from pixelwise.errors import PixelwiseError
from pixelwise.jobs import KINDS
from pixelwise.metrics import Record, Scalar

SHOWN_ANYWAY = frozenset({"height", "width", "segmenter"})
"""Conditions of picture quality: a record that misses one of them cannot decide, but is shown beside the verdict."""

OWN_CONDITIONS = frozenset({"period"})
"""Conditions that follow from the subject, such as its tiles; two subjects may be compared although they differ."""

DATA_FREE = frozenset({"latency", "flops", "architecture", "bench"})
"""Kinds that no data set and no schedule can change: drawn data and short schedules decide them as well."""


@dataclass(frozen=True)
class Item:
    """A record with where it came from.

    Attributes:
        file: Path of its `metrics.json` relative to the results folder.
        sha256: Hash of that file.
        command: The command that wrote it, or an empty string if the folder has no manifest.
        draws: Quantity -> number of the bootstrap draw -> value, where the step wrote them: the same number stands for
            the same images of every subject, so that differences are paired.
    """

    record: Record
    file: str = ""
    sha256: str = ""
    command: str = ""
    draws: Mapping[str, Mapping[int, float]] = field(default_factory=dict, repr=False)


def load_below(folder: Path) -> list[Item]:
    """Every record of every `metrics.json` below a results folder."""
    paths = sorted(path for path in folder.rglob("metrics.json") if "summary" not in path.relative_to(folder).parts)
    return [item for path in paths for item in load_file(path, path.relative_to(folder).as_posix())]


def load_file(path: Path, name: str) -> list[Item]:
    """The records of one `metrics.json`, which the evidence calls `name`."""
    digest, command = sha256(path), ""
    manifest = path.parent / "manifest.json"
    job = read_json(manifest).get("job", {}) if manifest.is_file() else {}
    if job.get("kind") in KINDS and "id" in job and "out" in job:
        run = "/".join(Path(job["out"]).parts[:2])
        command = f"pixelwise {KINDS[job['kind']].step} {run}/jobs/{job['id']}.json"
    draws = _draws(path.parent / "resamples.csv")
    return [Item(record, name, digest, command, _own(draws, record)) for record in metrics.load(path)]


def _draws(path: Path) -> dict[str, dict[str, dict[int, float]]]:
    """Protocol -> column -> number of the draw -> value; empty without the file."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            try:
                for row in csv.DictReader(file):
                    columns, number = found.setdefault(row.pop("protocol"), {}), int(row.pop("resample"))
                    for name, text in row.items():
                        columns.setdefault(name, {})[number] = float(text or "nan")
            except (KeyError, ValueError) as error:
                raise PixelwiseError(f"{path}: {error}; columns protocol, resample and numbers are needed") from None
    return found


def _own(draws: dict[str, dict[str, dict[int, float]]], record: Record) -> dict[str, dict[int, float]]:
    """The draws of a record; the column `value` is that of its only quantity."""
    return {
        (next(iter(record.values)) if name == "value" else name): values
        for name, values in draws.get(record.protocol, {}).items()
    }


def _names(model: str | list[str]) -> list[str]:
    return [model] if isinstance(model, str) else model


def same(found: Scalar, wanted: Scalar) -> bool:
    """Whether two conditions agree; 25 and 25.0 do, 1 and True do not."""
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def speaks_of(check: Measurement, model: str | list[str], record: Record) -> bool:
    """Whether a record holds the check's quantity of this model under the check's conditions, on whatever data."""
    value = record.values.get(check.value)
    hardware = [str(entry).lower() for entry in record.hardware.values()]
    return (
        record.kind == check.kind
        and (check.task is None or record.task == check.task)
        and record.model in _names(model)
        and value is not None
        and value.value is not None
        and math.isfinite(value.value)
        and not [name for name in _missed(check, record) if record.kind in DATA_FREE or name not in SHOWN_ANYWAY]
        and all(any(text.lower() in entry for entry in hardware) for text in check.hardware.values())
    )


def _missed(check: Measurement, record: Record) -> list[str]:
    """Names of the check's conditions that a record does not meet."""
    return [
        name
        for name, wanted in check.where.items()
        if name not in record.condition or not same(record.condition[name], wanted)
    ]


def bars(check: Measurement, record: Record) -> list[str]:
    """Reasons why a record that speaks of the quantity may not decide the claim; empty if it may."""
    reasons = []
    if check.dataset is not None and record.dataset != check.dataset:
        reasons.append(f"measured on {record.dataset}, not on {check.dataset}")
    if record.kind not in DATA_FREE and record.synthetic:
        reasons.append("the data were drawn by a program")
    if record.kind not in DATA_FREE and record.short:
        reasons.append("the schedule is shorter than the published one")
    if check.protocol is not None and record.protocol != check.protocol:
        reasons.append(f"protocol {record.protocol}, not {check.protocol}")
    for name in _missed(check, record):
        reasons.append(f"{name} {record.condition.get(name, 'unknown')}, not {check.where[name]}")
    return reasons


def groups(check: Measurement, items: Sequence[Item]) -> list[list[Item]]:
    """Part records into groups that differ in nothing but the seed; preferred conditions win where there are any."""
    preferred = [item for item in items if all(same(item.record.condition.get(k), v) for k, v in check.prefer.items())]
    found: dict[str, list[Item]] = {}
    for item in preferred or items:
        found.setdefault(setting(item.record), []).append(item)
    return [found[name] for name in sorted(found)]


def setting(record: Record) -> str:
    """Data set, protocol and conditions of a record in words."""
    shared = sorted(set(record.condition) - OWN_CONDITIONS)
    conditions = ", ".join(f"{name} {record.condition[name]}" for name in shared)
    protocol = record.protocol + (f" [{record.protocol_hash}]" if record.protocol_hash else "")
    return "; ".join(part for part in (record.dataset, protocol, conditions) if part)
