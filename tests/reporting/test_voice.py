"""One voice: what the terminal and the result page say is short plain English."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console

from pixelwise import doctor
from pixelwise.claims import plan_tables, predicted_records, verdict_tables
from pixelwise.claims.claim_schema import register
from pixelwise.cli import app
from pixelwise.data import check
from pixelwise.data.readers import label_table
from pixelwise.planning.graph import plan
from pixelwise.reporting import page, terminal_tables
from pixelwise.settings.reporting import ReportSettings
from tests.voice import faults, printed, prose

ROOT = Path(__file__).parents[2]


def wide() -> Console:
    return Console(width=2000, record=True, file=io.StringIO())


def commands(command: Any) -> Iterator[tuple[str, Any]]:
    """Every command with its name, subcommands included."""
    yield str(command.name), command
    for inner in getattr(command, "commands", {}).values():
        yield from commands(inner)


def helps() -> Iterator[tuple[str, str]]:
    for name, command in commands(typer.main.get_command(app)):
        yield name, command.help or ""
        yield from ((f"{name} {entry.name}", getattr(entry, "help", None) or "") for entry in command.params)


def test_every_command_argument_and_option_has_a_help_in_plain_sentences():
    texts = dict(helps())
    assert [name for name, text in texts.items() if not text and not name.endswith(" help")] == []
    assert faults(texts.values()) == []
    assert all(text.endswith((".", "?")) for text in texts.values()), texts


def test_the_claims_of_a_run(planted):
    console = wide()
    verdict_tables.show(planted.inputs["claims"], console=console)
    verdict_tables.show(planted.inputs["claims"], everything=True, console=console)
    for claim in register().headlines:
        verdict_tables.show(planted.inputs["claims"], explain=claim.id, console=console)
    assert faults(printed(console.export_text())) == []


def test_the_table_of_a_run(planted):
    console = wide()
    terminal_tables.show(planted.summary, console)
    assert faults(printed(console.export_text())) == []


@pytest.mark.parametrize("profile", ["tiny", "paper"])
def test_the_plan(profile, monkeypatch):
    monkeypatch.setattr(predicted_records, "accelerator", lambda: None)
    planned = plan(ROOT / "params.yaml", profile, False)
    console, narrow = wide(), Console(width=80, record=True, file=io.StringIO())
    plan_tables.show(planned, console)
    assert faults(printed(console.export_text())) == []
    plan_tables.show(planned, narrow)
    lines = narrow.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    rows = [line.split() for line in lines if line.strip().startswith(("train/", "time/", "restore/"))]
    assert len(rows) > 5 and all(len(row) > 3 for row in rows), rows  # one line each: name, count, hours twice


def test_doctor_and_the_check_of_data(capsys):
    found = [doctor.compiler(), doctor.torch(), *doctor.cards([])]
    assert faults(finding.said for finding in found) == []
    dataset = plan(ROOT / "params.yaml", "tiny", False).profile.datasets["streets"]
    split = check.Split(4, Counter({"64x128": 4}), Counter({7: 9}), Counter({7: 4}), 4, [1] * 8, [], [])
    check.render({"train": split, "val": split}, label_table(dataset), "streets: data/tiny/streets/raw")
    assert faults(printed(capsys.readouterr().out)) == []


def test_the_result_page(planted):
    texts = prose(page.render(ReportSettings(run="planted", profile="planted"), planted.inputs))
    assert len(texts) > 500
    assert faults(texts) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Needs a record of kind 'fid'.", "record of kind"),
        (" ".join(["word"] * 26) + ".", "26 words"),
        ("It has 1.82547e+08 of them.", "e+0"),
        ("The value is None.", "None"),
    ],
)
def test_a_fault_is_found(text, words):
    assert any(words in fault for fault in faults([text]))
    assert any(words in fault for fault in faults(prose(f"<main><ul><li>{text}</li></ul></main>")))
    assert faults(prose(f"<main><p>Good.<code>{text}</code></p></main>")) == []
