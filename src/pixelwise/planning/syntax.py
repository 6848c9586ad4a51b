"""What a source file says to the interpreter: its syntax tree, without comments, layout and docstrings."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from typing import Any


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
