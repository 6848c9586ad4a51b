"""The loss curve: means over windows of steps, kept on the device so that a graphics card is not waited for."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from pixelwise.errors import PixelwiseError

_NEVER = 2**62


class Curve:
    """Means of the losses over windows of steps, and the first step at which a value was not finite.

    Args:
        names: Names of the values, in the order in which `add` gets them.
        batch: Examples per step, for the column `presentations`.
        device: Where the values arise.
        watched: Further values that must stay finite (gradient norms) but are no part of the curve.
    """

    def __init__(self, names: tuple[str, ...], batch: int, device: torch.device, watched: tuple[str, ...] = ()) -> None:
        self.names, self.batch, self.all_names = names, batch, names + watched
        self.rows: list[tuple[int, list[float]]] = []
        self._sum = torch.zeros(len(self.all_names), dtype=torch.float64, device=device)
        self._count = 0
        self._bad = torch.full((len(self.all_names),), _NEVER, device=device)

    def add(self, step: int, values: Tensor) -> None:
        """Add the values of step `step` (from 1), float [len(names) + len(watched)], without waiting for them."""
        values = values.detach().double()
        self._sum += values
        self._bad = torch.where(values.isfinite(), self._bad, self._bad.clamp(max=step))
        self._count += 1

    def check(self) -> None:
        """Stop the training if a value was not finite.

        Raises:
            PixelwiseError: Naming the first such value and its step.
        """
        bad = self._bad.tolist()
        if min(bad) < _NEVER:
            first = bad.index(min(bad))
            raise PixelwiseError(
                f"training: {self.all_names[first]} is not finite at step {bad[first]}; "
                "lower learning_rate, or use precision fp32"
            )

    def close_window(self, step: int) -> dict[str, float]:
        """End the window at `step`: append its means to the curve and return them.

        Raises:
            PixelwiseError: If a value was not finite.
        """
        self.check()
        means = (self._sum / self._count).tolist()[: len(self.names)]
        self.rows.append((step, means))
        self._sum.zero_()
        self._count = 0
        return dict(zip(self.names, means, strict=True))

    def csv(self) -> str:
        """The curve as text: step, presentations and the losses, a row for each window, nine significant digits."""
        lines = [",".join(["step", "presentations", *self.names])]
        for step, values in self.rows:
            lines.append(",".join([str(step), str(step * self.batch), *(format(value, ".9g") for value in values)]))
        return "\n".join(lines) + "\n"

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        rows = torch.tensor([[step, *values] for step, values in self.rows], dtype=torch.float64)
        return {"rows": rows, "sum": self._sum.cpu(), "count": self._count}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        self.rows = [(int(row[0]), row[1:]) for row in state["rows"].tolist()]
        self._sum.copy_(state["sum"])
        self._count = state["count"]
