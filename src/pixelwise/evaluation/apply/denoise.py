"""Remove noise from pictures of the user's own: what `pixelwise denoise` does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pixelwise.data.suffixes import SUFFIXES
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.apply import batch, own_picture, windows
from pixelwise.evaluation.hardware import select_device
from pixelwise.evaluation.restorer import Image, Restorer
from pixelwise.files import outputs


def denoise(
    image: Path,
    out: Path,
    checkpoint: Path,
    sigma: float | None = None,
    force: bool = False,
    device: str = "auto",
    threads: int | None = None,
) -> None:
    """Denoise a picture of any size, gray or colour, 8 or 16 bit, or each picture of a folder, and say what was made.

    A network for gray images treats red, green and blue one by one; a network for colour refuses gray pictures. A
    network with tiles works in windows of the size of its training patches: on larger pictures its instance norms see
    statistics that it never learned. Others work in windows on pictures of more than `windows.LARGEST` pixels, with the
    same result. Opacity, colour profile, camera data and depth are kept. The noise is estimated by the network; `sigma`
    is a check, not a knob.

    Args:
        image: Picture to read, or a folder of them.
        out: Picture to write; its ending chooses the format. For a folder, the folder to write to.
        checkpoint: Network trained or converted by this project.
        sigma: Noise level of the picture on the 0-255 scale. If given, it must be one that the network was trained for.
        force: Whether files that stand at `out` may be replaced.
        device: "auto", "cpu" or "cuda".
        threads: Threads on the CPU; torch's own number if None.

    Raises:
        PixelwiseError: If a file is not readable, does not fit the network or cannot hold the result.
    """
    work = batch.plan(image, out, SUFFIXES, None, [checkpoint], force, own_picture.look)
    network = Restorer(checkpoint, select_device(device, threads or torch.get_num_threads()))
    check_level(checkpoint, network.info.get("extra", {}), sigma)

    def one(pair: batch.Pair) -> batch.Done:
        started = time.perf_counter()
        picture = own_picture.read(pair.source)
        own_picture.check_target(pair.out, picture)
        if network.channels == 3 and picture.pixels.ndim == 2:
            raise PixelwiseError(
                f"{pair.source}: a gray picture; {checkpoint} needs colour, give a network for gray images"
            )
        try:
            restored, notes = restore(network, picture.pixels)
        except PixelwiseError as error:  # of memory, which names no file
            raise PixelwiseError(f"{pair.source}: {error}") from None
        with outputs.written(pair.out, [pair.source, checkpoint], force) as temporary:
            own_picture.write(temporary, picture.with_pixels(restored))
        notes += own_picture.left_out(pair.out, picture)
        height, width = picture.pixels.shape[:2]
        return batch.Done(pair.out, height, width, time.perf_counter() - started, notes)

    batch.run(work, one, network.info["name"], checkpoint)


def restore(network: Restorer, pixels: Image) -> tuple[Image, tuple[str, ...]]:
    """The restored pixels, and a note if they were made in windows."""
    height, width = pixels.shape[:2]
    if network.patch is not None:
        side = network.patch
        note = (f"in windows of {side}x{side}, as in training",) if max(height, width) > side else ()
        return network.in_windows(pixels), note
    if network.tile > 1 or height * width <= windows.LARGEST:
        return network(pixels), ()
    return windows.with_margins(pixels, reach(network.module), network), (
        f"in windows of {windows.SIDE}x{windows.SIDE}, with the same result",
    )


def reach(module: nn.Module) -> int:
    """Pixels to each side that a pixel of the result depends on at most, for layers that keep the size."""
    convolutions = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]
    return sum(layer.dilation[0] * (layer.kernel_size[0] // 2) for layer in convolutions)


def check_no_oracle(checkpoint: Path, facts: dict[str, Any]) -> None:
    """Refuse a network whose low-res stream was trained on the undegraded image, which nobody has to give it."""
    if facts.get("lowres_input") == "clean":
        raise PixelwiseError(f"{checkpoint}: was trained to see the undegraded image; it is no denoiser")


def check_level(checkpoint: Path, facts: dict[str, Any], sigma: float | None) -> None:
    """Refuse a network that was not trained to remove noise, or not noise of this level.

    Args:
        checkpoint: File to name in errors.
        facts: What the checkpoint says of its training: `degradation`, `lowres_input`, and `sigma`, a level or a range.
        sigma: Level on the 0-255 scale, or None if the user named none.

    Raises:
        PixelwiseError: If it was trained for another task or level, or `sigma` is given and its level is not known.
    """
    if facts.get("degradation", "noise") != "noise":
        raise PixelwiseError(f"{checkpoint}: trained against {facts['degradation']}; a network for noise is needed")
    check_no_oracle(checkpoint, facts)
    if sigma is None:
        return
    if not 0 <= sigma <= 255:
        raise PixelwiseError(f"--sigma: {sigma:g}; 0 to 255 is allowed")
    trained = facts.get("sigma")
    if trained is None:
        raise PixelwiseError(f"{checkpoint}: does not say for which noise it was trained; leave --sigma away")
    low, high = trained if isinstance(trained, list) else (trained, trained)
    if not low <= sigma <= high:
        level = f"{low:g} to {high:g}" if low < high else f"{low:g}"
        raise PixelwiseError(f"--sigma: {sigma:g}; {checkpoint} was trained for {level}")
