"""What all settings share: unknown names are refused, values cannot change, errors are one line."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of every settings class."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Compute(Settings):
    """Where a job computes. The number of threads is part of the settings because it changes the last bits of sums."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 1
