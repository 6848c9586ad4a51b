"""The training loop: steps, loss curve, stopping and going on, the same for every kind of training."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor

from pixelwise.artifacts import write_text
from pixelwise.errors import PixelwiseError
from pixelwise.files.disk import append
from pixelwise.settings.training import TrainingSettings
from pixelwise.training import resume
from pixelwise.training.curve import Curve
from pixelwise.training.machine import Machine
from pixelwise.training.parallel import mean_over_processes
from pixelwise.training.progress_bar import Live
from pixelwise.training.randomness import seed_everything
from pixelwise.training.shown import Row, Shown

AGREE_EVERY = 10
"""Steps after which several cards agree on whether to stop: a scheduler kills half a minute after it asked."""


class Task(Protocol):
    """What is trained.

    Attributes:
        title: Name shown with the progress.
        steps: Steps in all.
        names: Names of the losses, columns of the loss curve.
        watched: Names of further values that must stay finite.
    """

    title: str
    steps: int
    names: tuple[str, ...]
    watched: tuple[str, ...]

    def step(self, step: int) -> Tensor:
        """Do step `step` (from 0); return float [len(names) + len(watched)] on the device.

        Everything random must follow from `step` and the seed alone.
        """
        ...

    def state(self) -> dict[str, Any]:
        """All that the steps so far have changed: networks, optimisers, averages."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Return to a state."""
        ...


class _Stop:
    """Notes that the process was asked to stop."""

    def __init__(self) -> None:
        self.name = ""

    def note(self, number: int, frame: FrameType | None) -> None:
        self.name = signal.Signals(number).name


@contextmanager
def _signals() -> Iterator[_Stop]:
    stop = _Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop.note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Session:
    """One run of the loop over a task."""

    def __init__(self, task: Task, settings: TrainingSettings, machine: Machine, work: Path) -> None:
        self.task, self.settings, self.machine, self.work = task, settings, machine, work
        self.curve = Curve(task.names, settings.batch, machine.device, task.watched)
        self.done, self.digest = 0, ""
        if loaded := resume.load(work / resume.CHECKPOINT, settings):
            state, self.digest = loaded
            self.done = state["step"]
            try:
                if self.done > task.steps:
                    raise ValueError(f"step {self.done} of {task.steps}")
                task.restore(state["task"])
                self.curve.restore(state["curve"])
            except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
                raise PixelwiseError(
                    f"{work / resume.CHECKPOINT}: does not fit this training ({' '.join(str(error).split())[:200]}); "
                    "delete it to train from the start"
                ) from None
        if machine.rank == 0:
            write_text(work / "loss.csv", self.curve.csv())

    def save(self) -> None:
        """Write the checkpoint, unless a value is not finite."""
        self.curve.check()
        if self.machine.rank == 0:
            state = {"step": self.done, "task": self.task.state(), "curve": self.curve.state()}
            self.digest = resume.save(self.work, state, self.settings, self.digest)

    def advance(self) -> Mapping[str, float] | None:
        """Do one step; at the end of a window return its mean losses."""
        seed_everything(self.settings.seed, "step", self.done)
        values = self.task.step(self.done)
        self.done += 1
        self.curve.add(self.done, mean_over_processes(values, self.machine))
        if self.machine.device.type == "cpu":
            self.curve.check()
        if self.done % self.settings.log_every and self.done < self.task.steps:
            return None
        losses = self.curve.close_window(self.done)
        if self.machine.rank == 0:
            append(self.work / "loss.csv", self.curve.csv().splitlines()[-1])
        return losses

    def asked_to_stop(self, stop: _Stop) -> bool:
        """Whether to stop now; several processes must agree, and on cards do so now and then, since it takes a wait."""
        if self.machine.world == 1:
            return bool(stop.name)
        if self.machine.device.type != "cpu" and self.done % AGREE_EVERY and self.done < self.task.steps:
            return False
        asked = torch.tensor(float(bool(stop.name)), device=self.machine.device)
        return bool(mean_over_processes(asked, self.machine) > 0)


def train(
    task: Task,
    settings: TrainingSettings,
    machine: Machine,
    work: Path,
    after: Callable[[int], None] = lambda done: None,
    samples: Callable[[], Sequence[Row]] = tuple,
) -> Curve:
    """Train to the end, from the last checkpoint in `work` if there is one.

    Args:
        task: What is trained.
        settings: How; a checkpoint of other settings is refused.
        machine: Where.
        work: Folder of the checkpoint and the growing loss curve.
        after: Called with the number of steps done, after each; after a resumption perhaps again for some.
        samples: Makes the rows of a sample picture of what the network has learnt.

    Returns:
        The loss curve. The result is the same, on a processor byte for byte, however often the run was interrupted.

    Raises:
        PixelwiseError: If a loss or gradient is not finite, if the checkpoint cannot be used, or if the process got
            SIGTERM or SIGINT; the state is then saved, and the same command continues.
    """
    work.mkdir(parents=True, exist_ok=True)
    session = _Session(task, settings, machine, work)
    silent = machine.rank > 0
    shown = Shown(settings, task.steps, session.done, samples, silent)
    with (
        closing(shown),
        _signals() as stop,
        Live(task.title, task.steps, session.done, settings.batch, silent) as live,
    ):
        while session.done < task.steps:
            losses = session.advance()
            after(session.done)
            live.step(session.done, losses)
            shown.step(session.done, losses)
            if session.asked_to_stop(stop) and session.done < task.steps:
                session.save()
                machine.wait()  # none ends, and so ends the others, before the first one has saved
                raise PixelwiseError(
                    f"{task.title}: stopped by {stop.name or 'another process'} after step {session.done} of "
                    f"{task.steps}; saved in {work}, the same command continues"
                )
            if session.done % settings.checkpoint_every == 0:
                session.save()
    return session.curve
