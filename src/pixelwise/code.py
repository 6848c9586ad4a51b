"""Which source files a step uses: found by reading import statements, never by running them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from pixelwise.artifacts import sha256

PACKAGE = Path(__file__).parent
# The frame around the steps: it decides which jobs exist and when they run, and its effect on a job is in the job file.
_FRAME = "__main__ building cli clone code execute graph jobfile jobs settings settings.profile settings.smoke"
FRAME = frozenset({"pixelwise"} | {f"pixelwise.{name}" for name in _FRAME.split()})


def source_of(module: str) -> Path | None:
    """File of a module of this package, or None if there is no such module."""
    stem = PACKAGE.joinpath(*module.split(".")[1:])
    for path in (stem / "__init__.py", stem.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _literals(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < 80:
            yield node.value


@functools.cache
def _direct(module: str) -> tuple[frozenset[str], frozenset[Path]]:
    """Modules of this package that `module` imports, and the files beside it that it names in a string."""
    path = source_of(module)
    assert path is not None, module
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {name for name in _imported(tree) if name.startswith("pixelwise.") and source_of(name)}
    parents = {name.rsplit(".", 1)[0] for name in modules | {module} if name.count(".") > 1}
    data: set[Path] = set()
    for text in _literals(tree):
        named = path.parent / text.strip("/")
        if not text.strip("/. ") or "\n" in text or (named / "__init__.py").exists():
            continue
        if named.is_file():
            data.add(named)
        elif named.is_dir():
            data |= {file for file in named.rglob("*") if file.is_file()}
    return frozenset(modules | parents), frozenset(p for p in data if p.suffix not in {".py", ".pyc"})


def modules_of(entries: Iterable[str]) -> set[str]:
    """All modules of this package that the entry modules import, directly or not, apart from the frame."""
    found: set[str] = set()
    waiting = list(entries)
    while waiting:
        module = waiting.pop()
        if module not in found and module not in FRAME:
            found.add(module)
            waiting.extend(_direct(module)[0])
    return found


@functools.cache
def _hash(path: Path) -> str:
    return sha256(path)


def sources_of(entries: Iterable[str]) -> dict[str, str]:
    """Every source and data file that the entry modules use, with its SHA-256.

    Returns:
        Path relative to the package's parent (so that it is the same in every clone) -> hash.
    """
    files: set[Path] = set()
    for module in modules_of(entries):
        path = source_of(module)
        assert path is not None
        files |= {path} | _direct(module)[1]
    return {path.relative_to(PACKAGE.parent).as_posix(): _hash(path) for path in sorted(files)}
