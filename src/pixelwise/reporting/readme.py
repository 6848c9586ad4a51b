"""Numbers in prose: marked blocks of a Markdown file are filled from committed results and checked for being stale.

A block is `<!-- generated:NAME ARGUMENTS -->...<!-- end -->`. NAME is one of `BLOCKS`; ARGUMENTS name the run (of
verdicts and headlines `ledger`, too: all recorded runs together) and, for `value`, what to look up; a word with a space
stands in quotation marks.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from pixelwise.claims import ledger
from pixelwise.claims.checks import VERDICTS
from pixelwise.claims.findings import by_basis, read_verdicts
from pixelwise.errors import PixelwiseError
from pixelwise.files import outputs
from pixelwise.reporting import analysis, page_tables, paired_differences, provenance, speed_tables, tidy_tables
from pixelwise.reporting.page_tables import Table
from pixelwise.reporting.tidy_tables import each

BLOCK = re.compile(r"(<!-- generated:(?P<name>[a-z-]+)(?P<words>[^>]*?) -->)(?P<body>.*?)(<!-- end -->)", re.DOTALL)
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
    return ledger.judged(results) if run == ledger.NAME else read_verdicts(results / run / "claims")


def verdicts(results: Path, words: list[str]) -> str:
    """Number of claims by verdict, for each thing that a verdict can rest on; these are never added up."""
    document = _judged(results, words[0])
    counts: dict[str, dict[str, int]] = by_basis(document["counts"]) | {
        "no profile can decide": document["undecidable"]
    }
    named = [verdict for verdict in VERDICTS if any(numbers.get(verdict) for numbers in counts.values())]
    rows = [[basis, *(str(numbers.get(verdict, 0) or "") for verdict in named)] for basis, numbers in counts.items()]
    return markdown(["rests on", *named], rows)


def headline(results: Path, words: list[str]) -> str:
    """The visitor's questions with their answers."""
    told = _judged(results, words[0])["answers"]
    return "\n".join(f"- **{answer['question']}** {' '.join(answer['sentences'])}" for answer in told)


def denoising(results: Path, words: list[str]) -> str:
    """Every denoising method with quality, time and operations; a second word names one protocol."""
    return _table(analysis.comparison(_summary(results, words[0]), *words[1:2]))


def sentences(results: Path, words: list[str]) -> str:
    """The sentences that the denoising table supports."""
    measured = paired_differences.read(results / words[0] / "summary")
    return " ".join(analysis.sentences(_summary(results, words[0]), measured))


def translation(results: Path, words: list[str]) -> str:
    """FID and mean IoU of every model with floors and ceilings."""
    table = _summary(results, words[0])
    made = [*page_tables.distances(table), *page_tables.measured(table, "segmentation", "translation", ("", ""))]
    return "\n\n".join(_table(each) for each in made)


def timing(results: Path, words: list[str]) -> str:
    """Ratios of times, the times, and the arithmetic."""
    return "\n\n".join(_table(made) for made in speed_tables.all_tables(_summary(results, words[0])))


def bench(results: Path, words: list[str]) -> str:
    """The benchmark's tables: `bench` for all, `bench ratios` for the ratios alone.

    Raises:
        PixelwiseError: If there is no benchmark.
    """
    made = [table for table in speed_tables.bench(results / "bench") if table.rows]
    if not made:
        raise PixelwiseError(f"{results / 'bench'}: no benchmark; run 'make bench'")
    chosen = [table for table in made if words != ["ratios"] or table.title.endswith("ratios of times")]
    return "\n\n".join(f"{table.title}\n\n{_table(table)}" for table in chosen)


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
    """How long the jobs of a run took, one after the other, and on what; from the run log recorded with it."""
    seconds = provenance.durations(results / words[0] / "run.jsonl")
    if not seconds:
        raise PixelwiseError(f"{results / words[0] / 'run.jsonl'}: no finished job; run 'make record'")
    names = [machine["name"].split(", ")[0] for machine in page_tables.hardware(_summary(results, words[0]))]
    return (
        f"{provenance.span(sum(seconds.values()))} of work in {len(seconds)} jobs on {', '.join(dict.fromkeys(names))}"
    )


BLOCKS: dict[str, Block] = {
    **{"verdicts": verdicts, "headline": headline, "denoising": denoising, "sentences": sentences},
    **{"translation": translation, "timing": timing, "bench": bench, "value": value},
    "duration": duration,
}
INLINE = ("value", "duration")
"""Blocks that stand within a line."""


def _words(text: str) -> list[str]:
    """A block's arguments; quotes keep a space inside one."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise PixelwiseError(f"README: block with arguments {text.strip()!r}: {str(error).lower()}") from error


def filled(text: str, results: Path) -> str:
    """The text with every block filled anew.

    Args:
        text: Markdown with blocks.
        results: Folder that holds one folder for each run.

    Raises:
        PixelwiseError: If a block's name is unknown or its results are missing.
    """

    def fill(found: re.Match[str]) -> str:
        name, words = found["name"], _words(found["words"])
        if name not in BLOCKS:
            raise PixelwiseError(f"README: block {name!r}; allowed: {', '.join(BLOCKS)}")
        if not words and name != "bench":
            raise PixelwiseError(f"README: block {name!r}: names no run; write 'generated:{name} RUN'")
        body = BLOCKS[name](results, words)
        return f"{found[1]}{body}{found[5]}" if name in INLINE else f"{found[1]}\n\n{body}\n\n{found[5]}"

    return BLOCK.sub(fill, text)


def update(readme: Path, results: Path) -> bool:
    """Fill the blocks of a file; returns whether that changed it.

    Raises:
        PixelwiseError: As `filled`, or if the file is no text or not one that may be written.
    """
    outputs.check(readme, [], force=True)
    text = _text(readme)
    new = filled(text, results)
    if new != text:
        with outputs.written(readme, [], force=True) as temporary:
            temporary.write_bytes(new.encode("utf-8"))
    return new != text


def _text(readme: Path) -> str:
    """Contents of a file, with its own line ends."""
    if not readme.is_file():
        raise PixelwiseError(f"{readme}: no such file")
    try:
        return readme.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise PixelwiseError(f"{readme}: byte {error.start} is not UTF-8; a text in UTF-8 is needed") from None


def stale(readme: Path, results: Path) -> list[str]:
    """Blocks whose text differs from what the results say, as `NAME ARGUMENTS`; empty if the file is current."""
    text = _text(readme)
    pairs = zip(BLOCK.finditer(text), BLOCK.finditer(filled(text, results)), strict=True)
    return [f"{old['name']}{old['words']}" for old, new in pairs if old["body"] != new["body"]]
