"""A trained generator as a function from label maps to pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pixelwise.data import semantics
from pixelwise.errors import PixelwiseError
from pixelwise.models import checkpoint
from pixelwise.models.registry import full_options


class Generator:
    """A generator that takes label maps, from a checkpoint.

    Args:
        path: Checkpoint written by training or conversion.
        device: Where it computes.

    Attributes:
        num_labels: Number of label ids; legal are 0 to num_labels - 1.
        instance_edge: Whether it needs an instance map.
        dontcare: Whether the last id stands for 255, "don't care", in the files of its training data.
        info: What the checkpoint says about itself.

    Raises:
        PixelwiseError: If the file is no checkpoint, or the model takes no label maps or makes no colour pictures.
    """

    def __init__(self, path: Path, device: torch.device | str = "cpu") -> None:
        self.module, self.info = checkpoint.load(path, device)
        self.device = torch.device(device)
        options = full_options(self.info["name"], self.info["options"])
        if "num_labels" not in options or options.get("dense_channels") is not None:
            raise PixelwiseError(f"{path}: {self.info['name']}; a generator that takes label maps is needed")
        if options["output_channels"] != 3:
            raise PixelwiseError(f"{path}: makes {options['output_channels']} channels; 3 are needed")
        self.num_labels, self.instance_edge = int(options["num_labels"]), bool(options["instance_edge"])
        self.by_ids = bool(getattr(self.module, "takes_ids", False))
        self.dontcare = bool(self.info.get("extra", {}).get("dontcare", False))

    @torch.inference_mode()
    def __call__(self, labels: NDArray[np.uint8 | np.int32], instances: NDArray[np.int32] | None) -> NDArray[np.uint8]:
        """Make pictures.

        Args:
            labels: Ids [N, H, W], 0 to num_labels - 1.
            instances: Instance ids of the same shape; unused if the generator needs none.

        Returns:
            uint8 [N, H, W, 3], values truncated.

        Raises:
            PixelwiseError: If an id or a size is not legal, or instances are needed and None.
        """
        if self.instance_edge and instances is None:
            raise PixelwiseError(f"{self.info['name']}: needs an instance map beside the label map")
        label = torch.from_numpy(np.array(labels)).to(self.device)
        instance = torch.from_numpy(np.array(instances)).to(self.device) if self.instance_edge else None
        planes = semantics(label, instance, self.num_labels)
        return to_bytes(self.module(planes, label) if self.by_ids else self.module(planes))


def to_bytes(images: Tensor) -> NDArray[np.uint8]:
    """[-1, 1] images [N, 3, H, W] -> uint8 [N, H, W, 3] by (x + 1) / 2 * 255, clipped, truncated.

    Source: docs/reference/protocols.md, "Saved pictures".

    Example:
        >>> to_bytes(torch.tensor([-2.0, 0.0, 0.999]).reshape(1, 3, 1, 1)).ravel().tolist()
        [0, 127, 254]
    """
    scaled = ((images.float() + 1) / 2 * 255).clamp(0, 255)
    return np.asarray(scaled.permute(0, 2, 3, 1).cpu().numpy().astype(np.uint8))
