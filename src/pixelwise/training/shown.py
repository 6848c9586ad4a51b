"""What a training shows on its way, in `logs/<run>/`: sample pictures, and events where TensorBoard is installed.

The folder stays when the training ends. Without a job there is none, and nothing is shown.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelwise.artifacts import atomic
from pixelwise.settings.training import TrainingSettings
from pixelwise.terminal import progress

Row = Sequence[NDArray[np.uint8]]
PICTURES = 10
"""Sample pictures of a training that does not say how often."""
GAP = 4
NAME = "step-{:08d}.png"


def grid(rows: Sequence[Row]) -> NDArray[np.uint8]:
    """Rows of pictures [H, W, 3] on white, each row below the one before and all in the same columns."""
    heights = [max(picture.shape[0] for picture in row) for row in rows]
    widths = [max(row[place].shape[1] for row in rows) for place in range(len(rows[0]))]
    whole = np.full((sum(heights) + GAP * (len(heights) - 1), sum(widths) + GAP * (len(widths) - 1), 3), 255, np.uint8)
    for number, row in enumerate(rows):
        top = sum(heights[:number]) + GAP * number
        for place, picture in enumerate(row):
            left = sum(widths[:place]) + GAP * place
            whole[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return whole


def _writer(folder: Path, done: int) -> Any:
    """TensorBoard's writer of events; None where TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=done)


class Shown:
    """Shows the losses and the sample pictures of one training.

    Args:
        settings: Of the training.
        steps: Steps in all.
        done: Steps that were done before.
        samples: Makes the rows of a sample picture; none where there is nothing to show.
        silent: Show nothing (all processes but the first).
    """

    def __init__(
        self, settings: TrainingSettings, steps: int, done: int, samples: Callable[[], Sequence[Row]], silent: bool
    ) -> None:
        self._folder = None if silent else progress.pictures()
        every = settings.samples_every
        self._every = max(steps // PICTURES, 1) if every is None else every
        self._steps, self._samples = steps, samples
        self._events = _writer(self._folder, done) if self._folder else None
        if self._folder and not done:  # of an earlier training
            for old in self._folder.glob(NAME.replace("{:08d}", "*")):
                old.unlink()

    def step(self, done: int, losses: Mapping[str, float] | None) -> None:
        """Show what there is to show after `done` steps; `losses` are the latest means, where there are new ones."""
        if self._folder is None:
            return
        if self._events and losses:
            for name, value in losses.items():
                self._events.add_scalar(name, value, done)
        if self._every and (done % self._every == 0 or done == self._steps) and (rows := self._samples()):
            picture = grid(rows)
            with contextlib.suppress(OSError), atomic(self._folder / NAME.format(done)) as temporary:
                Image.fromarray(picture).save(temporary)
            if self._events:
                self._events.add_image("samples", picture, done, dataformats="HWC")

    def close(self) -> None:
        """Write out what is still to be written."""
        if self._events:
            self._events.close()
