"""What all settings share: unknown names are refused, values cannot change, errors are one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

MOST_OPTION = 4096
"""No whole number among a network's options (channels, layers, sides) may be larger, nor below 0; the largest published
one is 1024. Checked before anything is allocated, as the first and cheap half of the memory bound of `tensors`."""


def numbers(value: Any) -> Iterator[int]:
    """The whole numbers in a plain value or in a list of such."""
    for part in value if isinstance(value, list | tuple) else (value,):
        if type(part) is int:
            yield part


def _options(options: dict[str, Any]) -> dict[str, Any]:
    for name, value in options.items():
        if any(not 0 <= number <= MOST_OPTION for number in numbers(value)):
            raise ValueError(f"{name} {value!r:.60}; allowed are whole numbers from 0 to {MOST_OPTION}")
    return options


Options = Annotated[dict[str, Any], AfterValidator(_options)]
"""Options of a network; their names and types are checked when it is built (`pixelwise.models.bounds`)."""


class Settings(BaseModel):
    """Base of every settings class."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Compute(Settings):
    """Where a job computes. The number of threads is part of the settings because it changes the last bits of sums."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 1
