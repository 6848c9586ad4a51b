"""What reaches the terminal holds nothing that a terminal would obey, wherever it comes from."""

from __future__ import annotations

import ast
import io
import unicodedata
from pathlib import Path

import pytest
from rich.table import Table

from pixelwise.planning.code import PACKAGE
from pixelwise.terminal.console import cell, terminal
from pixelwise.terminal.screen import lines, plain

BAD = [
    "\x1b[2J",
    "\x1b]0;title\x07",
    "a\rb",
    "a\nb",
    "\x9b31m",
    "\u202egnp",
    "\u2066x",
    "\u200b",
    "\udcff",
    "\u2028",
    "\x00",
]


@pytest.mark.parametrize("text", BAD, ids=ascii)
def test_every_character_that_a_terminal_would_obey_is_an_escape(text: str) -> None:
    assert plain(text).isprintable() and plain(text) != text
    plain(text).encode("utf-8")


def test_all_of_unicode_is_printable_afterwards_and_letters_are_kept() -> None:
    everything = "".join(map(chr, range(0x110000)))
    assert not {unicodedata.category(letter) for letter in plain(everything)} & {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    }
    kept = "Grüße, 日本 – “x” 95 %\u00a0[a]"
    assert plain(kept) == kept
    assert lines("a\nb\x1b") == "a\nb\\x1b"


@pytest.mark.parametrize("text", BAD, ids=ascii)
def test_tables_and_lines_of_a_console_hold_none(text: str) -> None:
    for value in (text, cell(text)):  # a place that forgot to call `cell` is caught as well
        stream = io.StringIO()
        console = terminal(width=80)
        console.file = stream
        table = Table(title=value)
        table.add_column(value)
        table.add_row(value)
        console.print(table)
        console.print(value, markup=False)
        assert all(letter.isprintable() or letter == "\n" for letter in stream.getvalue())


def test_a_name_that_looks_like_a_style_is_shown_as_it_is() -> None:
    stream = io.StringIO()
    console = terminal(width=80)
    console.file = stream
    console.print(f"[bold]{cell('[red]x[/red]')}[/]")
    assert stream.getvalue() == "[red]x[/red]\n"


def _writes(path: Path) -> list[str]:
    """Places in a source file that write to a standard stream by another way than `screen` and `console`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        direct = name in {"print", "Console", "rich.print", "typer.echo", "typer.secho", "click.echo", "Progress.track"}
        stream = isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stderr.write", "sys.stdout.write"}
        if direct or stream:
            found.append(f"{path.name}:{node.lineno}: {ast.unparse(node)}")
    return found


def test_nothing_else_in_the_package_writes_to_the_terminal() -> None:
    ways = {"screen.py", "console.py", "net.py"}
    files = [path for path in PACKAGE.rglob("*.py") if path.name not in ways]
    assert len(files) > 150
    assert [place for path in files for place in _writes(path)] == []
