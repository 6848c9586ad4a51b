"""What earlier steps wrote, read back: records, claims, tables, logs, manifests; right, or refused in one line."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import oracle
from tests.fuzz.conftest import cases
from tests.fuzz.made import RECORDED, rewrite
from tests.fuzz.mutate import changed, damaged, json_text
from tests.fuzz.sandbox import OUTPUTS, Sandbox

RUN = "results/micro"
FID, RESTORE, TRAIN = (
    f"{RUN}/fid/streets/asapnet/seed0",
    f"{RUN}/restore/photos/baselines/seed0",
    f"{RUN}/train/photos/dncnn/seed0",
)
CLAIMS = ("claims", "--metrics", f"{RUN}/fid")
FIRST = json.loads((RECORDED / "claims" / "claims.json").read_text())["claims"][0]["id"]
STEP = {name: (name, f"{RUN}/jobs/{name}.json") for name in ("summarise", "judge", "figures", "report")}
READERS: dict[str, list[tuple[str, ...]]] = {
    f"{FID}/metrics.json": [CLAIMS, CLAIMS, CLAIMS, STEP["summarise"]],
    f"{FID}/resamples.csv": [CLAIMS],
    f"{FID}/manifest.json": [CLAIMS, ("verify",), STEP["judge"]],
    f"{RUN}/claims/claims.json": [
        ("claims",),
        ("claims", "--explain", FIRST),
        ("readme", "README.md"),
        ("readme", "--check"),
    ],
    f"{RUN}/summary/metrics.csv": [("table",), ("readme", "README.md")],
    f"{RUN}/summary/timings.csv": [("table",), ("readme", "README.md")],
    f"{RUN}/summary/denoising_differences.csv": [("table",), ("readme", "README.md")],
    f"{RUN}/run.jsonl": [("readme", "README.md")],
    f"{RESTORE}/metrics.json": [STEP["summarise"]],
    f"{RESTORE}/per_image.csv": [STEP["summarise"]],
    f"{RESTORE}/manifest.json": [("verify",), STEP["summarise"]],
    f"{TRAIN}/training.json": [STEP["summarise"]],
    f"{TRAIN}/loss.csv": [STEP["summarise"]],
    "data/micro/weights/released/source.json": [("train", f"{RUN}/jobs/train/photos/released/seed0.json")],
}
"""File -> commands that read it."""
SLOW: dict[str, list[tuple[str, ...]]] = {
    "logs/run.jsonl": [("plan",)],
    f"{FID}/metrics.json": [STEP["judge"]],
    f"{FID}/resamples.csv": [STEP["judge"]],
    f"{RUN}/claims/claims.json": [STEP["report"]],
    f"{RUN}/claims/contradictions.json": [STEP["report"]],
    f"{RUN}/figures/figures.json": [STEP["report"]],
    f"{RUN}/summary/metrics.csv": [STEP["report"], STEP["figures"]],
    f"{RUN}/summary/timings.csv": [STEP["report"]],
    f"{RUN}/summary/curves.csv": [STEP["figures"]],
    f"{RESTORE}/samples.json": [STEP["report"]],
    f"{TRAIN}/training.json": [STEP["report"]],
    "data/micro/streets/prepared/dataset.json": [STEP["report"]],
    "data/micro/streets/prepared/val.json": [STEP["report"]],
    "data/micro/photos/prepared/dataset.json": [STEP["report"]],
}
"""The same, for commands that take a second."""


@pytest.fixture(scope="module")
def box(finished: Sandbox) -> Sandbox:
    return finished


@st.composite
def content(draw: st.DrawFn, text: str, suffix: str) -> bytes:
    """Another content of a JSON, JSON lines or CSV file: values changed, or bytes damaged."""
    if draw(st.sampled_from([0, 0, 0, 1])):
        return draw(damaged(text))
    if suffix == ".json":
        return json_text(draw(changed(json.loads(text)))).encode()
    lines = text.splitlines()
    if suffix == ".jsonl":
        place = draw(st.integers(0, min(len(lines) - 1, 30)))
        lines[place] = json_text(draw(changed(json.loads(lines[place]))))
        return ("\n".join(lines) + "\n").encode()
    return draw(cells(lines))


@st.composite
def cells(draw: st.DrawFn, lines: list[str]) -> bytes:
    """A CSV with a cell, a line or a column changed."""
    rows = [re.findall(r'(?:"(?:[^"]|"")*"|[^,])*(?:,|$)', line)[:-1] for line in lines]
    row = draw(st.integers(0, min(len(rows) - 1, 40)))
    column = draw(st.integers(0, max(0, len(rows[row]) - 1)))
    odd = [
        "",
        "nan",
        "inf",
        "-1",
        "1e400",
        "x",
        '"',
        "\x1b[31m",
        "0",
        "1e308",
        "True",
        "../../beside",
        "[1,2]",
        "9" * 400,
        "-0",
    ]
    how = draw(st.sampled_from(["cell", "cell", "cell", "line", "repeat", "column", "comma"]))
    if how == "cell" and rows[row]:
        rows[row][column] = draw(st.sampled_from(odd)) + ("," if rows[row][column].endswith(",") else "")
    elif how == "line":
        del rows[row]
    elif how == "repeat":
        rows.insert(row, list(rows[row]))
    elif how == "column":
        rows = [[cell for place, cell in enumerate(line) if place != column] for line in rows]
    else:
        rows[row].append(",,,")
    return ("\n".join("".join(line) for line in rows) + "\n").encode("utf-8", "replace")


def judged(box: Sandbox, data: st.DataObject, readers: dict[str, list[tuple[str, ...]]]) -> None:
    """One changed file under one of the commands that read it; with or without a manifest that agrees with it."""
    name = data.draw(st.sampled_from(sorted(readers)))
    command = data.draw(st.sampled_from(readers[name]))
    agrees = data.draw(st.sampled_from([True, True, False]))
    box.reset()
    path = box.clone / name
    text = (
        path.read_text() if path.exists() else (box.clone / f"{RUN}/run.jsonl").read_text().replace("/tiny/", "/micro/")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(new := data.draw(content(text, path.suffix)))
    if agrees and path.name != "manifest.json" and (path.parent / "manifest.json").exists():
        rewrite(path.parent, path.name)
    done = oracle.call(box, *command, allowed=[*OUTPUTS, "README.md"])
    case = (name, agrees, difference(text.encode(), new))
    if command == ("verify",) and done.status == 1:
        if "Traceback" in done.err or not all(line.isprintable() for line in done.err.splitlines()):
            oracle.fail(f"STATUS 1: {done.err[-400:]!r}\ncase: {case!r:.2000}")
        return
    oracle.check(done, path.name, "README.md", case=case)
    if done.status == 0 and path.name == "metrics.json" and command is CLAIMS and new.strip() != text.encode().strip():
        if (impossible(new) or not agrees) and "metrics.json" not in done.err + done.out:
            oracle.fail(f"UNNAMED: a record that decides nothing\ncase: {case!r:.1500}")
        believed(box, case)


def difference(old: bytes, new: bytes) -> bytes:
    """What a case changed, with a little around it."""
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    return new[max(0, start - 60) : start + 120]


def impossible(text: bytes) -> bool:
    """Whether a metrics.json holds a record that cannot be: not finite, or a value outside its own interval."""
    try:
        records = json.loads(text)["records"]
        values = [value for record in records for value in record["values"].values()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return any(isinstance(value, dict) and not ordered(value) for value in values)


def ordered(value: dict[str, Any]) -> bool:
    """Whether low <= value <= high, as far as they are there, and all are finite."""
    numbers = [value.get(name) for name in ("low", "value", "high")]
    there = [number for number in numbers if isinstance(number, int | float)]
    return all(math.isfinite(number) for number in there) and there == sorted(there)


def believed(box: Sandbox, case: object) -> None:
    """Say so if an impossible number decided a claim."""
    from pixelwise.claims.judge import judge_below

    for claim in judge_below(box.clone / RUN / "fid")["claims"]:
        for number in claim["measured"]:
            if not ordered(number):
                oracle.fail(f"BELIEVED: {claim['id']} by {number}\ncase: {case!r:.1500}")
                return


@cases(24)
@given(st.data())
def test_read_back(box: Sandbox, data: st.DataObject) -> None:
    judged(box, data, READERS)


@cases(3)
@given(st.data())
def test_read_back_by_slow_steps(box: Sandbox, data: st.DataObject) -> None:
    judged(box, data, SLOW)


UNITS = (("%", 100.0), ("ms", 1000.0), ("", 1.0))


@pytest.mark.parametrize(("unit", "factor"), UNITS)
def test_units(box: Sandbox, unit: str, factor: float) -> None:
    """A quantity in another unit than its own decides nothing, whatever its manifest says."""
    box.reset()
    path = box.clone / FID / "metrics.json"
    document = json.loads(path.read_text())
    for record in document["records"]:
        for value in record["values"].values():
            value.update({name: value[name] * factor for name in ("value", "low", "high") if value[name] is not None})
            value["unit"] = unit
    path.write_text(json.dumps(document))
    rewrite(path.parent, path.name)
    done = oracle.call(box, *CLAIMS)
    oracle.check(done, "metrics.json", case=unit)
    if done.status == 0 and "metrics.json" not in done.err + done.out:
        oracle.fail(f"BELIEVED: unit {unit!r} of fid, and not named\ncase: {unit!r}")
    assert Path(path).exists()


def test_a_record_of_nothing(box: Sandbox) -> None:
    box.reset()
    path = box.clone / FID / "metrics.json"
    document = json.loads(path.read_text())
    document["records"][0]["values"] = {}
    path.write_text(json.dumps(document))
    rewrite(path.parent, path.name)
    oracle.check(oracle.call(box, *CLAIMS), path.name)
