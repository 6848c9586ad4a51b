"""The door: how a file is read back. Size, encoding, nesting, numbers and schema are checked before anyone uses it.

A file that is refused gives one line with its name, the place in it, what was found and what is allowed.
"""

from __future__ import annotations

import difflib
import json
import math
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from pixelwise.errors import PixelwiseError

LARGEST = 1 << 28
"""Bytes of the largest file that is read as text; the largest that a run writes has a few millions."""
DEEPEST = 40
"""Levels of nesting; no document of ours has more than ten."""
LARGEST_WHOLE = 2**63 - 1
SHOWN = 80
"""Characters of a wrong value that a message shows."""

Model = TypeVar("Model", bound=BaseModel)


def content(path: Path | str) -> bytes:
    """Bytes of a regular file of bounded size.

    Raises:
        PixelwiseError: If it is missing, not a file (a folder, a pipe, a device), too large or not readable.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise PixelwiseError(f"{path}: not a regular file")
            found = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise PixelwiseError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise PixelwiseError(f"{path}: not readable ({getattr(error, 'strerror', None) or error})") from None
    if len(found) > LARGEST:
        raise PixelwiseError(f"{path}: more than {LARGEST} bytes; no file of this program is that large")
    return found


def text(path: Path | str) -> str:
    """Text of a file in UTF-8 without a byte order mark.

    Raises:
        PixelwiseError: As `content` does, or if the encoding is another one.
    """
    found = content(path)
    if found[:3] == b"\xef\xbb\xbf" or found[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise PixelwiseError(f"{path}: begins with a byte order mark; plain UTF-8 is needed")
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PixelwiseError(f"{path}: not UTF-8 (byte {error.start})") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the name {short(twice)} occurs twice in one object")
    return found


def _finite(digits: str) -> float:
    if math.isinf(value := float(digits)):
        raise ValueError(f"the number {digits[:SHOWN]} is not finite")
    return value


def _whole(digits: str) -> int:
    if len(digits) > 20 or abs(value := int(digits)) > LARGEST_WHOLE:
        raise ValueError(f"the number {digits[:SHOWN]} has too many digits")
    return value


def _constant(name: str) -> float:
    raise ValueError(f"{name}; only finite numbers are allowed")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_finite, parse_int=_whole, parse_constant=_constant, strict=True
)


def parse_json(written: str, place: str) -> Any:
    """Parse JSON: names once in an object, finite numbers, at most `DEEPEST` levels, no halves of surrogate pairs.

    Args:
        written: The text.
        place: Where it stands, for messages.

    Raises:
        PixelwiseError: If it is anything else.
    """
    try:
        document = _DECODER.decode(written)
        if "\\u" in written:
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise PixelwiseError(f"{place}: not readable as JSON (nested deeper than {DEEPEST} levels)") from None
    except UnicodeEncodeError:
        raise PixelwiseError(f"{place}: not readable as JSON (half of a surrogate pair)") from None
    except ValueError as error:
        raise PixelwiseError(f"{place}: not readable as JSON ({error})") from None
    level: list[Any] = [document]
    for _ in range(DEEPEST + 1):
        inner = [node.values() if type(node) is dict else node for node in level if type(node) in (dict, list)]
        level = [child for children in inner for child in children]
        if not level:
            return document
    raise PixelwiseError(f"{place}: not readable as JSON (nested deeper than {DEEPEST} levels)")


def read_json(path: Path | str) -> Any:
    """Parse a JSON file, see `parse_json`.

    Raises:
        PixelwiseError: If the file is missing, too large, not UTF-8, or not such JSON.
    """
    return parse_json(text(path), str(path))


def read(path: Path | str, model: type[Model]) -> Model:
    """Read a JSON file as a document of one schema.

    Raises:
        PixelwiseError: As `read_json` does, or with the first place that breaks the schema.
    """
    return checked(model, read_json(path), str(path))


def checked(model: type[Model], values: Any, place: str, where: Sequence[str] = ()) -> Model:
    """Validate plain values.

    Args:
        model: The schema.
        values: What was read.
        place: File that it came from.
        where: Place of the values in that file.

    Raises:
        PixelwiseError: With `line` of the first mistake.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise PixelwiseError(f"{place}: {line(error, model, where)}") from None


def line(
    error: ValidationError,
    model: type[BaseModel] | None = None,
    where: Sequence[str] = (),
    named: Callable[[list[str]], list[str]] = list,
) -> str:
    """The first mistake that pydantic found, as one line: the place, what is allowed, and what was found.

    Args:
        error: What pydantic raised.
        model: The schema, for the names that are allowed; None if what was checked has none.
        where: Place of the values in their file.
        named: Makes a place easier to find, such as a list's entry by its id.
    """
    first = error.errors(include_url=False)[0]
    path = named([word(part) for part in first["loc"]])
    place = ".".join([*where, *(part for part in path if "[" not in part)])
    prefix = f"{place}: " if place else ""
    if first["type"] == "extra_forbidden" and model is not None:
        return f"{prefix}{unknown(str(first['loc'][-1]), _known(model, first['loc'][:-1]))}"
    message = " ".join(first["msg"].removeprefix("Value error, ").split())
    shown = not isinstance(first["input"], dict | list | tuple | BaseModel) and first["type"] != "missing"
    return f"{prefix}{message}" + (f" (found {short(first['input'])})" if shown else "")


def unknown(name: str, known: Sequence[str]) -> str:
    """What to say of a name that is not one of those that are known."""
    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]}?" if close else "allowed: " + ", ".join(known)
    return f"no such parameter; {hint}"


def word(name: Any) -> str:
    """A name for a message: as it is where it is printable and not long, otherwise as `short` has it."""
    text = str(name)
    return text if text.isprintable() and len(text) <= SHOWN else short(text)


def short(value: Any) -> str:
    """A value as it would be written, without line breaks, cut to `SHOWN` characters."""
    written = repr(value)
    return written if len(written) <= SHOWN else written[:SHOWN] + "..."


def _inside(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds, such as `Dataset` in `dict[str, Dataset]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inside(part))), None)


def _known(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """Names that are allowed at a place; steps that are names of entries, not of fields, lead nowhere else."""
    for step in path:
        if step in model.model_fields:
            model = _inside(model.model_fields[step].annotation) or model
    return sorted(model.model_fields)
