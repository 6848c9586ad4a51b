"""Options of networks and image sizes, checked against what the models declare: without torch, so that planning can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from pixelwise.files.reading import line
from pixelwise.models import declarations
from pixelwise.settings.base import Settings


def check(name: str, options: Mapping[str, Any], place: str = "options") -> None:
    """Check the options that are given for a network; those of a network that is not known are not checked.

    Raises:
        ValueError: With one line, for a validator of settings.
    """
    _checked(name, options, place)


def taken(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options `given` that a network takes."""
    model = declarations.models().get(name)
    return {} if model is None else {key: value for key, value in given.items() if key in model.options.model_fields}


def check_size(name: str, options: Mapping[str, Any], height: int, width: int) -> None:
    """Check that a network takes images of a size.

    Raises:
        ValueError: With one line, for a validator of settings.
    """
    multiple, smallest = getattr(_checked(name, options, "options"), "least", lambda: (1, 1))()
    if any(side % multiple or side < smallest for side in (height, width)):
        raise ValueError(
            f"{height}x{width} with {name}; height and width must be multiples of {multiple}, at least {smallest}"
        )


def _checked(name: str, options: Mapping[str, Any], place: str) -> Settings | None:
    declared = declarations.models().get(name)
    if declared is None:
        return None
    try:
        return declared.options.model_validate(dict(options))
    except ValidationError as error:
        raise ValueError(line(error, declared.options, [place])) from None
