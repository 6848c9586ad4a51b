"""The layering of the package: who may import whom, and who stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from pixelwise.planning.code import PACKAGE, source_of, sources_of

BASE = {"artifacts", "cards", "errors", "files", "planning", "quantities", "record", "settings", "terminal"}
ALLOWED = {
    "settings": {"settings", "errors", "files", "quantities"},
    "data": {"data"} | BASE,
    "models": {"models"} | BASE,
    "training": {"training", "data", "models"} | BASE,
    "evaluation": {"evaluation", "data", "models"} | BASE,
    "claims": {"claims"} | BASE,
    "reporting": {"reporting", "claims"} | BASE,
}
DECLARED = ("declaration", "declarations", "network_options")  # what models say of themselves, without torch
# Modules that read files or compute with numpy alone.
EXCEPTIONS = {
    *((layer, f"pixelwise.models.{name}") for layer in ("settings", "claims", "reporting") for name in DECLARED),
    ("claims", "pixelwise.evaluation.statistics"),
    ("claims", "pixelwise.evaluation.subjects"),
    ("reporting", "pixelwise.evaluation.statistics"),
    ("reporting", "pixelwise.data.read_images"),
    ("reporting", "pixelwise.data.pack"),
    ("settings", "pixelwise.data.declared_kinds"),
    ("claims", "pixelwise.data.declared_kinds"),
    ("claims", "pixelwise.data.published_weights"),
}


def files() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down(path: Path) -> None:
    layer = path.relative_to(PACKAGE).parts[0]
    names = imports(path)
    assert not {name.split(".")[0] for name in names} & {"snakemake", "dvc"}
    if layer not in ALLOWED:
        return
    for name in names:
        if name.startswith("pixelwise.") and source_of(name) and (layer, name) not in EXCEPTIONS:
            above = {exception.rsplit(".", 1)[0] for where, exception in EXCEPTIONS if where == layer}
            assert name.split(".")[1] in ALLOWED[layer] or name in above, name


@pytest.mark.parametrize("package", ["reporting", "claims", "settings"])
def test_files_are_read_without_torch(package: str) -> None:
    names = [f"pixelwise.{package}.{path.stem}" for path in (PACKAGE / package).glob("*.py") if path.stem[0] != "_"]
    code = f"import sys, {', '.join(names)}; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_command_line_is_light() -> None:
    code = "import sys, pixelwise.cli; print({'torch', 'numpy', 'pandas', 'pydantic'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"


def test_a_job_lists_the_files_that_it_uses() -> None:
    fid = sources_of(["pixelwise.evaluation.fid"])
    assert "pixelwise/evaluation/fid.py" in fid
    assert "pixelwise/record.py" in fid
    assert not [name for name in fid if "training" in name.split("/")[1]]
    for entry in ("pixelwise.claims.judge", "pixelwise.reporting.figures", "pixelwise.reporting.page"):
        named = {name for name in sources_of([entry]) if name.startswith("pixelwise/claims/register/")}
        assert {"pixelwise/claims/register/speed.yaml", "pixelwise/claims/register/paper_quality.yaml"} <= named, entry


def test_sets_are_sorted_by_keys_that_never_tie():
    """Among items of one key a set's order is that of hashes: other bytes in each process."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sorted"):
                continue
            of = node.args[0]
            made = isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id in ("set", "frozenset")
            for word in node.keywords if made or isinstance(of, ast.Set | ast.SetComp) else ():
                key = word.value
                whole = isinstance(key, ast.Lambda) and isinstance(key.body, ast.Tuple)
                last = key.body.elts[-1] if whole else None
                if word.arg == "key" and not (isinstance(last, ast.Name) and last.id == key.args.args[0].arg):
                    found.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert not found
