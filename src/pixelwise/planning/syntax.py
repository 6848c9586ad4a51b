"""What a source file says to the interpreter: its syntax tree, without comments, layout and docstrings."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator
from typing import Any

LIGHT = ("pixelwise.errors", "pixelwise.settings.base", "pixelwise.models.declaration")
"""Modules of this package that a model's declaration may import."""


def parse(text: str) -> ast.Module:
    """Syntax tree of a source file without expressions that are nothing but a string.

    Example:
        >>> ast.unparse(parse("'Why.'; x = 1  # one"))
        'x = 1'
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(node, name, [item for item in value if not _bare(item)])
    return tree


def _bare(node: Any) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def fingerprint(tree: ast.AST) -> str:
    """SHA-256 of a syntax tree, the same under every version of Python that parses it to the same meaning.

    Empty fields are left out, since newer versions add fields; so is `kind`, the letter before a string (u'...').
    """
    seen = hashlib.sha256()
    for word in _walk(tree):
        seen.update(f"{len(word)}:{word}".encode("utf-8", "surrogatepass"))
    return seen.hexdigest()


def _walk(node: Any) -> Iterator[str]:
    if isinstance(node, ast.AST):
        yield type(node).__name__
        for name, value in ast.iter_fields(node):
            if name != "kind" and value is not None and value != []:
                yield name
                yield from _walk(value)
        yield ")"
    elif isinstance(node, list):
        for item in node:
            yield from _walk(item)
        yield "]"
    else:
        yield f"{type(node).__name__} {node!r}"


def imported(tree: ast.AST) -> Iterator[str]:
    """Names that import statements may name as modules; relative imports are not used here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def words(tree: ast.AST) -> Iterator[str]:
    """Short strings of one line, which may name files."""
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and len(text) < 80 and "\n" not in text and text.strip("/. "):
            yield text


def split(tree: ast.Module) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """A model's file as its declaration, and its network from the first import on that a declaration may not have.

    Example:
        >>> declaration, network = split(ast.parse("import math; x = 1; import torch; y = 2"))
        >>> len(declaration), len(network)
        (2, 2)
    """
    place = next((place for place, node in enumerate(tree.body) if not _light(node)), len(tree.body))
    return tree.body[:place], tree.body[place:]


def _light(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    else:
        return True
    return all(name in LIGHT or name.split(".")[0] in {"pydantic", *sys.stdlib_module_names} for name in names)


def network(tree: ast.Module) -> ast.Module:
    """The network of a model's file, with what it uses of the declaration: imports, constants, functions, classes."""
    declaration, body = split(tree)
    apart = [single for node in declaration for single in _singly(node)]
    used: set[int] = set()
    waiting = [*body]
    while waiting:
        names = {node.id for node in ast.walk(waiting.pop()) if isinstance(node, ast.Name)}
        found = {place for place, node in enumerate(apart) if names & set(_bound(node))} - used
        used |= found
        waiting += [apart[place] for place in found]
    return ast.Module([apart[place] for place in sorted(used)] + body, [])


def _singly(node: ast.stmt) -> Iterator[ast.stmt]:
    """A statement; an import of several names as one import for each."""
    if isinstance(node, ast.Import):
        yield from (ast.Import([alias]) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (ast.ImportFrom(node.module, [alias], node.level) for alias in node.names)
    else:
        yield node


def _bound(node: ast.stmt) -> Iterator[str]:
    """Names that a statement of a declaration gives a value."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    else:
        yield from (
            part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        )
