"""Finding the records that speak about a claim, and those among them that may decide it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pixelwise.artifacts import MANIFEST, check_listed, digest, read_manifest, sha256
from pixelwise.claims import timed
from pixelwise.claims.bench_pairs import upright
from pixelwise.claims.checks import Measurement
from pixelwise.claims.same_run import Sought, concerns, differences, sought
from pixelwise.errors import PixelwiseError
from pixelwise.files.listings import leaving_out, number, rows
from pixelwise.planning.jobs import command
from pixelwise.record import Record, Scalar, Value, read_records

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
        draws: Quantity -> number of the bootstrap draw -> value; the same number stands for the same images of every
            subject, so that differences are paired. Empty where the step wrote none.
        run: Recorded run or benchmark that it belongs to, where several are judged together (`ledger`).
        copies: Other runs that hold the same record.
    """

    record: Record
    file: str = ""
    sha256: str = ""
    command: str = ""
    draws: Mapping[str, Mapping[int, float]] = field(default_factory=dict, repr=False)
    run: str = ""
    copies: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[str, ...]:
        """Every run that holds the record."""
        return (self.run, *self.copies)


def load_below(folder: Path) -> tuple[list[Item], list[str]]:
    """Every record of every `metrics.json` below a results folder; see `load_files`."""
    paths = sorted(path for path in folder.rglob("metrics.json") if "summary" not in path.relative_to(folder).parts)
    return load_files({path.relative_to(folder).as_posix(): path for path in paths})


def load_files(paths: Mapping[str, Path]) -> tuple[list[Item], list[str]]:
    """The records of several `metrics.json`.

    Args:
        paths: What the evidence calls a file -> the file.

    Returns:
        The records, and one line for each file that was left out, because it breaks its format or was changed since it
        was made: its records decide nothing.
    """
    items: list[Item] = []
    left_out: list[str] = []
    for name, path in paths.items():
        with leaving_out(left_out):
            items += load_file(path, name)
    return items, left_out


def load_file(path: Path, name: str) -> list[Item]:
    """The records of one `metrics.json`, which the evidence calls `name`.

    Raises:
        PixelwiseError: If it, or `resamples.csv` beside it, breaks its format or its manifest.
    """
    records = read_records(path)
    manifest = path.parent / MANIFEST
    made_by = command(read_manifest(manifest)["job"]) if manifest.is_file() else ""
    draws = _draws(path.parent / "resamples.csv")
    return [Item(upright(record), name, sha256(path), made_by, _own(draws, record)) for record in records]


def _draws(path: Path) -> dict[str, dict[str, dict[int, float]]]:
    """Protocol -> column -> number of the draw -> value; empty without the file."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    if not path.is_file():
        return found
    check_listed(path)
    for row in rows(path, ("protocol", "resample")):
        columns, draw = found.setdefault(row.pop("protocol"), {}), row.pop("resample")
        if not re.fullmatch(r"[0-9]{1,9}", draw):
            raise PixelwiseError(f"{path}: resample {draw!r}; the number of the draw is needed")
        for name, text in row.items():
            if int(draw) in columns.setdefault(name, {}):
                raise PixelwiseError(f"{path}: draw {draw} of {name} occurs twice in one protocol")
            columns[name][int(draw)] = number(text, f"{path}: {name}") if text else math.nan
    return found


def _own(draws: dict[str, dict[str, dict[int, float]]], record: Record) -> dict[str, dict[int, float]]:
    """The draws of a record; the column `value` is that of its only quantity."""
    return {
        (next(iter(record.values), name) if name == "value" else name): values
        for name, values in draws.get(record.protocol, {}).items()
    }


def unique(items: Sequence[Item]) -> list[Item]:
    """Every record once, however many folders hold it and whatever it is called there; it stays of all their runs."""
    held: dict[str, list[Item]] = {}
    for item in items:
        held.setdefault(identity(item.record), []).append(item)
    return [
        replace(first, copies=tuple(dict.fromkeys(run for item in rest for run in item.runs if run != first.run)))
        for first, *rest in held.values()
    ]


def identity(record: Record) -> str:
    """Digest of what was measured; the name is for people, unless it is all that says what was run."""
    names = {"model"} if record.subject is not None else set()
    return digest(record.model_dump(mode="json", exclude=names))


def sides(check: Measurement) -> list[Sought]:
    """What a check compares: the runs whose records it takes."""
    return sought(check, check.kind not in DATA_FREE)


def taken(check: Measurement, record: Record) -> Value | None:
    """The check's quantity in a record, less the record's own `floor` where the check names one.

    The ends are as far apart as both intervals allow.
    """
    value, floor = record.values.get(check.value), record.values.get(check.floor or "")
    if check.floor is None or value is None or floor is None or None in (value.value, floor.value):
        return value if check.floor is None else None
    assert value.value is not None and floor.value is not None
    ends = {}
    if None not in (value.low, value.high):
        assert value.low is not None and value.high is not None
        high, low = (floor.value if end is None else end for end in (floor.high, floor.low))
        ends = {"low": value.low - high, "high": value.high - low}
    return Value(value=value.value - floor.value, unit=value.unit, interval=value.interval, **ends)


def number_of(check: Measurement, record: Record) -> Value:
    """The check's quantity in a record that speaks of it."""
    value = taken(check, record)
    assert value is not None
    return value


def on_device(check: Measurement, record: Record) -> bool:
    """Whether a record was made on the class of device that the check is about, as far as it tells everywhere."""
    return check.device is None or timed.on_gpu(record)


