"""Which source files a step uses: found by reading import statements, never by running them."""

from __future__ import annotations

import ast
import contextlib
import functools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pixelwise.artifacts import digest, read_json, sha256, write_json
from pixelwise.errors import PixelwiseError

PACKAGE = Path(__file__).parent
WORDS = Path("work/words.json")
FORMAT = 1
"""Of the kept words; another one is not read, nor is a damaged file."""
# The frame around the steps: it decides which jobs exist and when they run, and its effect on a job is in the job file.
_FRAME = "__main__ building cli clone code exclusive execute graph jobs settings settings.profile settings.smoke"
FRAME = frozenset({"pixelwise"} | {f"pixelwise.{name}" for name in _FRAME.split()})


@functools.cache
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
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and len(text) < 80 and "\n" not in text and text.strip("/. "):
            yield text


class Words:
    """The modules that each source file imports and its words that may name files, by the hash of the file's bytes.

    Kept on disk, since parsing takes longer than all the rest of a plan.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known = self._read()
        self.added = False

    def _read(self) -> dict[str, list[list[str]]]:
        try:
            document = read_json(self.path)
        except PixelwiseError:
            return {}
        if not isinstance(document, dict) or document.get("digest") != digest([FORMAT, document.get("words")]):
            return {}
        words: dict[str, list[list[str]]] = document["words"]
        return words

    def of(self, path: Path) -> tuple[list[str], list[str]]:
        """Names that the file imports, and its short strings of one line."""
        key = _hash(path)
        if key not in self.known:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            self.known[key] = [sorted(set(_imported(tree))), sorted(set(_literals(tree)))]
            self.added = True
        imports, literals = self.known[key]
        return imports, literals

    def keep(self) -> None:
        """Write what is known of the present files; where that is not allowed, the next process parses again."""
        if self.added:
            present = {_hash(path) for path in PACKAGE.rglob("*.py")}
            words = {key: value for key, value in self.known.items() if key in present}
            with contextlib.suppress(OSError):
                write_json(self.path, {"digest": digest([FORMAT, words]), "words": words})
            self.added = False


@functools.cache
def _words() -> Words:
    return Words(WORDS)


def keep() -> None:
    """Keep what was parsed for the next process."""
    _words().keep()


@functools.cache
def _names(folder: Path) -> frozenset[str]:
    return frozenset(os.listdir(folder)) | {".", ".."}


@functools.cache
def _direct(module: str) -> tuple[frozenset[str], frozenset[Path]]:
    """Modules of this package that `module` imports, and the files beside it that it names in a string."""
    path = source_of(module)
    assert path is not None, module
    imports, literals = _words().of(path)
    modules = {name for name in imports if name.startswith("pixelwise.") and source_of(name)}
    parents = {name.rsplit(".", 1)[0] for name in modules | {module} if name.count(".") > 1}
    data: set[Path] = set()
    for text in literals:
        if text.strip("/").split("/")[0] not in _names(path.parent):
            continue
        named = path.parent / text.strip("/")
        if (named / "__init__.py").exists():
            continue
        if named.is_file():
            data.add(named)
        elif named.is_dir():
            data |= {file for file in named.rglob("*") if file.is_file()}
    return frozenset(modules | parents), frozenset(
        p for p in data if p.suffix not in {".py", ".pyc"} and "__pycache__" not in p.parts
    )


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
    return dict(_sources(tuple(entries)))


@functools.cache
def _sources(entries: tuple[str, ...]) -> dict[str, str]:
    files: set[Path] = set()
    for module in modules_of(entries):
        path = source_of(module)
        assert path is not None
        files |= {path} | _direct(module)[1]
    return {path.relative_to(PACKAGE.parent).as_posix(): _hash(path) for path in sorted(files)}
