"""What all settings share: unknown names are refused, values cannot change, every number has a range with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("an entry occurs twice; every entry makes a result of its own")
    return values


def _ordered(values: tuple[Any, Any]) -> tuple[Any, Any]:
    if values[0] > values[1]:
        raise ValueError(f"a range from {values[0]} to {values[1]}; the first must not be above the second")
    return values


def _inside(path: str) -> str:
    parts = path.split("/")
    if not path or "\0" in path or "\\" in path or not set(parts).isdisjoint(("", ".", "..")):
        raise ValueError("a relative path that stays below its folder is needed")
    return path


Entry = TypeVar("Entry")
Ordered = AfterValidator(_ordered)
"""Two ends of a range, the lower one first."""
Distinct = AfterValidator(_distinct)
MOST = 64
"""Entries of a list of conditions: each one multiplies the work."""
Listed = Annotated[tuple[Entry, ...], Field(min_length=1, max_length=MOST), Distinct]
"""At least one entry, none twice."""

Flag = Annotated[bool, Field(strict=True)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
"""A name; longer ones make no file name."""
Text = Annotated[str, Field(max_length=1000)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=2**53, strict=True)]
Seed = Annotated[int, Field(ge=0, lt=2**32, strict=True)]
"""What NumPy's generators take."""
Threads = Annotated[int, Field(ge=1, le=1024, strict=True)]
"""More threads than any machine has cores exhaust the process table."""
Processes = Annotated[int, Field(ge=1, le=64, strict=True)]
"""Processes of one job on one machine; none has more cards."""
Side = Annotated[int, Field(ge=1, le=16_384, strict=True)]
"""Rows or columns of an image; at twice that much one float32 image of 3 channels would fill 12 GB."""
Images = Annotated[int, Field(ge=1, le=10_000_000, strict=True)]
"""A number of images, as a limit; ten times those of ImageNet."""
Batch = Annotated[int, Field(ge=1, le=65_536, strict=True)]
"""Examples of one step or forward pass; more is a slip of the keyboard, for no memory holds them."""
Positive = Annotated[int, Field(ge=1, le=10**9, strict=True)]
"""A number of steps or presentations; a step takes no less than a tenth of a millisecond, so this is a day or more."""
Epochs = Annotated[int, Field(ge=0, le=100_000, strict=True)]
Resamples = Annotated[int, Field(ge=2, le=100_000, strict=True)]
"""Draws of a bootstrap: an interval needs two, and the memory grows with draws times images."""
Level = Annotated[float, Field(ge=0, le=255)]
"""A noise level on the 0-255 scale: at 255 the noise is as wide as all grey levels."""
Rate = Annotated[float, Field(gt=0, le=10)]
"""A learning rate or a factor of one; published ones are below 1, and 10 diverges at the first step."""
Weight = Annotated[float, Field(ge=0, le=1e6)]
"""Weight of a loss; above a million the other losses are lost in float32."""
Decay = Annotated[float, Field(ge=0, lt=1)]
"""Decay of a moving average; at 1 it never moves."""


Inside = Annotated[str, Field(max_length=1000), AfterValidator(_inside)]
"""A relative path of plain parts: neither empty nor absolute, without `.` and `..`."""


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

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Compute(Settings):
    """Where a job computes. The number of threads is part of the settings because it changes the last bits of sums."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: Threads = 1