def same(found: Scalar, wanted: Scalar) -> bool:
    """Whether two conditions agree; 25 and 25.0 do, 1 and True do not."""
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def speaks_of(check: Measurement, side: Sought, record: Record) -> bool:
    """Whether a record holds the check's quantity of this network under the check's conditions, on whatever data."""
    return (
        record.kind == check.kind
        and (check.task is None or record.task == check.task)
        and concerns(side, record)
        and (value := taken(check, record)) is not None
        and value.value is not None
        and not [name for name in _missed(check, record) if record.kind in DATA_FREE or name not in SHOWN_ANYWAY]
        and all(text.lower() in str(record.hardware.get(name, "")).lower() for name, text in check.hardware.items())
    )


def _missed(check: Measurement, record: Record) -> list[str]:
    """Names of the check's conditions that a record does not meet."""
    return [
        name
        for name, wanted in check.where.items()
        if name not in record.condition or not same(record.condition[name], wanted)
    ]


def _others(check: Measurement, record: Record) -> list[str]:
    """How a timed record's runs were treated, and what its conditions say of it, where that is not the check's."""
    if check.treatment is None:
        return []
    found = [run.treatment or "unknown" for run in (record.subject, record.rival) if run is not None]
    found += [str(record.condition["mode"])] if "mode" in record.condition else []
    found += ["tf32"] if record.condition.get("tf32") and check.where.get("precision") == "fp32" else []
    if check.treatment == "published" and record.condition.get("memory_format") not in (None, "contiguous"):
        found.append(str(record.condition["memory_format"]))
    return [treatment for treatment in dict.fromkeys(found) if treatment != check.treatment]


def _pictures(record: Record) -> Iterator[str]:
    """In what the pictures scored are not those of the validation split, or are compared with other photographs."""
    place, _, split = str(record.condition.get("reference") or "").rpartition("/")
    others = {str(name) for name in (record.condition.get("split"), split) if name} - {"val"}
    yield from (f"scored on the split {name}, not on val" for name in sorted(others))
    if place not in ("", record.dataset):
        yield f"compared with photographs of {place}, not of {record.dataset}"
    photographs = record.condition.get("reference_n", record.n)
    if photographs != record.n:
        yield f"compared with {photographs} photographs, not with {record.n}"


def is_infinite(value: Value) -> bool:
    """Whether a value or an end of its interval is infinite."""
    return math.inf in (value.value, value.low, value.high)


def reasons_excluded(check: Measurement, side: Sought, record: Record) -> list[str]:
    """Reasons why a record that speaks of the quantity may not decide the claim; empty if it may."""
    reasons = [*differences(side, record), *timed.reasons(record)]
    if timed.alone(record) and on_device(check, record):
        reasons.append(timed.ONE_PROCESS)
    if is_infinite(number_of(check, record)):
        reasons.append("infinite, as of a perfect restoration: no interval says how surely")
    reasons += _pictures(record)
    if recipe := record.condition.get("segmenter_recipe"):
        reasons.append(f"its segmenter was trained here, by recipe {recipe}")
    if check.dataset is not None and record.source != check.dataset:
        reasons.append(f"measured on {record.source}, not on {check.dataset}")
    if record.kind not in DATA_FREE and record.synthetic:
        reasons.append("data drawn by a program")
    if record.kind not in DATA_FREE and record.short:
        reasons.append("the schedule is shorter than the published one")
    if check.protocol is not None and record.protocol != check.protocol:
        reasons.append(f"protocol {record.protocol}, not {check.protocol}")
    reasons += [f"treatment {treatment}, not {check.treatment}" for treatment in _others(check, record)]
    for name in _missed(check, record):
        reasons.append(f"{name} {record.condition.get(name, 'unknown')}, not {check.where[name]}")
    return reasons


def groups(check: Measurement, items: Sequence[Item]) -> list[list[Item]]:
    """Part records into groups that differ in nothing but the seed; the claim's own device wins where there is one."""
    able = [item for item in items if on_device(check, item.record)]
    found: dict[str, list[Item]] = {}
    for item in able or items:
        found.setdefault(setting(item.record), []).append(item)
    return [found[name] for name in sorted(found)]


def distance(check: Measurement, side: Sought, record: Record) -> tuple[int, ...]:
    """How far a record is from the claim's conditions: protocol first, then data, device, conditions, what was run.

    Drawn scenes are further than photographs of another data set.
    """
    return (
        int(check.protocol is not None and record.protocol != check.protocol),
        int(check.dataset is not None and record.source != check.dataset) + int(record.synthetic),
        int(not on_device(check, record)),
        len(_missed(check, record)) + len(_others(check, record)),
        len(differences(side, record)),
        int(record.short),
    )


def setting(record: Record) -> str:
    """Data set, protocol, conditions and, of a timing, the machine of a record in words.

    A timing that does not name its machine stands alone: it may be from another than any other.
    """
    shared = sorted(set(record.condition) - OWN_CONDITIONS)
    conditions = ", ".join(f"{name} {record.condition[name]}" for name in shared)
    protocol = record.protocol + (f" [{record.protocol_hash}]" if record.protocol_hash else "")
    machine = timed.machine(record)
    if record.kind == "latency" and not machine:
        machine = f"unnamed machine of record {identity(record)}"
    return "; ".join(part for part in (record.dataset, protocol, conditions, machine) if part)
