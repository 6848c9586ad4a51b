"""DnCNN denoisers, in the two public variants and with the batch norms folded into the convolutions.

Source: docs/reference/models.md, "DnCNN" (SaoYan/DnCNN-PyTorch models.py, cszn/KAIR models/network_dncnn.py and
utils/utils_bnorm.py).
"""

from __future__ import annotations

from typing import Literal, cast, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.models.layers import InputShape

Variant = Literal["saoyan", "kair", "merged"]
BATCH_NORM: dict[Variant, tuple[float, float]] = {"saoyan": (1e-5, 0.1), "kair": (1e-4, 0.9)}
"""eps and momentum (in torch's sense) of each variant's batch norms."""


class DnCNN(nn.Module):
    """Plain 3x3 convolutions that predict the noise; the result is the noisy image minus it, whatever the variant.

    convolution + ReLU; (depth - 2) times convolution + batch norm + ReLU; convolution.

    Args:
        channels: 1 for gray, 3 for colour.
        depth: Number of convolutions: 17 (DnCNN-S), 20 (DnCNN-B, CDnCNN-B).
        width: Hidden channels.
        variant: "saoyan": no biases. "kair": biases, its own batch norm settings. "merged": biases and no batch
            norms, the layout of released files.
    """

    def __init__(self, channels: int = 1, depth: int = 17, width: int = 64, variant: Variant = "saoyan") -> None:
        super().__init__()
        if variant not in get_args(Variant):
            raise PixelwiseError(f"dncnn: variant {variant!r}; allowed are {', '.join(get_args(Variant))}")
        if depth < 3:
            raise PixelwiseError(f"dncnn: depth {depth}; at least 3")
        self.channels, self.variant = channels, variant
        self.legal = InputShape("dncnn", channels)
        widths = [channels, *[width] * (depth - 1), channels]
        self.convs = nn.ModuleList(
            nn.Conv2d(widths[i], widths[i + 1], 3, padding=1, bias=variant != "saoyan") for i in range(depth)
        )
        eps, momentum = BATCH_NORM.get(variant, (0.0, 0.0))
        middle = range(0 if variant == "merged" else depth - 2)
        self.norms = nn.ModuleList(nn.BatchNorm2d(width, eps, momentum) for _ in middle)

    def forward(self, noisy: Tensor) -> Tensor:
        """Noisy image [N, channels, H, W] -> its clean estimate, unclipped.

        Raises:
            PixelwiseError: If the number of channels is wrong.
        """
        return noisy - self.noise(noisy)

    def noise(self, noisy: Tensor) -> Tensor:
        """Noisy image [N, channels, H, W] -> the predicted noise."""
        self.legal.check(noisy.shape)
        image = F.relu_(self.convs[0](noisy))
        for index, conv in enumerate(self.convs[1:-1]):
            image = conv(image)
            if self.variant != "merged":
                image = self.norms[index](image)
            image = F.relu_(image)
        result: Tensor = self.convs[-1](image)
        return result


@torch.no_grad()
def fold(module: DnCNN) -> DnCNN:
    """Fold the batch norms, as in evaluation mode, into the convolutions.

    w' = w gamma / sqrt(var + eps), b' = (b - mean) gamma / sqrt(var + eps) + beta.

    Args:
        module: Any variant.

    Returns:
        A new module of variant "merged" in evaluation mode, on the same device.
    """
    first = cast(nn.Conv2d, module.convs[0])
    merged = DnCNN(module.channels, len(module.convs), first.out_channels, "merged").to(first.weight)
    for index, (source, target) in enumerate(zip(module.convs, merged.convs, strict=True)):
        assert isinstance(source, nn.Conv2d) and isinstance(target, nn.Conv2d) and target.bias is not None
        weight = source.weight
        bias = torch.zeros_like(target.bias) if source.bias is None else source.bias
        if 0 < index <= len(module.norms):
            norm = cast(nn.BatchNorm2d, module.norms[index - 1])
            assert norm.running_mean is not None and norm.running_var is not None
            scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
            weight = weight * scale.view(-1, 1, 1, 1)
            bias = (bias - norm.running_mean) * scale + norm.bias
        target.weight.copy_(weight)
        target.bias.copy_(bias)
    return merged.eval()
