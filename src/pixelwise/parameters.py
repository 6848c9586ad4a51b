"""From plain values of params.yaml to settings; a mistake is one line that names the parameter."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from pixelwise.errors import PixelwiseError
from pixelwise.settings.base import Settings

Model = TypeVar("Model", bound=Settings)


def validate(model: type[Model], where: str, values: Mapping[str, Any]) -> Model:
    """Make settings from plain values, or say in one line what is wrong, where, and what is allowed."""
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join([where, *(shown(part) for part in first["loc"] if part != "[key]")]).removeprefix(".")
        if first["type"] == "extra_forbidden":
            known = _known(model, first["loc"][:-1])
            close = difflib.get_close_matches(str(first["loc"][-1]), known, 1)
            hint = f"did you mean {close[0]}?" if close else "allowed: " + ", ".join(known)
            raise PixelwiseError(f"params.yaml: {path}: no such parameter; {hint}") from None
        message = first["msg"].removeprefix("Value error, ")
        found = "" if isinstance(first["input"], dict) else f" (found {shown(first['input'], repr)})"
        raise PixelwiseError(f"params.yaml: {path}: {message}{found}") from None


def shown(value: Any, form: Callable[[Any], str] = str) -> str:
    """A value of the user's for a message: one line, not long."""
    text = form(value) if str(value).isprintable() else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _inside(annotation: Any) -> type[Settings] | None:
    """The settings class that an annotation holds, such as `Dataset` in `dict[str, Dataset]`."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inside(part))), None)


def _known(model: type[Settings], path: tuple[Any, ...]) -> list[str]:
    """Names that are allowed at a place; steps that are names of entries, not of fields, lead nowhere else."""
    for step in path:
        if step in model.model_fields:
            model = _inside(model.model_fields[step].annotation) or model
    return sorted(model.model_fields)
