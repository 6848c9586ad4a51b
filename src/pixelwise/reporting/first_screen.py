"""The page's first screen: what ran, the answers, and the headline table with the numbers in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pixelwise.artifacts import check_listed
from pixelwise.claims.headline import OWN_TRAINING as OWN
from pixelwise.claims.shown_numbers import counted, interval
from pixelwise.claims.wording import headline_word
from pixelwise.data.pack import FACTS, read_facts
from pixelwise.files.listings import leaving_out
from pixelwise.reporting import interval_plot
from pixelwise.reporting.provenance import Made, span

SHORT = 2
"""Sentences of an answer that the first screen shows; the others are folded away."""
OWN_KINDS = frozenset({"custom"})
"""Kinds of data sets that nobody published: a run with these alone is not about the paper."""
MACHINES = 2
"""Machines that are named at the top."""


def datasets(inputs: dict[str, Path], left_out: list[str]) -> dict[str, dict[str, Any]]:
    """Data set -> what its preparation says of it; `left_out` receives what cannot be read."""
    found = {}
    for name, folder in sorted(inputs.items()):
        if name.startswith("prepare/") and (folder / FACTS).is_file():
            with leaving_out(left_out):
                check_listed(folder / FACTS)
                found[name.removeprefix("prepare/")] = read_facts(folder)
    return found


def own(known: dict[str, dict[str, Any]]) -> bool:
    """Whether a run is about the user's own pictures: it holds data sets, and none that anybody published."""
    return bool(known) and all(facts["kind"] in OWN_KINDS for facts in known.values())


def ran(known: dict[str, dict[str, Any]], machines: Sequence[dict[str, Any]], jobs: Sequence[Made]) -> str:
    """One line: the machine, the work, and the pictures."""
    seconds = [job.seconds for job in jobs if job.seconds is not None]
    work = f"{len(jobs)} jobs" + (f", {span(sum(seconds))} of work" if seconds else "")
    names = list(dict.fromkeys(str(m["facts"].get("gpu") or m["facts"].get("cpu") or m["name"]) for m in machines))
    data = [
        f"{name} ({facts['splits']['val']['n']} {'drawn' if facts['synthetic'] else 'real'} test pictures)"
        for name, facts in known.items()
        if facts["splits"].get("val", {}).get("n")
    ]
    told = [work, f"on {' and '.join(names[:MACHINES])}" if names else "", f"Data: {', '.join(data)}" if data else ""]
    return ". ".join(text for text in (" ".join(filter(None, told[:2])), told[2]) if text) + "."


def not_run(
    rows: Sequence[dict[str, Any]], claims: dict[str, dict[str, Any]], machines: Sequence[dict[str, Any]]
) -> list[str]:
    """What was not run: a GPU, and the data sets that headline claims wait for."""
    gpu = any(machine["facts"].get("gpu") for machine in machines)
    waits = [
        row["needs"]
        for row in rows
        if row["verdict"] == "not testable here"
        and claims[row["id"]]["check"].get("dataset")
        and not claims[row["id"]]["evidence"]
        and row["needs"] != OWN
    ]
    return [*([] if gpu else ["a GPU"]), *dict.fromkeys(waits)]


def headline(rows: Sequence[dict[str, Any]], claims: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the headline table, each with its numbers in words and its plot.

    Args:
        rows: Rows as `claims.json` holds them.
        claims: Id -> the claim, for its published value.
    """
    told = [{**row, "shown": _shown(row), "beside": _beside(row), "word": headline_word(row)} for row in rows]
    for row in told:
        row["kind"] = row["verdict"].replace(" ", "-")
    values = [_number(claims[row["id"]].get("value")) for row in rows]
    plots = interval_plot.drawings(told, values)
    return [{**row, "plot": plot} for row, plot in zip(told, plots, strict=True)]


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _shown(row: dict[str, Any]) -> str:
    """The numbers measured here; of several the lowest and the highest."""
    signs = row["scale"] == "difference"
    texts = [
        interval(n["value"], n["low"], n["high"], "" if row["unit"] == "times" else n["unit"], sign=signs)
        + (" times" if row["unit"] == "times" and n["low"] == n["high"] else "")
        for n in sorted(row["here"], key=lambda n: float(n["value"]))
    ]
    return texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]}" if texts else ""


def _beside(row: dict[str, Any]) -> str:
    """Where the number comes from, and why it does not decide, in a few words."""
    if not row["here"]:
        return f"needs {row['needs']}" if row["needs"] else ""
    number = row["here"][0]
    if number["machine"]:
        place = number["machine"].partition(" (")[0]
    else:
        drawn = "drawn " if number["synthetic"] else ""
        place = f"{number['dataset']}, {counted(number['n'], f'{drawn}picture')}"
    short = ", short training" if number["short"] and not number["machine"] else ""
    return f"{place}{short}"
