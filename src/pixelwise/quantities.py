"""Measured quantities: what a number under a name must be, as the metric of that name declares it.

Metrics are declared below `evaluation/metrics/`, one folder for each kind of record; nothing else lists them. They are
found by scanning that folder, and imported kind by kind when one is asked for.

Infinity is a value of the quantities marked `infinite`: the PSNR of a perfect restoration. Every JSON file holds it as
the text "Infinity", every CSV file as `inf`; there is no other number that is not finite.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import line

INFINITY = "Infinity"
ROUNDING = 1e-9
"""Share by which the ends of an interval may lie on the wrong side of its value."""
ROOM = "pixelwise.evaluation.metrics"
"""Package of the declarations."""
Shown = Literal["table", "figure", "glance", "differences", "grid", "each"]


class Metric(BaseModel):
    """What a number under a name is, how it is computed, and where readers see it.

    Attributes:
        name: Name in records and files.
        label: Name for readers.
        units: Its unit, and other spellings of the same unit.
        low: Least value.
        high: Greatest value.
        infinite: Whether infinity is a value.
        better: Which direction is better; None where none is.
        places: Decimal places in tables; None lets the interval decide.
        order: Place among the metrics of its kind in files and tables; equal ones stand by name.
        shown: Where readers see it. `table`: a column of the table of its kind. `figure`: of restoration, a row of
            panels in the figure of each protocol; of fid and segmentation, a figure against inference time, and panels
            along the training. `glance`: a column of the table of denoising at a glance. `differences`: paired
            differences between methods. `grid`: a figure of traces of the tile grid. `each`: of segmentation, the
            files of single pictures and of draws.
        compute: How it is computed, see the text of the folder of its kind; None where the step itself counts it.
        calls: Of latency: timed calls that it needs at least; fewer do not support it.
        classes: Of segmentation: one value for each class, recorded as `<name>_<class>`.
        reference: Name of the quantity whose values stand beside it as ticks in figures.
        protocols: Of fid: name of a protocol -> how pictures become features (`evaluation.features`).
        formula: Of fid: the estimator in words, part of the protocol's hash.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=1)
    units: tuple[str, ...] = Field(min_length=1)
    low: float = 0.0
    high: float = math.inf
    infinite: bool = False
    better: Literal["higher", "lower"] | None = None
    places: int | None = Field(default=None, ge=0, le=9)
    order: int = 100
    shown: tuple[Shown, ...] = ()
    compute: Callable[..., Any] | None = None
    calls: int = 1
    classes: bool = False
    reference: str = ""
    protocols: dict[str, str] = Field(default_factory=dict)
    formula: str = ""

    @property
    def unit(self) -> str:
        """The unit in which it is recorded."""
        return self.units[0]

    @property
    def heading(self) -> str:
        """Label with unit and direction, such as `PSNR, dB (higher is better)`."""
        unit = "" if self.unit in PURE else f", {self.unit}"
        return f"{self.label}{unit}" + (f" ({self.better} is better)" if self.better else "")

    def problem(self, value: float | None, unit: str) -> str | None:
        """What is wrong with a number, in words, or None."""
        if unit not in self.units:
            return f"unit {unit!r}; it is defined in {self.units[0]!r}"
        if value is None or (self.infinite and value == math.inf):
            return None
        if not math.isfinite(value):
            return f"{value}; a finite number is needed"
        if not self.low <= value <= self.high:
            return f"{value:g}; allowed are {self.low:g} to {self.high:g}"
        return None


PURE = ("1", "times")
"""Units that are no unit."""


def _names(package: str, folders: bool) -> list[str]:
    """Names of the modules, or of the folders, of a package of this program."""
    folder = Path(__file__).parents[1].joinpath(*package.split("."))
    return sorted(found.name for found in pkgutil.iter_modules([str(folder)]) if found.ispkg == folders)


@cache
def kinds() -> tuple[str, ...]:
    """Kinds of record that hold quantities."""
    return tuple(_names(ROOM, folders=True))


@cache
def modules(*of: str) -> tuple[str, ...]:
    """Modules that declare the metrics of these kinds of record, or of all if none is named; nothing is imported."""
    return tuple(f"{ROOM}.{kind}.{name}" for kind in of or kinds() for name in _names(f"{ROOM}.{kind}", folders=False))


@cache
def metrics(kind: str) -> Mapping[str, Metric]:
    """The metrics of a kind of record by name, in their order; none for a kind without quantities.

    Raises:
        PixelwiseError: If a declaration is wrong, or two have one name; the message names the module.
    """
    found: dict[str, Metric] = {}
    for module in modules(kind) if kind in kinds() else ():
        try:
            declared = importlib.import_module(module).METRICS
        except ValidationError as error:
            raise PixelwiseError(f"{module}: {line(error, Metric)}") from None
        except AttributeError:
            raise PixelwiseError(f"{module}: declares no METRICS; a list of pixelwise.quantities.Metric") from None
        for metric in declared:
            if metric.name in found:
                raise PixelwiseError(f"{module}: {metric.name}: another metric of kind {kind} has this name")
            found[metric.name] = metric
    return dict(sorted(found.items(), key=lambda entry: (entry[1].order, entry[0])))


def shown(kind: str, where: Shown) -> dict[str, Metric]:
    """The metrics of a kind that readers see at a place, in their order."""
    return {name: metric for name, metric in metrics(kind).items() if where in metric.shown}


def computed(kind: str) -> dict[str, Callable[..., Any]]:
    """The functions of a kind's metrics that have one, in their order."""
    return {name: metric.compute for name, metric in metrics(kind).items() if metric.compute}


def rising(numbers: Sequence[float]) -> bool:
    """Whether numbers (the lower end of an interval, its value, the upper end) do not fall, rounding apart."""
    slack = ROUNDING * max((abs(number) for number in numbers if math.isfinite(number)), default=0.0)
    return all(a <= b + slack for a, b in pairwise(numbers))


def quantity(kind: str, name: str) -> Metric | None:
    """The metric of a number, or None if there is none of this name."""
    declared = metrics(kind)
    if name in declared and not declared[name].classes:
        return declared[name]
    return next((metric for metric in declared.values() if metric.classes and name.startswith(f"{metric.name}_")), None)


def _from_json(value: Any) -> Any:
    if value == INFINITY and isinstance(value, str):
        return math.inf
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f'a number, or "{INFINITY}" where that is a value, is needed')
    return value


def to_json(value: float | None) -> float | str | None:
    """A number as JSON files hold it."""
    return INFINITY if value == math.inf else value


Number = Annotated[
    float, Field(allow_inf_nan=True), BeforeValidator(_from_json), PlainSerializer(to_json, when_used="json")
]
"""A number that JSON may hold as the text "Infinity"."""
