"""A trained segmenter applied by a protocol: at which size it looks, at which size and how often it decides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from pixelwise.errors import PixelwiseError
from pixelwise.models import checkpoint

Size = Literal["native", "enlarged"]
MULTI_SCALE = (1.0, 0.5, 0.75, 1.25, 1.5, 1.75)


@dataclass(frozen=True)
class Protocol:
    """How an image becomes a class for each pixel (docs/reference/protocols.md, "Segmentation protocols").

    Attributes:
        image: Size at which the segmenter sees the image: as generated, or enlarged to the label map's size (PIL
            bicubic on uint8).
        decision: Size at which the most probable class is chosen: the image's, or the label map's after enlarging the
            log-probabilities (PIL bilinear).
        scales: Factors of the image (PIL bicubic on uint8, sides rounded down); log-probabilities of all scales are
            brought back by PIL bilinear and summed.
        labels: Size of the label map: of the generated image (nearest), or the enlarged one.
    """

    image: Size = "native"
    decision: Size = "native"
    scales: tuple[float, ...] = (1.0,)
    labels: Size = "native"


PROTOCOLS: dict[str, Protocol] = {
    "native": Protocol(),
    "enlarged": Protocol(image="enlarged", decision="enlarged", labels="enlarged"),
    "N": Protocol(),
    "N-ms": Protocol(scales=MULTI_SCALE),
    "U": Protocol(image="enlarged", decision="enlarged", labels="enlarged"),
    "F": Protocol(decision="enlarged", labels="enlarged"),
}
"""`native` and `enlarged` are N and U (docs/reference/protocols.md, "Segmentation protocols") by our own segmenter."""


class Segmenter:
    """A segmenter from a checkpoint.

    Args:
        path: Checkpoint written by training or conversion; its module has attributes `mean` and `std` (of RGB, 0 to 1).
        classes: Number of classes that the data ask for.
        device: Where it computes.

    Raises:
        PixelwiseError: If the file is no checkpoint of a segmenter, or it knows another number of classes.
    """

    def __init__(self, path: Path, classes: int, device: torch.device | str = "cpu") -> None:
        self.module, self.info = checkpoint.load(path, device)
        if not hasattr(self.module, "mean") or not hasattr(self.module, "std"):
            raise PixelwiseError(f"{path}: {self.info['name']}; a segmenter is needed")
        self.device = torch.device(device)
        self.mean, self.std = (
            torch.tensor(values, device=device)[:, None, None] for values in (self.module.mean, self.module.std)
        )
        found = self.log_probabilities(np.zeros((1, 32, 32, 3), np.uint8)).shape[1]
        if found != classes:
            raise PixelwiseError(f"{path}: {found} classes; the data have {classes}")

    @torch.inference_mode()
    def log_probabilities(self, images: NDArray[np.uint8]) -> Tensor:
        """uint8 [N, H, W, 3] -> float32 log-softmax over classes [N, C, H, W], on the device."""
        pixels = torch.from_numpy(np.array(images)).to(self.device).permute(0, 3, 1, 2).float() / 255
        answer = self.module((pixels - self.mean) / self.std)
        scores: Tensor = answer[0] if isinstance(answer, tuple) else answer
        return scores[..., : images.shape[1], : images.shape[2]].float().log_softmax(1)

    def classify(self, images: NDArray[np.uint8], protocol: Protocol, label_size: tuple[int, int]) -> NDArray[np.uint8]:
        """Most probable class of each pixel.

        Args:
            images: uint8 [N, H, W, 3].
            protocol: How.
            label_size: Height and width of the label maps.

        Returns:
            uint8 [N, h, w] at the size at which the protocol decides.
        """
        if protocol.image == "enlarged":
            images = np.stack([resize_image(image, label_size) for image in images])
        total = self.log_probabilities(images)
        height, width = images.shape[1:3]
        for scale in protocol.scales[1:]:
            small = np.stack([resize_image(image, (int(height * scale), int(width * scale))) for image in images])
            maps = self.log_probabilities(small).cpu().numpy()
            total = total + torch.from_numpy(resize_maps(maps, (height, width))).to(self.device)
        if protocol.decision == "enlarged" and (height, width) != label_size:
            classes = [resize_maps(maps[None], label_size)[0].argmax(0) for maps in total.cpu().numpy()]
            return np.stack(classes).astype(np.uint8)
        return np.asarray(total.argmax(1).to(torch.uint8).cpu().numpy())


def resize_image(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """PIL's bicubic filter on uint8 [H, W, 3], to height and width `size`."""
    return np.asarray(Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.BICUBIC))


def resize_maps(maps: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """PIL's bilinear filter, a low-pass where it shrinks, on each float32 plane of [N, C, H, W]."""
    planes = [
        np.asarray(Image.fromarray(plane).resize((size[1], size[0]), Image.Resampling.BILINEAR))
        for plane in maps.reshape(-1, *maps.shape[2:])
    ]
    return np.stack(planes).reshape(*maps.shape[:2], *size)
