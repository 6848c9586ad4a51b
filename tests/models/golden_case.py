"""One golden file of an official implementation, and the tolerances it is compared with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from torch import Tensor

from pixelwise.data import semantics


@dataclass
class Golden:
    """Metadata and tensors of one file."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]

    @classmethod
    def read(cls, path: Path) -> Golden:
        with safe_open(path, "pt") as stream:
            tensors = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118
            return cls(json.loads(stream.metadata()["config"]), tensors)

    @property
    def options(self) -> dict[str, Any]:
        return self.config.get("options") or self.config["config"]

    def below(self, prefix: str) -> dict[str, Tensor]:
        return {key.removeprefix(prefix): value for key, value in self.tensors.items() if key.startswith(prefix)}

    def semantics(self) -> Tensor:
        """The generator's input."""
        if "input/label" not in self.tensors:
            return self.tensors["input/image"]
        labels = self.options.get("label_nc", 35)
        return semantics(self.tensors["input/label"], self.tensors.get("input/instance"), labels)


def close(found: Tensor, wanted: Tensor, most: float, mean: float) -> None:
    """Assert the maximal and the mean absolute difference."""
    assert found.shape == wanted.shape
    difference = (found.double() - wanted.double()).abs()
    assert difference.max() <= most and difference.mean() <= mean, (difference.max(), difference.mean())
