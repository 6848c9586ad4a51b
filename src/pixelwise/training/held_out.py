"""PSNR on photographs kept out of a denoiser's training, along it: whether more steps would still help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pixelwise.artifacts import write_text
from pixelwise.data.pack import Pack
from pixelwise.errors import PixelwiseError
from pixelwise.training.machine import Machine
from pixelwise.training.randomness import generator

TABLE = "held_out.csv"
COLUMNS = ("step", "presentations", "psnr")
POINTS = 25
"""Times that the photographs are scored in a training; a multiple of `FIFTH`."""
FIFTH = 5


def photographs(folder: Path, held_out: int) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    """The last `held_out` photographs of the training split, uint8 [H, W] or [H, W, 3].

    Raises:
        PixelwiseError: If no photograph would be left to train on.
    """
    pack = Pack(folder, "train")
    if held_out >= len(pack):
        raise PixelwiseError(f"held_out: {held_out}; {folder} holds {len(pack)} training images, one must be left")
    return [pack.image(i) for i in range(len(pack) - held_out, len(pack))]


class HeldOut:
    """Scores a network in training on photographs that it never sees, with the same noise every time.

    Args:
        folder: Prepared photographs.
        held_out: How many are kept out.
        sigma: Noise level on the 0-255 scale; of a range the middle.
        machine: Where to compute.
        work: Folder of the growing table, which survives an interruption.
    """

    def __init__(
        self, folder: Path, held_out: int, sigma: float | tuple[float, float], machine: Machine, work: Path
    ) -> None:
        self.sigma = sum(sigma) / 2 if isinstance(sigma, tuple) else sigma
        self.machine, self.file = machine, work / TABLE
        self.pairs: list[tuple[Tensor, Tensor]] = []
        for number, image in enumerate(photographs(folder, held_out)):
            planes = image[None] if image.ndim == 2 else np.moveaxis(image, 2, 0)
            clean = torch.from_numpy(np.array(planes, np.float32))[None] / 255.0
            drawn = torch.randn(clean.shape, generator=generator("cpu", "held out", number))
            self.pairs.append((clean, clean + drawn * (self.sigma / 255.0)))

    def due(self, done: int, steps: int) -> bool:
        """Whether the photographs are scored after `done` of `steps` steps."""
        return done > 0 and done * POINTS // steps > (done - 1) * POINTS // steps

    @torch.no_grad()
    def psnr(self, network: nn.Module, guided: bool) -> float:
        """Mean over the photographs in dB, peak 1, unclipped; they are cut to whole tiles. The network stays in use."""
        multiple = int(getattr(getattr(network, "legal", None), "multiple", 1))
        network.eval()
        found = []
        for pair in self.pairs:
            height, width = (side - side % multiple for side in pair[0].shape[2:])
            clean, degraded = (image[..., :height, :width].to(self.machine.device) for image in pair)
            estimate = network(degraded, guide=clean) if guided else network(degraded)
            found.append(-10.0 * (estimate.float() - clean).square().mean().clamp(min=1e-10).log10())
        network.train()
        return float(torch.stack(found).mean())

    def note(self, network: nn.Module, guided: bool, done: int, batch: int) -> None:
        """Score the network after `done` steps and write the table anew, without rows of later steps."""
        if self.machine.rank > 0:
            return
        lines = self.file.read_text(encoding="utf-8").splitlines()[1:] if self.file.is_file() else []
        kept = [line for line in lines if int(line.split(",")[0]) < done]
        kept.append(f"{done},{done * batch},{self.psnr(network, guided):.9g}")
        write_text(self.file, "\n".join([",".join(COLUMNS), *kept, ""]))

    def publish(self, out: Path) -> dict[str, Any]:
        """Copy the table to a finished training's outputs; what `training.json` says of it.

        Returns:
            `images`, `sigma`, `psnr` at the end and `gain_last_fifth`, both in dB; None where there are too few points.
        """
        text = self.file.read_text(encoding="utf-8")
        write_text(out / TABLE, text)
        points = [float(line.split(",")[2]) for line in text.splitlines()[1:]]
        last = len(points) // FIFTH
        gain = points[-1] - points[-1 - last] if last else None
        return {"images": len(self.pairs), "sigma": self.sigma, "psnr": points[-1], "gain_last_fifth": gain}
