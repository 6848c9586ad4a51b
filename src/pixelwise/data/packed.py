"""Schemas of the documents beside prepared data: `dataset.json` and the index of each split."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pixelwise.settings.base import Count, Flag, Settings
from pixelwise.settings.base import Text as Word

Byte = Annotated[int, Field(ge=0, le=255, strict=True)]
Side = Annotated[int, Field(ge=1, le=2**20, strict=True)]
Role = Literal["images", "labels", "instances", "blurred"]


class Split(Settings):
    """One split of `dataset.json`: number and names of its examples."""

    n: Count
    names: list[Word]

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if any("/" in name for name in self.names):
            raise ValueError("names must be without /")
        if self.n != len(self.names):
            raise ValueError(f"n is {self.n}; {len(self.names)} names are listed")
        return self


class Facts(Settings):
    """`dataset.json`, see `pixelwise.data.prepare.facts`."""

    kind: Word
    task: Literal["translation", "restoration"] | None = None
    synthetic: Flag
    address: Word = ""
    licence: Word = ""
    citation: Word = ""
    num_labels: Annotated[int, Field(ge=0, le=256, strict=True)] = 0
    label_names: list[Word] = Field(default=[], max_length=256)
    palette: list[tuple[Byte, Byte, Byte]] = Field(default=[], max_length=256)
    eval_map: list[Byte] = Field(default=[], max_length=256)
    eval_names: list[Word] = Field(default=[], max_length=256)
    dontcare: Flag = False
    colours: list[tuple[Byte, Byte, Byte]] = Field(default=[], max_length=256)
    nearest: Flag = False
    direction: Literal["AtoB", "BtoA"] | None = None
    has_instances: Flag = False
    has_blurred: Flag = False
    height: Side | None = None
    width: Side | None = None
    channels: Literal[1, 3] | None = None
    splits: dict[Literal["train", "val"], Split] = Field(default_factory=dict)


class Places(Settings):
    """Where the arrays of one kind of map lie in their flat file."""

    shapes: list[Annotated[list[Side], Field(min_length=2, max_length=3)]]
    offsets: list[Count]

    @model_validator(mode="after")
    def _contiguous(self) -> Self:
        place = 0
        if len(self.shapes) != len(self.offsets):
            raise ValueError(f"{len(self.shapes)} shapes and {len(self.offsets)} offsets; equal numbers needed")
        for shape, offset in zip(self.shapes, self.offsets, strict=True):
            if offset != place:
                raise ValueError(f"offset {offset}; the arrays before it end at {place}")
            place += math.prod(shape)
        return self


class Index(Settings):
    """`<split>.json`: names of the examples, and where each of their maps lies."""

    names: list[Word]
    arrays: dict[Role, Places]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len(set(self.names)) < len(self.names) or any("/" in name for name in self.names):
            raise ValueError("names must be unique and without /")
        if self.names and "images" not in self.arrays:
            raise ValueError("no images")
        for role, places in self.arrays.items():
            if len(places.shapes) != len(self.names):
                raise ValueError(f"{len(places.shapes)} {role} for {len(self.names)} names")
        return self
