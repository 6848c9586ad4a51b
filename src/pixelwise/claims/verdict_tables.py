"""`pixelwise claims`: the verdicts of a finished run as tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from pixelwise.artifacts import as_json
from pixelwise.claims import check_words, headline_tables, ledger, ledger_tables, shown_numbers
from pixelwise.claims.beyond_profiles import needs
from pixelwise.claims.checks import VERDICTS
from pixelwise.claims.findings import by_basis, read_verdicts
from pixelwise.claims.shown_numbers import counted
from pixelwise.errors import PixelwiseError
from pixelwise.files import outputs
from pixelwise.terminal.console import cell, terminal
from pixelwise.terminal.screen import plain

COLOURS = {
    "confirmed": "green",
    "direction only": "cyan",
    "contradicted": "red",
    "other machine": "blue",
    "underspecified": "yellow",
    "not testable here": "dim",
    "superseded": "magenta",
}


def show(
    folder: Path,
    *,
    everything: bool = False,
    verdict: str | None = None,
    source: str | None = None,
    explain: str | None = None,
    metrics: Path | None = None,
    recorded: bool = False,
    out: Path | None = None,
    force: bool = False,
    console: Console | None = None,
) -> None:
    """Print the headlines of a run, its claims, or all evidence of one.

    Args:
        folder: Outputs of the judge step; of the ledger, the folder that holds all results.
        everything: Every claim; a verdict or a source chooses among all as well.
        verdict: Only claims with this verdict.
        source: Only claims of this source key, such as S1.
        explain: Id of the claim to explain; the filters are then ignored.
        metrics: Judge every metrics.json below this folder now, instead of reading the outputs of the step.
        recorded: Judge every recorded run and benchmark together (`ledger`).
        out: JSON file that receives everything that was judged.
        force: Whether `out` may be replaced.
        console: Where to print; standard output if not given.

    Raises:
        PixelwiseError: If the run has no verdicts, the verdict, source or id is unknown, or `out` may not be written.
    """
    if metrics is not None and recorded:
        raise PixelwiseError(f"--metrics {metrics} with --recorded; one of them is allowed")
    document = ledger.judged(folder) if recorded else _read(folder) if metrics is None else _judge(metrics)
    if out is not None:
        with outputs.written(out, [], force) as temporary:
            temporary.write_text(as_json(document), encoding="utf-8")
    console = console or terminal()
    if explain is not None:
        _explain(console, document, explain)
        return
    _allowed("--verdict", verdict, VERDICTS)
    _allowed("--source", source, document["sources"])
    if everything or verdict or source or not document["rows"]:
        _claims(console, document, verdict, source)
    else:
        headline_tables.show(document, COLOURS, console)
        if document["runs"]:
            told = [claim for claim in document["claims"] if claim["weight"] == "headline"]
            ledger_tables.show(document["runs"], told, console)
        console.print(_counts(document))
        hint = f"There are {len(document['claims'])} claims. --all shows them, --explain ID one with its evidence."
        console.print(hint, markup=False, highlight=False)
    for line in document.get("left_out", []):
        console.print(f"Left out: {line}.", markup=False, highlight=False)


def _claims(console: Console, document: dict[str, Any], verdict: str | None, source: str | None) -> None:
    chosen = [
        claim
        for claim in document["claims"]
        if (verdict is None or claim["verdict"] == verdict) and (source is None or claim["source"] == source)
    ]
    beyond = [claim for claim in chosen if claim["id"] in needs() and claim["verdict"] == "not testable here"]
    open_, apart = (
        [claim for claim in chosen if (claim["basis"] is None) == never and claim not in beyond]
        for never in (False, True)
    )
    title = "all recorded runs" if document["runs"] else f"run {cell(document['run'])}"
    console.print(_table(f"Published claims, judged by {title}", open_))
    if beyond:
        told = [claim | {"missing": f"Needs {needs()[claim['id']]}."} for claim in beyond]
        console.print(_table("Measured claims that no shipped profile decides", told))
    if apart:
        console.print(_table("Claims that this program cannot test", apart))
    if document["runs"]:
        ledger_tables.show(document["runs"], chosen, console)
    console.print(_counts(document))
    console.print(f"{len(chosen)} of {len(document['claims'])} claims shown.", highlight=False)
    console.print(f"Values of our own, which nobody published: {_told(document['checks'])}.", highlight=False)


def _read(folder: Path) -> dict[str, Any]:
    path = folder / "claims.json"
    if not path.is_file():
        raise PixelwiseError(f"{path}: no such file; 'snakemake --cores 2 all' makes it")
    return read_verdicts(folder)


def _judge(folder: Path) -> dict[str, Any]:
    from pixelwise.claims.judge import judge_below

    if not folder.is_dir():
        raise PixelwiseError(f"{folder}: no such folder; one with metrics.json files below it is needed")
    return judge_below(folder)


def _allowed(what: str, found: str | None, known: Iterable[str]) -> None:
    if found is not None and found not in known:
        raise PixelwiseError(f"{what}: {found!r}; allowed are {', '.join(known)}")


def _styled(verdict: str) -> str:
    return f"[{COLOURS[verdict]}]{verdict}[/]"


def _value(claim: dict[str, Any]) -> str:
    value = claim["value"]
    if value is None:
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{text} {claim['unit']}".removesuffix(" 1")


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _counts(document: dict[str, Any]) -> Table:
    """How many verdicts rest on what; these are never added up."""
    table = Table(title="Verdicts by what they rest on", header_style="bold", box=SIMPLE)
    for name in ("rests on", "verdicts"):
        table.add_column(name, overflow="fold")
    for basis, counts in by_basis(document["counts"]).items():
        table.add_row(basis, _told(counts))
    table.add_row("nothing: this program cannot test them", _told(document["undecidable"]))
    decided = counted(document["by_intervals"], "verdict")
    table.caption = f"{decided} by an interval; {document['expected_false']:g} false ones to expect among them"
    return table


def _table(title: str, claims: list[dict[str, Any]]) -> Table:
    table = Table(title=title, header_style="bold", box=SIMPLE, expand=True)
    for name in ("claim", "verdict", "quantity, and why"):
        table.add_column(name, overflow="fold", no_wrap=name == "claim")
    for claim in claims:
        why = claim["reason"] if claim["missing"] is None else claim["missing"]
        quantity = f"{claim['quantity']}: {_value(claim)}".removesuffix(": ")
        table.add_row(cell(claim["id"]), _styled(claim["verdict"]), f"{cell(quantity)}\n[dim]{cell(why)}[/]")
    return table


def _explain(console: Console, document: dict[str, Any], name: str) -> None:
    judged = [*document["claims"], *document["references"]]
    claim = next((entry for entry in judged if entry["id"] == name), None)
    if claim is None:
        raise PixelwiseError(f"--explain: {name!r}; no such id ('pixelwise claims --all' lists all)")
    source = document["sources"][claim["source"]]
    facts = Table(title=cell(claim["id"]), show_header=False)
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    rows = {
        "quoted": f"\u201c{claim['quote']}\u201d" if claim["quote"] else "",
        "in our words": claim["paraphrase"] or "",
        "source": f"{source['title']}, {claim['place']} (read: {source['read']})",
        "made by": claim["made_by"],
        "weight": claim.get("weight", "a value of our own"),
        "rests on": claim["basis"] or "nothing that a profile could measure",
        "quantity": f"{claim['quantity']} {_value(claim)}".strip(),
        "reading error": "" if claim["reading_error"] is None else str(claim["reading_error"]),
        "condition": claim["condition"],
        "note": claim["note"],
        "test": check_words.told(claim["check"]),
        "reason": claim["reason"],
        "missing": claim["missing"] or "",
        "withdrawn by": claim.get("withdrawn_by") or "",
        "read elsewhere": "; ".join(
            f"{_value(entry)} ({entry['source']}, {entry['place']})"
            for entry in document["readings"]
            if entry["of"] == name
        ),
        "contradiction": claim["contradiction"] or "",
    }
    facts.add_row("verdict", _styled(claim["verdict"]))
    for label, text in rows.items():
        if text:
            facts.add_row(label, cell(text))
    for number in claim["context_measured"]:
        lines = [ledger_tables.number(number), *(f"- {reason}" for reason in number["reasons_excluded"])]
        facts.add_row("number beside it", "\n".join(map(cell, lines)))
    console.print(facts)
    for label, records in (
        ("Evidence", claim["evidence"]),
        ("Numbers beside it, which may not decide", claim["context_only"]),
    ):
        if records:
            _records(label, records, console)


def _records(title: str, records: list[dict[str, Any]], console: Console) -> None:
    """Every record with its conditions, what made it, and why it may not decide."""
    console.print(title, style="bold")
    for record in records:
        value = record["value"]
        low, high = (None if value[name] is None else float(value[name]) for name in ("low", "high"))
        number = shown_numbers.interval(float(value["value"]), low, high, value["unit"])
        conditions = [f"{key} {record['condition'][key]}" for key in sorted(record["condition"])]
        hardware = record["hardware"].get("gpu") or record["hardware"].get("cpu") or ""
        lines = [
            f"  {record['model']} on {record['dataset']}: {number}; n {record['n']}, seed {record['seed']}",
            f"    protocol {record['protocol']}; {', '.join(conditions)}",
            *([f"    interval: {value['interval']}"] if value["interval"] else []),
            f"    made by: {'; '.join(part for part in (record['run'], record['command'], str(hardware)) if part)}",
            f"    file: {record['file']} sha256 {record['sha256'][:12]}",
            *(f"    - {reason}" for reason in record["reasons_excluded"]),
        ]
        for line in lines:
            console.print(plain(line), markup=False, highlight=False)
