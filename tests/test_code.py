"""Which files a step uses: the same answer whether the sources were parsed now or by an earlier process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pixelwise.code import sources_of

ENTRIES = ["pixelwise.training.adversarial", "pixelwise.models.asapnet"]
PROGRAM = f"""
import ast, json
from pixelwise import code
parsed, parse = [], ast.parse
ast.parse = lambda *args, **kwargs: parsed.append(1) or parse(*args, **kwargs)
print(json.dumps([code.sources_of({ENTRIES}), len(parsed)]))
code.keep()
"""


def ask(folder: Path) -> tuple[dict[str, str], int]:
    made = subprocess.run([sys.executable, "-c", PROGRAM], cwd=folder, capture_output=True, text=True, check=True)
    found, parsed = json.loads(made.stdout)
    return found, parsed


def test_a_second_process_parses_nothing_and_finds_the_same(tmp_path: Path) -> None:
    first, second = ask(tmp_path), ask(tmp_path)
    assert first[0] == second[0] == sources_of(ENTRIES)
    assert first[1] > 20
    assert second[1] == 0


@pytest.mark.parametrize("damage", [b"{", b"[]", b'{"words": {}}', None])
def test_damage_of_what_is_kept_is_seen(tmp_path: Path, damage: bytes | None) -> None:
    first = ask(tmp_path)
    kept = tmp_path / "work/words.json"
    kept.write_bytes(damage or kept.read_bytes().replace(b"pixelwise.models.layers", b"pixelwise.models.loyers"))
    assert ask(tmp_path) == first
