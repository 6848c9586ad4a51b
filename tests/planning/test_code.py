"""Which files a step uses: the same answer whether the sources were parsed now or by an earlier process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pixelwise.planning import syntax
from pixelwise.planning.code import PACKAGE, sources_of

ENTRIES = ["pixelwise.training.adversarial", "pixelwise.models.architectures.asapnet"]
PROGRAM = f"""
import ast, json
from pixelwise.planning import code
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


@pytest.mark.parametrize("damage", [b"{", b"[]", b'{"sources": {}}', None])
def test_damage_of_what_is_kept_is_seen(tmp_path: Path, damage: bytes | None) -> None:
    first = ask(tmp_path)
    kept = tmp_path / "work/sources.json"
    kept.write_bytes(damage or kept.read_bytes().replace(b"pixelwise.models.layers", b"pixelwise.models.loyers"))
    assert ask(tmp_path) == first


SAME = ("x = 1", "x=1  # one", '"""Why."""\n\nx = (\n    1\n)\n"After."\n', "x = 0x1")
OTHER = ("x = 2", "x = 1.0", "x = '1'", "y = 1", "x = 1\nx", "def x(): 1", "x = -1", "x = 1,", "x = b'1'", "x: int = 1")


def fingerprint(text: str) -> str:
    return syntax.fingerprint(syntax.parse(text))


def test_layout_and_words_do_not_count_and_all_else_does() -> None:
    assert {fingerprint(text) for text in SAME} == {fingerprint("x = 1")}
    assert len({fingerprint(text) for text in (*OTHER, "x = 1")}) == len(OTHER) + 1
    nested = "class A:\n    'Doc.'\n    def f(self):\n        'Doc.'\n        return 'kept'\n"
    assert fingerprint(nested) == fingerprint(nested.replace("'Doc.'", "'Other.'"))
    assert fingerprint(nested) != fingerprint(nested.replace("kept", "other"))
    assert fingerprint("f(['a'], 'b')") != fingerprint("f(['a', 'b'])")


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_every_python_finds_the_same(version: str) -> None:
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"python{version} is not installed")
    program = (
        "import runpy, sys, pathlib; s = runpy.run_path(sys.argv[1]);"
        "[print(s['fingerprint'](s['parse'](p.read_text()))) for p in sorted(pathlib.Path(sys.argv[2]).rglob('*.py'))]"
    )
    command = [python, "-c", program, str(PACKAGE / "planning/syntax.py"), str(PACKAGE)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert found == [fingerprint(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))]
