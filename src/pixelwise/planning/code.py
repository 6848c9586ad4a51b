"""Which source files a step uses: found by reading import statements, never by running them."""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixelwise.artifacts import digest, read_json, sha256, write_json
from pixelwise.errors import PixelwiseError
from pixelwise.planning import syntax

PACKAGE = Path(__file__).parents[1]
KNOWN = Path("work/sources.json")
FORMAT = 4
"""Of what is kept about sources; another one is not read, nor is a damaged file."""
# The frame around the steps: it decides which jobs exist and when they run, and its effect on a job is in the job file.
_ROOMS = ("pixelwise.planning", "pixelwise.terminal", "pixelwise.cards")
_DECLARING = PACKAGE / "models/architectures"
"""Files of which a step uses the network alone; see `models.declarations`."""
_FRAME = "__main__ cli cli_compare cli_machine cli_options cli_pictures cli_results files.file_in_use"
_FRAME += " models.declaration models.declarations net recorded_run settings settings.names settings.profile"
_FRAME += " settings.smoke"
FRAME = frozenset({"pixelwise"} | {f"pixelwise.{name}" for name in _FRAME.split()})


def framing(module: str) -> bool:
    """Whether a module belongs to the frame around the steps, whose code makes no job stale."""
    return module in FRAME or any(module == room or module.startswith(f"{room}.") for room in _ROOMS)


