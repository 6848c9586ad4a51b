"""DnCNN denoisers, in the two public variants and with the batch norms folded into the convolutions.

Source: docs/reference/models.md, "DnCNN" (SaoYan/DnCNN-PyTorch models.py, cszn/KAIR models/network_dncnn.py and
utils/utils_bnorm.py).
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, cast, get_args

from pydantic import Field

from pixelwise.errors import PixelwiseError
from pixelwise.models.declaration import RESTORING, Look, Model, Recipe, Width
from pixelwise.settings.base import Settings


class Options(Settings):
    """Options of DnCNN.

    Attributes:
        channels: 1 for gray, 3 for colour.
        depth: Number of convolutions: 17 (DnCNN-S), 20 (DnCNN-B, CDnCNN-B).
        width: Hidden channels.
        variant: "saoyan": no biases. "kair": biases, its own batch norm settings. "merged": biases and no batch
            norms, the layout of released files.
    """

    channels: Literal[1, 3] | None = None
    depth: Annotated[int, Field(ge=3, le=200, strict=True)] | None = None
    width: Width | None = None
    variant: Literal["saoyan", "kair", "merged"] | None = None


_MATLAB = (
    ("shrinking", "MATLAB's imresize", "Pillow's bicubic filter"),
    ("moments of batch norm", "of sub-batches of 64", "of the batch"),
)
_BLIND = {"sigma": (0.0, 55.0), "patch": 50}
MODEL = Model(
    name="dncnn",
    tasks=RESTORING,
    options=Options,
    network="DnCNN",
    look=Look("DnCNN", "#009E73", "D", ("#009E73", "#00684C", "#4CC3A2")),
    recipes={
        "restoration": {
            "dncnn_s": Recipe(
                "cszn/DnCNN @e93b278: TrainingCodes/DnCNN_TrainingCodes_v1.1; arXiv 1608.03981 section IV-A",
                {},
                50 * 128 * 1600,
                _MATLAB,
            ),
            "dncnn_b": Recipe(
                "arXiv 1608.03981 section IV-A (patches 50, sigma in [0, 55]); cszn/DnCNN @e93b278 for all else",
                _BLIND,
                50 * 128 * 3000,
                _MATLAB,
            ),
            "cdncnn_b": Recipe(
                "arXiv 1608.03981 section IV-A (432 colour images, patches 50); cszn/DnCNN @e93b278 for all else",
                _BLIND,
                50 * 128 * 6000,
                _MATLAB,
            ),
            "dncnn_saoyan": Recipe(
                "SaoYan/DnCNN-PyTorch @6b08049: train.py, dataset.py (DnCNN-S)",
                {"scales_cumulative": False, "augment": "none", "epochs_per_rate": (29, 21)}
                | {"initialisation": "saoyan"},
            ),
            "dncnn_kair": Recipe(
                "cszn/KAIR @fc1732f: options/train_dncnn.json",
                {"scales": (1.0,), "stride": 1, "augment": "patch", "batch": 64, "learning_rate": 1e-4}
                | {"epochs_per_rate": (1, 1, 1, 1, 1), "rate_factor": 0.5, "steps": 1_000_000, "loss": "l1"}
                | {"initialisation": "kair"},
                64 * 1_000_000,
                (("batch norm", "folded into the convolutions after 400,000 steps", "kept"),),
            ),
        }
    },
    initialisations=("matconvnet", "matconvnet_1.0", "saoyan", "kair"),
    optimised="pixelwise.models.fast.dncnn_form:prepared",
    official="pixelwise.models.official.dncnn_names",
    facts="pixelwise.models.dncnn_facts:facts",
    counted={
        "dncnn_saoyan_17": {"depth": 17, "variant": "saoyan"},
        "dncnn_saoyan_20": {"depth": 20, "variant": "saoyan"},
        "dncnn_kair_17": {"depth": 17, "variant": "kair"},
        "dncnn_merged_20_colour": {"channels": 3, "depth": 20, "variant": "merged"},
    },
    memory=(0.6, 7.95),
    small={"depth": 4},
)

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.models.layers import InputShape, one_of

Scheme = Literal["matconvnet", "matconvnet_1.0", "saoyan", "kair"]
Variant = Literal["saoyan", "kair", "merged"]
BATCH_NORM: dict[Variant, tuple[float, float]] = {"saoyan": (1e-5, 0.1), "kair": (1e-4, 0.9)}
"""eps and momentum (in torch's sense) of each variant's batch norms."""


class DnCNN(nn.Module):
    """Plain 3x3 convolutions that predict the noise; the result is the noisy image minus it, whatever the variant.

    convolution + ReLU; (depth - 2) times convolution + batch norm + ReLU; convolution. `Options` says what the
    arguments are.
    """

    def __init__(self, channels: int = 1, depth: int = 17, width: int = 64, variant: Variant = "saoyan") -> None:
        super().__init__()
        one_of("dncnn", "variant", variant, get_args(Variant))
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


@torch.no_grad()
def initialise(module: DnCNN, scheme: str) -> None:
    """DnCNN's initialisations; biases and shifts are zero in all of them.

    Args:
        module: Network to initialise in place.
        scheme: "matconvnet": convolutions N(0, s) with s = sqrt(2 / (9 * 64)), batch norm scales s * N(0, 1) whose
            magnitude is raised to at least 0.025 with the sign kept; "matconvnet_1.0": the same without raising;
            "saoyan": Kaiming normal convolutions, scales N(0, s) cut to [-0.025, 0.025], the opposite; "kair":
            orthogonal with gain 0.2, scales U(0.1, 1).

    Raises:
        PixelwiseError: If the scheme is unknown.
    """
    one_of("dncnn", "initialisation", scheme, get_args(Scheme))
    spread = math.sqrt(2 / (9 * 64))
    for conv in module.convs:
        assert isinstance(conv, nn.Conv2d)
        if scheme == "saoyan":
            nn.init.kaiming_normal_(conv.weight, a=0, mode="fan_in")
        elif scheme == "kair":
            nn.init.orthogonal_(conv.weight, 0.2)
        else:
            nn.init.normal_(conv.weight, 0.0, spread)
        if conv.bias is not None:
            nn.init.zeros_(conv.bias)
    for norm in module.norms:
        assert isinstance(norm, nn.BatchNorm2d)
        norm.weight.copy_(_scales(norm.weight, scheme, spread))
        nn.init.zeros_(norm.bias)


def _scales(weight: Tensor, scheme: str, spread: float) -> Tensor:
    """Batch norm scales of a scheme, see `initialise`."""
    if scheme == "kair":
        return torch.empty_like(weight).uniform_(0.1, 1.0)
    drawn = torch.empty_like(weight).normal_(0.0, spread)
    if scheme == "saoyan":
        return drawn.clamp(-0.025, 0.025)
    if scheme == "matconvnet":
        return torch.where(drawn < 0, -1.0, 1.0) * drawn.abs().clamp(min=0.025)
    return drawn
