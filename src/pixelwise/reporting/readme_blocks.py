"""What a generated block of a text can be: answers, tables and numbers of recorded runs, as Markdown."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from pixelwise.artifacts import stamp
from pixelwise.claims import ledger
from pixelwise.claims.checks import VERDICTS
from pixelwise.claims.findings import by_basis, read_verdicts
from pixelwise.claims.shown_numbers import counted, interval
from pixelwise.claims.told import Interval, Row
from pixelwise.claims.wording import VERBS, headline_word
from pixelwise.errors import PixelwiseError
from pixelwise.reporting import (
    analysis,
    answer_picture,
    isolated_causes,
    page_tables,
    paired_differences,
    provenance,
    speed_tables,
    tidy_tables,
)
from pixelwise.reporting.page_tables import Table
from pixelwise.reporting.tidy_tables import each

UNRECORDED = "no run recorded yet"
BENCH = {"": "", "ratios": "ratios of times", "runtimes": "beside other runtimes"}
"""What may follow `bench` -> how the titles of its tables end."""
Block = Callable[[Path, list[str]], str]


def markdown(columns: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; vertical bars in cells are escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _table(made: Table) -> str:
    """A table of the page as Markdown, without columns that are empty in every row."""
    kept = [place for place in range(len(made.columns)) if any(row[place] for row in made.rows)]
    cells = [[row[place] for place in kept] for row in made.rows]
    return markdown([made.columns[place] for place in kept], cells)


def _summary(results: Path, run: str) -> pd.DataFrame:
    """Every number of a run, or of a benchmark, `bench/<device>`."""
    if run.startswith("bench/"):
        return tidy_tables.gather({run: results / run})
    return tidy_tables.read_all(results / run / "summary")


def _judged(results: Path, run: str) -> dict[str, Any]:
    """The verdicts of a run, or of all recorded runs and benchmarks together where `ledger` is named."""
    if run != ledger.NAME:
        return read_verdicts(results / run / "claims")
    files = (path for folder in ledger.folders(results).values() for path in sorted(folder.rglob("*")))
    return _ledger(results, tuple(stamp(path) for path in files))


@functools.lru_cache(maxsize=1)
def _ledger(results: Path, _: tuple[object, ...]) -> dict[str, Any]:
    """The ledger, judged once while its files are the same."""
    return ledger.judged(results)


def verdicts(results: Path, words: list[str]) -> str:
    """Number of claims by verdict, for each thing that a verdict can rest on; these are never added up."""
    document = _judged(results, words[0])
    counts: dict[str, dict[str, int]] = by_basis(document["counts"]) | {
        "this program cannot test": document["undecidable"]
    }
    named = [verdict for verdict in VERDICTS if any(numbers.get(verdict) for numbers in counts.values())]
    rows = [[basis, *(str(numbers.get(verdict, 0) or "") for verdict in named)] for basis, numbers in counts.items()]
    return markdown(["rests on", *named], rows)


def headline(results: Path, words: list[str]) -> str:
    """The visitor's questions with their answers."""
    told = _judged(results, words[0])["answers"]
    return "\n".join(f"- **{answer['question']}** {' '.join(answer['sentences'])}" for answer in told)


def answer(results: Path, words: list[str]) -> str:
    """The first sentence of each answer, the table of the headline claims, and what was not tested."""
    document = _judged(results, words[0])
    told = {entry["topic"]: entry for entry in document["answers"]}
    missing = " ".join(told.pop("open")["sentences"])
    sentences = [f"- **{entry['question']}** {entry['sentences'][0]}" for entry in told.values()]
    columns = ["claim", "who says so", "published", "measured here [95 % interval]", "verdict"]
    rows = [Row.model_validate(entry) for entry in document["rows"]]
    cells = [[row.plain, row.who, row.published, _here(row), _verdict(row)] for row in rows]
    return "\n".join([*sentences, "", markdown(columns, cells), "", f"**Not tested.** {missing}"])


def _here(row: Row) -> str:
    """The numbers of a headline, what they were measured on, and which way is better; in brackets if none decides."""
    told = [
        ", ".join(part for part in (interval(*_ends(number), sign=row.scale == "difference"), _on(number)) if part)
        for number in row.here
    ]
    text = "; ".join([*told, *([row.direction] if told and row.direction else [])])
    return text if row.decides or not text else f"({text})"


def _ends(number: Interval) -> tuple[float, float, float, str]:
    return number.value, number.low, number.high, number.unit


def _on(number: Interval) -> str:
    """The machine of a timing, or the pictures of a score."""
    if number.machine:
        return number.machine.partition(" (")[0]
    kind = counted(number.n, "drawn picture" if number.synthetic else "picture")
    return f"{kind}, short training" if number.short else kind


