"""The one format of every measured number: a record with its protocol, condition, seed, weights and hardware."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pixelwise.artifacts import check_listed, digest, read_json, write_json
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import checked
from pixelwise.quantities import Number, quantity, rising
from pixelwise.settings.base import Hash
from pixelwise.settings.base import Text as Word

Kind = Literal["latency", "flops", "fid", "segmentation", "restoration", "training", "architecture", "data", "bench"]
Task = Literal["translation", "denoising", "deblurring", "segmentation"]
Scalar = str | int | float | bool | None


def _name(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError("a name of printable characters is needed")
    return text


Name = Annotated[Word, AfterValidator(_name)]


class Value(BaseModel):
    """One quantity: its value, unit and, where there is one, its 95 % interval.

    The interval holds the value: `low` <= `value` <= `high`, up to rounding.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: Number | None
    unit: Word
    low: Number | None = None
    high: Number | None = None
    interval: Word | None = Field(default=None, description="what it spans: 'bootstrap over images, 95 %', ...")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if any(number is not None and (math.isnan(number) or number == -math.inf) for number in self._numbers()):
            raise ValueError("not a number")
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high must be given together")
        if not rising([number for number in self._numbers() if number is not None]):
            raise ValueError(f"low {self.low}, value {self.value}, high {self.high}; they must not fall")
        return self

    def _numbers(self) -> tuple[float | None, float | None, float | None]:
        return self.low, self.value, self.high


def measured(value: float, unit: str, low: float | None, high: float | None, interval: str) -> Value:
    """A value with its interval, widened to hold the value where the resampling left it outside.

    An interval that is not defined (every draw lacked the quantity) is left out.
    """
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return Value(value=value, unit=unit)
    return Value(value=value, unit=unit, low=min(low, value), high=max(high, value), interval=interval)


class Run(BaseModel):
    """What was run, whatever its entry is called: records are matched with claims, and joined in figures, by this.

    Attributes:
        architecture: Name of the network; None for a method without one.
        options: Its options that differ from the architecture's defaults; of a method, from its usual ones.
        network: Digest of the architecture and all its options, those that follow from the data too.
        recipe: Published recipe by which it was trained.
        deviations: Setting -> value here, where the training differs from that recipe; options of the network stand
            above, but for those that follow from the data and were set nevertheless.
        data: Kind of the data set on which it was trained.
        weights: Name of the published weights, if the table of these knows the file.
        weights_sha256: Hash of the file of released weights that was converted, as it was published.
        method: A method without a network, such as `bm3d` or `photographs`; or how a network was applied, if not to
            whole images (`windows`).
        treatment: Of a timing: `published`, `eager`, `compiled` or `optimised`.
        training: Hash of the manifest of the training or conversion that the weights come from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    architecture: Name | None = None
    options: dict[Word, Any] = {}
    network: Word = ""
    recipe: Name | None = None
    deviations: dict[Word, Any] = {}
    data: Name | None = None
    weights: Name | None = None
    weights_sha256: Hash | None = None
    method: Name | None = None
    treatment: Name | None = None
    training: Hash | None = None

    @property
    def digest(self) -> str:
        """Digest of all but the training that it came from, so that seeds and repetitions are the same."""
        return digest(self.model_dump(mode="json", exclude={"training"}))


class Record(BaseModel):
    """What was measured on one subject under one condition.

    Attributes:
        kind: Which evaluation made it.
        model: The subject: a model's name, `a/b` for a ratio or paired difference, or a floor or ceiling such as
            `identity` or `real`. A name for people.
        subject: What was run under that name; of `a/b`, what is `a`. None in records of earlier versions.
        rival: Of `a/b`, what is `b`.
        dataset: Data set the numbers speak about, as its entry is called. A name for people.
        data: Kind of that data set, which claims go by; None in records of earlier versions, where the name is it.
        protocol: Name of the measuring protocol; `protocol_hash` fixes its full definition.
        condition: Everything that was held fixed, such as height, width, sigma, batch, precision, device.
        n: Number of images or timed calls.
        seed: Seed of the training run, or of the evaluation where nothing was trained.
        weights_sha256: Hash of the weights measured; None where the subject has none.
        synthetic: True if the data were drawn by a program.
        short: True if the schedule is shorter than the published one, so that the number replicates nothing.
        values: Quantity name -> value, such as `fid`, `miou`, `psnr`, `median`, `ratio`.
        hardware: Processor, accelerator, threads and library versions.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    kind: Kind
    task: Task
    model: Name
    subject: Run | None = None
    rival: Run | None = None
    dataset: Name
    data: Name | None = None
    protocol: Name
    protocol_hash: Word = ""
    condition: dict[Word, Scalar] = {}
    n: int = Field(ge=0, le=10**12, strict=True)
    seed: int = Field(0, ge=0, strict=True)
    weights_sha256: Hash | None = None
    synthetic: bool = Field(strict=True)
    short: bool = Field(strict=True)
    values: dict[Word, Value]
    hardware: dict[Word, Scalar] = {}

    @property
    def source(self) -> str:
        """Kind of the data set, or its name where the record does not tell."""
        return self.data or self.dataset


class Records(BaseModel):
    """What a `metrics.json` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    records: list[Record]


def protocol_hash(definition: Any) -> str:
    """First 12 hexadecimal digits of the SHA-256 of a protocol's definition as canonical JSON."""
    return digest(definition)


def write_records(path: Path, records: list[Record]) -> None:
    """Write a `metrics.json`.

    Raises:
        PixelwiseError: If a quantity is not one of `pixelwise.quantities`, or not in its unit or range.
    """
    _defined(path, records)
    write_json(path, {"records": [record.model_dump(mode="json") for record in records]})


def read_records(path: Path) -> list[Record]:
    """Read a `metrics.json`.

    Raises:
        PixelwiseError: If the file is not of this format, or was changed since the manifest of its folder was written;
            the message names the first wrong field.
    """
    check_listed(path)
    document = read_json(path)
    if not isinstance(document, dict) or not isinstance(document.get("records"), list):
        raise PixelwiseError(f"{path}: has no list 'records'")
    records = checked(Records, document, str(path)).records
    _defined(path, records)
    return records


def _defined(path: Path, records: list[Record]) -> None:
    """Refuse quantities that are not defined, numbers of nothing, and two records of one measurement."""
    seen: set[str] = set()
    for number, record in enumerate(records):
        subject = digest(record.model_dump(mode="json", exclude={"values", "hardware", "n"}) | {"of": [*record.values]})
        if subject in seen:
            raise PixelwiseError(f"{path}: records.{number}: a second record of {record.model} under one condition")
        seen.add(subject)
        if not record.n and any(value.value is not None for value in record.values.values()):
            raise PixelwiseError(f"{path}: records.{number}.n: 0; a number comes from one image or call at least")
        for name, value in record.values.items():
            place = f"{path}: records.{number}.values.{name}"
            wanted = quantity(record.kind, name)
            if wanted is None:
                raise PixelwiseError(f"{place}: no quantity of this name in records of kind {record.kind}")
            for found in (value.value, value.low, value.high):
                if problem := wanted.problem(found, value.unit):
                    raise PixelwiseError(f"{place}: {problem}")
