"""Where a training computes: device, threads, precision, and the processes that share it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist

from pixelwise.cards.selecting import select
from pixelwise.errors import PixelwiseError
from pixelwise.settings.training import TrainingSettings


@dataclass(frozen=True)
class Machine:
    """Device and share of the work of this process.

    Attributes:
        device: Where tensors live.
        precision: `fp32`, `tf32` or `bf16`.
        channels_last: Memory layout of images and convolutions.
        rank: Number of this process, from 0.
        world: Number of processes.
    """

    device: torch.device
    precision: str = "fp32"
    channels_last: bool = False
    rank: int = 0
    world: int = 1

    def autocast(self) -> AbstractContextManager[None]:
        """Context in which forward passes and losses run."""
        context: AbstractContextManager[None] = torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.precision == "bf16"
        )
        return context

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.world > 1:
            dist.barrier()

    @property
    def layout(self) -> torch.memory_format:
        """Memory format of four-dimensional tensors."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def parts(self, batch: int, accumulate: int) -> list[slice]:
        """The parts of a batch that this process computes, one after the other.

        Raises:
            PixelwiseError: If the batch cannot be divided evenly; gradients would be weighted unevenly.
        """
        if batch % (self.world * accumulate):
            raise PixelwiseError(
                f"batch: {batch}; must be a multiple of {self.world} processes times accumulate {accumulate}"
            )
        size = batch // (self.world * accumulate)
        first = self.rank * accumulate
        return [slice((first + i) * size, (first + i + 1) * size) for i in range(accumulate)]


@contextmanager
def exact_products() -> Iterator[None]:
    """Matrix products in float32, whatever `precision` allows: TF32 has ten bits, coordinates of an image need more."""
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before


@contextmanager
def set_up(settings: TrainingSettings) -> Iterator[Machine]:
    """Set threads and precision, join the other processes of a job that has several, and leave at the end.

    Float32 means float32: TF32 products are off unless `precision` asks for them. Convolution algorithms are chosen by
    trial on graphics cards, so that last bits may differ there from run to run; on processors nothing is random.
    """
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    device = select(settings.device, place=int(os.environ.get("LOCAL_RANK", 0)) if world > 1 else None)
    torch.set_num_threads(settings.threads)
    fast = settings.precision != "fp32"
    torch.backends.cuda.matmul.allow_tf32 = fast
    torch.backends.cudnn.allow_tf32 = fast
    torch.backends.cudnn.benchmark = True
    if world > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=timedelta(minutes=10))
    try:
        machine = Machine(device, settings.precision, settings.channels_last, rank, world)
        yield machine
        # Gloo's threads need the interpreter's lock to let go of their last work, and the end of the group waits
        # for them with that lock held: while this waits, it is free.
        machine.wait()
    finally:
        if world > 1:
            dist.destroy_process_group()
