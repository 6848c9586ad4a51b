"""Sample pictures of a segmenter: photograph, the classes that it sees, and the true ones; void is black."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.data.layout import distinct_colours
from pixelwise.training.sample_pictures import Row, coloured, evaluating, validation


def segmented(
    module: nn.Module, folder: Path, classes: Tensor, count: int, normalisation: tuple[Tensor, Tensor]
) -> list[Row]:
    """What a segmenter sees in validation photographs.

    Args:
        module: The segmenter.
        folder: Prepared data.
        classes: Class of each label id, uint8 [256 or fewer], on the device that computes.
        count: Number of classes.
        normalisation: Mean and deviation of the colours, [3, 1, 1] each.
    """
    palette, (mean, deviation) = list(distinct_colours(count + 1)[1:]), normalisation
    rows: list[Row] = []
    with evaluating(module) as network:
        for pack, i in validation(folder):
            label, image = pack.label(i), np.array(pack.image(i))
            if label is None:
                break
            pixels = torch.from_numpy(image).to(classes.device).permute(2, 0, 1)[None].float() / 255
            logits = network((pixels - mean) / deviation)
            seen = F.interpolate(logits.float(), label.shape, mode="bilinear", align_corners=False).argmax(1)[0]
            found, wanted = seen.byte().cpu().numpy(), classes.cpu().numpy()[label]
            rows.append([image, coloured(found, palette), coloured(wanted, palette)])
    return rows
