"""The one format of every measured number: a record with its protocol, condition, seed, weights and hardware."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pixelwise.artifacts import digest, read_json, write_json
from pixelwise.errors import PixelwiseError

Kind = Literal["latency", "flops", "fid", "segmentation", "restoration", "training", "architecture", "data", "bench"]
Task = Literal["translation", "denoising", "deblurring", "segmentation"]
Scalar = str | int | float | bool | None


class Value(BaseModel):
    """One quantity: its value, unit and, where there is one, its 95 % interval."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    interval: str | None = Field(default=None, description="what it spans: 'bootstrap over images, 95 %', ...")


class Record(BaseModel):
    """What was measured on one subject under one condition.

    Attributes:
        kind: Which evaluation made it.
        model: The subject: a model's name, `a/b` for a ratio or paired difference, or a floor or ceiling such as
            `identity` or `real`.
        dataset: Data set the numbers speak about.
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

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Kind
    task: Task
    model: str
    dataset: str
    protocol: str
    protocol_hash: str = ""
    condition: dict[str, Scalar] = {}
    n: int
    seed: int = 0
    weights_sha256: str | None = None
    synthetic: bool
    short: bool
    values: dict[str, Value]
    hardware: dict[str, Scalar] = {}


def protocol_hash(definition: Any) -> str:
    """First 12 hexadecimal digits of the SHA-256 of a protocol's definition as canonical JSON."""
    return digest(definition)


def dump(path: Path, records: list[Record]) -> None:
    """Write a `metrics.json`."""
    write_json(path, {"records": [record.model_dump() for record in records]})


def load(path: Path) -> list[Record]:
    """Read a `metrics.json`.

    Raises:
        PixelwiseError: If the file is not of this format; the message names the first wrong field.
    """
    document = read_json(path)
    try:
        return [Record.model_validate(record) for record in document["records"]]
    except (KeyError, TypeError):
        raise PixelwiseError(f"{path}: has no list 'records'") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise PixelwiseError(f"{path}: {where}: {first['msg']} (found {first['input']!r})") from None
