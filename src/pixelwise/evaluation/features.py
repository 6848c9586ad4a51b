"""Inception features of images, as pytorch-fid 0.3.0 computes them and after clean-fid's resize.

The network is pytorch-fid's InceptionV3 up to the last average pooling, 2048 features, in its port of TensorFlow's
weights of 2015-12-05. Two ways lead from uint8 pixels to its input [3, 299, 299]:

- `pytorch-fid`: x / 255, torch's bilinear interpolation without low-pass, then 2x - 1.
- `clean-fid` (mode "clean", Parmar et al., CVPR 2022): PIL's bicubic filter per channel on float values, which filters
  when it shrinks, clipped to 0..255 and not rounded, then (x - 128) / 128. clean-fid's package supplies the resize.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from cleanfid.resize import build_resizer
from numpy.typing import NDArray
from pytorch_fid import inception
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.files.tensors import from_safetensors
from pixelwise.terminal import progress

WEIGHTS = "inception.safetensors"
SIDE = 299
DIMENSIONS = 2048


def load_inception(folder: Path, device: torch.device | str = "cpu") -> nn.Module:
    """pytorch-fid's InceptionV3 up to pool3, without its own resize and scaling, in eval mode.

    Args:
        folder: Output of the weights step; `inception.safetensors` holds pytorch-fid's state dict under its own names
            (`Conv2d_1a_3x3.conv.weight`, ...). The classifier `fc` may be absent: no feature depends on it.
        device: Where the network goes.

    Raises:
        PixelwiseError: If the file is missing or unreadable, or a tensor is missing, unknown or of another shape.
    """
    path = folder / WEIGHTS
    state = from_safetensors(path)[0]
    state.setdefault("fc.weight", torch.zeros(1008, DIMENSIONS))
    state.setdefault("fc.bias", torch.zeros(1008))
    download = inception.load_state_dict_from_url
    inception.load_state_dict_from_url = lambda *_, **__: state  # the package can only load from its URL
    try:
        network: nn.Module = inception.InceptionV3([3], resize_input=False, normalize_input=False)
    except RuntimeError as error:
        first = str(error).split("\n\t")[1].strip()
        raise PixelwiseError(f"{path}: {first}; pytorch-fid's state dict is needed") from None
    finally:
        inception.load_state_dict_from_url = download
    return network.eval().to(device)


def network_input(image: NDArray[np.uint8], resize: str) -> Tensor:
    """Resize and scale one image for the network.

    Args:
        image: uint8 [H, W, 3].
        resize: Which way, see the module's text.

    Returns:
        float32 [3, 299, 299], about -1 to 1.
    """
    if resize == "clean-fid":
        pixels = torch.from_numpy(build_resizer("clean")(np.asarray(image))).permute(2, 0, 1)
        return (pixels - 128) / 128
    pixels = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))).float().div(255)
    size = (SIDE, SIDE)
    resized = nn.functional.interpolate(pixels[None], size=size, mode="bilinear", align_corners=False)[0]
    return 2 * resized - 1


@torch.inference_mode()
def extract(
    read: Callable[[int], NDArray[np.uint8]], n: int, network: nn.Module, resize: str, batch: int
) -> NDArray[np.float64]:
    """Features of n images, one row each.

    Args:
        read: Position -> uint8 [H, W, 3]; sizes may differ.
        n: Number of images.
        network: From `load_inception`.
        resize: Way of resizing.
        batch: Images per forward pass; changes the result by rounding only.

    Returns:
        float64 [n, 2048].
    """
    device = next(network.parameters()).device
    rows = np.empty((n, DIMENSIONS))
    for start in range(0, n, batch):
        stop = min(start + batch, n)
        inputs = torch.stack([network_input(read(i), resize) for i in range(start, stop)])
        rows[start:stop] = network(inputs.to(device))[0].flatten(1).cpu().numpy()
        progress.tell(stop, n, "images", part=True)
    return rows
