"""params.yaml as plain data: nothing in it is evaluated, and nothing that it says can be large."""

from __future__ import annotations

import math
import os
import re
import stat
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import Model, line, short

LARGEST = 1 << 20
DEEPEST = 32
MOST = 100_000
"""Bytes of the file, levels of nesting, and values."""
TAKEN = ("profile", "smoke", "environment")
WORDS = {"true": True, "false": False}
"""What Snakemake hands over as text: it knows `True`, not YAML's `true`."""
"""What `snakemake --config` may set; all else stands in the file."""
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str", "seq", "map")}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class _Refused(Exception):
    """What is wrong, and on which line."""

    def __init__(self, mark: Any, text: str) -> None:
        super().__init__(f"line {mark.line + 1}: {text}" if mark else text)


class _Loader(yaml.CSafeLoader):
    """Builds plain values alone: strings, numbers, booleans, nothing, lists, and tables with strings as keys."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        if node.tag not in _TAGS:
            raise _Refused(node.start_mark, f"{node.value[:80]}; put text that looks like a date into quotation marks")
        value = super().construct_object(node, deep)
        if isinstance(value, float) and not math.isfinite(value):
            raise _Refused(node.start_mark, f"{node.value}; a number must be finite")
        if isinstance(value, int) and abs(value) >= 1 << 63:
            raise _Refused(node.start_mark, f"{node.value[:24]}; a whole number must fit into 64 bits")
        if isinstance(value, str) and (found := _CONTROL.search(value)):
            raise _Refused(node.start_mark, f"the control character {found[0]!r} in a text")
        return value

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag.rsplit(":", 1)[1] != "str":
                raise _Refused(key.start_mark, "a key that is no text; put it into quotation marks")
            if not key.value.isprintable():
                raise _Refused(key.start_mark, f"the key {key.value[:80]!r}; a key is one line of text")
            if key.value in seen:
                raise _Refused(key.start_mark, f"the key {key.value[:80]!r} for a second time")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _bound(text: str) -> None:
    """Refuse what has tags or aliases, or would be deep or large, before anything is built from it.

    A value that stands in two places by an alias would change in both, or, by `dvc exp run -S`, in neither.
    """
    open_ = total = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.NodeEvent):
            if event.anchor:
                raise _Refused(
                    event.start_mark, f"the alias {short(event.anchor)}; what entries share goes into defaults"
                )
            if tag := getattr(event, "tag", None):
                raise _Refused(event.start_mark, f"the tag {tag[:80]}; values are plain, without tags")
            total += 1
            open_ += isinstance(event, yaml.CollectionStartEvent)
        elif isinstance(event, yaml.CollectionEndEvent):
            open_ -= 1
        if open_ > DEEPEST:
            raise _Refused(event.start_mark, f"nested deeper than {DEEPEST} levels")
        if total > MOST:
            raise _Refused(event.start_mark, f"more than {MOST} values")


def _text(path: Path) -> str:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise PixelwiseError(f"{path}: not a file")
        with open(path, "rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise PixelwiseError(f"{path}: more than {LARGEST} bytes; a configuration has fewer")
        return content.decode("utf-8")
    except FileNotFoundError:
        raise PixelwiseError(f"{path}: no such file; run this in the project's folder or name the file") from None
    except (OSError, ValueError) as error:
        raise PixelwiseError(f"{path}: not readable as text ({getattr(error, 'strerror', None) or error})") from None


def read(path: Path, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The plain values of a configuration file, with what the command line sets in their place.

    Args:
        path: A YAML file.
        overrides: What `snakemake --config` gave; only `TAKEN` may be there.

    Raises:
        PixelwiseError: If the file is not a table of plain values, or has a key twice, or is too large or too deep, or
            if the command line sets anything else.
    """
    text = _text(path)
    for key in overrides or {}:
        if key not in TAKEN:
            raise PixelwiseError(f"--config {key}: only {', '.join(TAKEN)} are taken; all else stands in {path}")
    try:
        _bound(text)
        values = yaml.load(text, Loader=_Loader)
    except (_Refused, yaml.YAMLError, ValueError, RecursionError) as error:
        raise PixelwiseError(f"{path}: not readable as YAML ({' '.join(str(error).split())})") from None
    if not isinstance(values, dict):
        raise PixelwiseError(f"{path}: holds no parameters")
    given = dict(overrides or {})
    if isinstance(given.get("smoke"), str):
        given["smoke"] = WORDS.get(given["smoke"], given["smoke"])
    return values | given


def validate(model: type[Model], named: Callable[[list[str]], list[str]], values: Mapping[str, Any]) -> Model:
    """Make settings from plain values of params.yaml.

    Args:
        model: The class of the settings.
        named: Place of a value in the file, from its place in the settings.
        values: Name -> value.

    Raises:
        PixelwiseError: With one line that says what is wrong, where, and what is allowed.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise PixelwiseError(f"params.yaml: {line(error, model, (), named)}") from None