@functools.cache
def source_of(module: str) -> Path | None:
    """File of a module of this package, or None if there is no such module."""
    stem = PACKAGE.joinpath(*module.split(".")[1:])
    for path in (stem / "__init__.py", stem.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def within(package: str) -> list[str]:
    """Modules of a package of this program, found without importing it."""
    folder = PACKAGE.joinpath(*package.split(".")[1:])
    return sorted(f"{package}.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__")


@dataclass(frozen=True)
class Source:
    """What is known of one source file.

    Attributes:
        imports: Names that it may import as modules.
        words: Short strings that may name files beside it.
        syntax: Hash of its syntax tree; of a model's file, of its network.
        declaration: Hash of the declaration in a model's file.
    """

    imports: tuple[str, ...]
    words: tuple[str, ...]
    syntax: str
    declaration: str = ""


class Sources:
    """What is known of each source file, by the hash of its bytes.

    Kept on disk, since parsing takes longer than all the rest of a plan.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        sources, self.packages = self._read()
        self.known = {key: Source(tuple(a), tuple(b), c, d) for key, (a, b, c, d) in sources.items()}
        self.added = False

    def _read(self) -> tuple[dict[str, list[Any]], dict[str, Any]]:
        try:
            document = read_json(self.path)
        except PixelwiseError:
            return {}, {}
        parts = [document.get(name) for name in ("sources", "packages")] if isinstance(document, dict) else []
        if not parts or document.get("digest") != digest([FORMAT, *parts]):
            return {}, {}
        return document["sources"], document["packages"]

    def of(self, path: Path) -> Source:
        """What is known of a file; it is parsed if its content is new."""
        key = _hash(path)
        if key not in self.known:
            tree = syntax.parse(path.read_text(encoding="utf-8"))
            declaration = ""
            if path.parent == _DECLARING:
                declaration = syntax.fingerprint(ast.Module(syntax.split(tree)[0], []))
                tree = syntax.network(tree)
            names, words = (tuple(sorted(set(found))) for found in (syntax.imported(tree), syntax.words(tree)))
            self.known[key] = Source(names, words, syntax.fingerprint(tree), declaration)
            self.added = True
        return self.known[key]

    def holders(self, state: str, find: Callable[[], dict[str, list[str]]]) -> dict[str, list[str]]:
        """What `find` gives, which module is in which installed package; found anew where `state` is another one."""
        if self.packages.get("state") != state:
            self.packages = {"state": state, "holders": find()}
            self.added = True
        holders: dict[str, list[str]] = self.packages["holders"]
        return holders

    def keep(self) -> None:
        """Write what is known of the present files; where that is not allowed, the next process parses again."""
        if self.added:
            present = {_hash(path) for path in PACKAGE.rglob("*.py")}
            known = {key: x for key, x in self.known.items() if key in present}
            sources = {key: [x.imports, x.words, x.syntax, x.declaration] for key, x in known.items()}
            with contextlib.suppress(OSError):
                parts = {"sources": sources, "packages": self.packages}
                write_json(self.path, {"digest": digest([FORMAT, *parts.values()]), **parts})
            self.added = False


@functools.cache
def _sources() -> Sources:
    return Sources(KNOWN)


def keep() -> None:
    """Keep what was parsed for the next process."""
    _sources().keep()


@functools.cache
def _names(folder: Path) -> frozenset[str]:
    return frozenset(os.listdir(folder)) | {".", ".."}


@functools.cache
def _direct(module: str) -> tuple[frozenset[str], frozenset[Path]]:
    """Modules of this package that `module` imports, and the files beside it that it names in a string."""
    path = source_of(module)
    assert path is not None, module
    source = _sources().of(path)
    modules = {name for name in source.imports if name.startswith("pixelwise.") and source_of(name)}
    parents = {name.rsplit(".", 1)[0] for name in modules | {module} if name.count(".") > 1}
    data: set[Path] = set()
    for text in source.words:
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
    """All modules of this package that the entry modules import, directly or not, apart from the frame.

    Entries that name a part of what a model declares (`module#part`) are executed by nobody.
    """
    found: set[str] = set()
    waiting = [entry for entry in entries if "#" not in entry]
    while waiting:
        module = waiting.pop()
        if module not in found and not framing(module):
            found.add(module)
            waiting.extend(_direct(module)[0])
    return found


@functools.cache
def foreign(entries: tuple[str, ...]) -> frozenset[str]:
    """Top-level modules of other packages that the entry modules import, at once or when a function is called."""
    sources = (_sources().of(path) for module in modules_of(entries) if (path := source_of(module)))
    names = {name.split(".")[0] for source in sources for name in source.imports}
    return frozenset(names - sys.stdlib_module_names - {"pixelwise"})


def holders(state: str, find: Callable[[], dict[str, list[str]]]) -> dict[str, list[str]]:
    """`Sources.holders` of this process."""
    return _sources().holders(state, find)


@functools.cache
def _hash(path: Path) -> str:
    return sha256(path)


def sources_of(entries: Iterable[str]) -> dict[str, str]:
    """Every source and data file that the entry modules use, with a hash of what it says.

    Args:
        entries: Modules; `module#declaration` for what a model's file declares, for steps that show it to people;
            `module#group/recipe` for one recipe of it, for trainings; `module#functions/model` for the functions that
            it names, `module#published/model` for the one of its published form, which timings alone use.

    Returns:
        Path relative to the package's parent (so that it is the same in every clone) -> hash of the syntax tree of a
        source file, so that comments and docstrings make nothing stale, or SHA-256 of the bytes of a data file. A
        declaration follows its path and `#`; of a model's file itself, the network is hashed.

    Raises:
        PixelwiseError: If an entry names a part that is not declared.
    """
    return dict(_files(tuple(entries)))


@functools.cache
def _files(entries: tuple[str, ...]) -> dict[str, str]:
    hashes: dict[Path, str] = {}
    for module in modules_of(entries):
        path = source_of(module)
        assert path is not None
        hashes[path] = _sources().of(path).syntax
        hashes |= {file: _hash(file) for file in _direct(module)[1]}
    found = {path.relative_to(PACKAGE.parent).as_posix(): hashes[path] for path in sorted(hashes)}
    return found | {name: declared for entry in entries if "#" in entry for name, declared in [_declared(entry)]}


def _declared(entry: str) -> tuple[str, str]:
    """Path and part of something that a model declares, and its hash."""
    module, _, part = entry.partition("#")
    path = source_of(module)
    if path is None or path.parent != _DECLARING:
        raise PixelwiseError(f"{entry[:200]}: {module[:100]} declares no model")
    name = f"{path.relative_to(PACKAGE.parent).as_posix()}#{part}"
    if part == "declaration":
        return name, _sources().of(path).declaration
    from pixelwise.models import declarations

    known = declarations.part(module, *part.partition("/")[::2])
    return name, hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()
