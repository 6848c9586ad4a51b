"""Remove noise from a picture of the user's own: what `pixelwise denoise` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.apply import own_picture
from pixelwise.evaluation.hardware import select_device
from pixelwise.evaluation.restorer import Restorer
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
    """Denoise a picture of any size, gray or colour, 8 or 16 bit.

    A network for gray images treats red, green and blue one by one; a network for colour refuses gray pictures. A
    network with tiles works in windows of the size of its training patches: on larger pictures its instance norms see
    statistics that it never learned. Opacity, colour profile and depth are kept. The noise is estimated by the network;
    `sigma` is a check, not a knob.

    Args:
        image: Picture to read.
        out: Picture to write; its ending chooses the format.
        checkpoint: Network trained or converted by this project.
        sigma: Noise level of the picture on the 0-255 scale. If given, it must be one that the network was trained for.
        force: Whether a file that stands at `out` may be replaced.
        device: "auto", "cpu" or "cuda".
        threads: Threads on the CPU; torch's own number if None.

    Raises:
        PixelwiseError: If a file is not readable, does not fit the network or cannot hold the result.
    """
    inputs = (image, checkpoint)
    outputs.check(out, inputs, force)
    picture = own_picture.read(image)
    own_picture.check_target(out, picture)
    network = Restorer(checkpoint, select_device(device, threads or torch.get_num_threads()))
    check_level(checkpoint, network.info.get("extra", {}), sigma)
    if network.channels == 3 and picture.pixels.ndim == 2:
        raise PixelwiseError(f"{image}: a gray picture; {checkpoint} needs colour, give a network for gray images")
    restored = picture.with_pixels(network.in_windows(picture.pixels))
    with outputs.written(out, inputs, force) as temporary:
        own_picture.write(temporary, restored)


def check_level(checkpoint: Path, facts: dict[str, Any], sigma: float | None) -> None:
    """Refuse a network that was not trained to remove noise of this level.

    Args:
        checkpoint: File to name in errors.
        facts: What the checkpoint says of its training: `degradation`, and `sigma`, a level or a range.
        sigma: Level on the 0-255 scale, or None if the user named none.

    Raises:
        PixelwiseError: If it was trained for another task or level, or `sigma` is given and its level is not known.
    """
    if facts.get("degradation", "noise") != "noise":
        raise PixelwiseError(f"{checkpoint}: trained against {facts['degradation']}; a network for noise is needed")
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