def _verdict(row: Row) -> str:
    if row.verdict == "other machine":
        return headline_word(row.model_dump())
    if row.verdict != "not testable here":
        return VERBS[row.verdict]
    told = headline_word(row.model_dump())
    return f"{told}: needs {row.needs}" if row.needs else told


def picture(results: Path, words: list[str]) -> str:
    """The picture of README, drawn by `update`; the word is its path without ground and suffix."""
    return answer_picture.markup(results, words[0])


def denoising(results: Path, words: list[str]) -> str:
    """Every denoising method with quality, time and operations; a second word names one protocol."""
    return _table(analysis.comparison(_summary(results, words[0]), *words[1:2]))


def sentences(results: Path, words: list[str]) -> str:
    """The sentences that the denoising table supports."""
    measured = paired_differences.read(results / words[0] / "summary")
    return " ".join(analysis.sentences(_summary(results, words[0]), measured))


def paired(results: Path, words: list[str]) -> str:
    """PSNR of every denoiser minus that of one: `paired RUN PROTOCOL SIGMA NAME`; further words choose rows."""
    if not (results / words[0]).is_dir():
        return UNRECORDED
    return _table(isolated_causes.paired(results / words[0], words[1], float(words[2]), words[3], words[4:]))


def unseen(results: Path, words: list[str]) -> str:
    """How denoisers did on the photographs kept out of their training, at its end; or that the run is not there."""
    if not (results / words[0]).is_dir():
        return UNRECORDED
    return " ".join(isolated_causes.held_out(results / words[0]))


def translation(results: Path, words: list[str]) -> str:
    """FID and mean IoU of every model with floors and ceilings."""
    table = _summary(results, words[0])
    made = [*page_tables.distances(table), *page_tables.measured(table, "segmentation", "translation", ("", ""))]
    return "\n\n".join(_table(each) for each in made)


def timing(results: Path, words: list[str]) -> str:
    """Ratios of times, the times, and the arithmetic."""
    return "\n\n".join(_table(made) for made in speed_tables.all_tables(_summary(results, words[0])))


def bench(results: Path, words: list[str]) -> str:
    """The benchmark's tables: `bench` for all, `bench ratios` and `bench runtimes` for those of one subject.

    Raises:
        PixelwiseError: If there is no benchmark, or no tables of this name.
    """
    chosen = " ".join(words)
    if chosen not in BENCH:
        raise PixelwiseError(f"README: bench {chosen}; allowed: bench alone, or {' or '.join(filter(None, BENCH))}")
    made = speed_tables.bench(results / "bench")
    if not made:
        raise PixelwiseError(f"{results / 'bench'}: no benchmark; run 'make bench'")
    return "\n\n".join(f"{table.title}\n\n{_table(table)}" for table in made if table.title.endswith(BENCH[chosen]))


def value(results: Path, words: list[str]) -> str:
    """One number with its interval: `value RUN kind=restoration model=dncnn metric=psnr sigma=25`.

    RUN may be `bench/cpu` or `bench/cuda`.

    Raises:
        PixelwiseError: If none or several numbers answer.
    """
    table = _summary(results, words[0])
    for word in words[1:]:
        name, _, wanted = word.partition("=")
        if name not in table.columns:
            raise PixelwiseError(f"README: value: no column {name!r}; allowed: {', '.join(tidy_tables.COLUMNS)}")
        numbers = pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name])
        try:
            table = table[table[name].eq(float(wanted)) if numbers else table[name].astype(str).eq(wanted)]
        except ValueError as error:
            raise PixelwiseError(f"README: value: {word}; {name} is a number") from error
    if len(table) != 1:
        raise PixelwiseError(f"README: value {' '.join(words)}: {len(table)} numbers answer; exactly 1 is needed")
    row = next(each(table))
    return page_tables.estimate(row, page_tables.places(row))


def duration(results: Path, words: list[str]) -> str:
    """How long the jobs of a run took, one after the other, and on what, by its run log; or that none is there."""
    if not (results / words[0]).is_dir():
        return UNRECORDED
    seconds = provenance.durations(results / words[0] / "run.jsonl")
    if not seconds:
        raise PixelwiseError(f"{results / words[0] / 'run.jsonl'}: no finished job; run 'make record'")
    names = [machine["name"].split(", ")[0] for machine in page_tables.hardware(_summary(results, words[0]))]
    return (
        f"{provenance.span(sum(seconds.values()))} of work in {len(seconds)} jobs on {', '.join(dict.fromkeys(names))}"
    )


BLOCKS: dict[str, Block] = {
    **{
        "answer": answer,
        "picture": picture,
        "verdicts": verdicts,
        "headline": headline,
        "denoising": denoising,
        "sentences": sentences,
        "paired": paired,
        "unseen": unseen,
    },
    **{"translation": translation, "timing": timing, "bench": bench, "value": value},
    "duration": duration,
}
INLINE = ("value", "duration")
"""Blocks that stand within a line."""
