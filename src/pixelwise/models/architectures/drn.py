"""Dilated residual networks (DRN-D) as segmenters; our tensor names are the official ones.

Source: docs/reference/models.md, "DRN network" and "DRN checkpoints" (fyu/drn drn.py and segment.py).
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from pixelwise.errors import PixelwiseError
from pixelwise.models.declaration import Classes, Model, Recipe, Width
from pixelwise.settings.base import Settings


class Options(Settings):
    """Options of the four networks: the number of classes, and the channels of stages 1 to 8."""

    num_classes: Classes | None = None
    widths: Annotated[tuple[Width, ...], Field(min_length=8, max_length=8)] | None = None


_IMAGENET = (("initial weights", "ImageNet", "random"),)
_D22 = Recipe("fyu/drn @d75db2e: README.md and segment.py, D-22", {}, 250, _IMAGENET)
_D105 = Recipe(
    "fyu/drn @d75db2e: README.md and segment.py, D-105",
    {"crop": 840, "batch": 16, "epochs": 500, "schedule": "poly", "zoom": (0.5, 2.0), "rotation": 10.0},
    500,
    _IMAGENET,
)


def _drn(depth: int, memory: tuple[float, float] | None, recipe: Recipe | None = None, usual: str = "") -> Model:
    name = f"drn_d_{depth}"
    return Model(
        name=name,
        tasks=("segmentation",),
        options=Options,
        network=name,
        recipes={"segmentation": {name: recipe}} if recipe else {},
        usual={"segmentation": usual} if usual else {},
        initialisations=("official",),
        official="pixelwise.models.official.drn_names",
        memory=memory,
        small={"widths": (4,) * 8},
    )


MODELS = (
    _drn(22, (15.9, 3.0), _D22),
    _drn(38, (26.0, 4.5), usual="drn_d_22"),
    _drn(54, None),
    _drn(105, (54.3, 7.43), _D105),
)

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (16, 32, 64, 128, 256, 512, 512, 512)
UPSAMPLING = 8  # output stride of the network, undone by the fixed transposed convolution


def _conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1) -> list[nn.Module]:
    padding = dilation * (kernel // 2)
    return [nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False), nn.BatchNorm2d(outputs)]


class Block(nn.Module):
    """Residual block: 3x3, 3x3 (basic), or 1x1, 3x3, 1x1 to four times the channels (bottleneck); ReLU at the end."""

    def __init__(self, inputs: int, planes: int, stride: int, dilation: int, bottleneck: bool) -> None:
        super().__init__()
        outputs = 4 * planes if bottleneck else planes
        if bottleneck:
            self.conv1, self.bn1 = _conv_norm(inputs, planes, 1)
            self.conv2, self.bn2 = _conv_norm(planes, planes, 3, stride, dilation)
            self.conv3, self.bn3 = _conv_norm(planes, outputs, 1)
        else:
            self.conv1, self.bn1 = _conv_norm(inputs, planes, 3, stride, dilation)
            self.conv2, self.bn2 = _conv_norm(planes, outputs, 3, 1, dilation)
        self.bottleneck = bottleneck
        changes = stride != 1 or inputs != outputs
        self.downsample = nn.Sequential(*_conv_norm(inputs, outputs, 1, stride)) if changes else None

    def forward(self, image: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, outputs, H / stride, W / stride]."""
        out: Tensor = self.bn2(self.conv2(F.relu_(self.bn1(self.conv1(image)))))
        if self.bottleneck:
            out = self.bn3(self.conv3(F.relu_(out)))
        return F.relu_(out + (image if self.downsample is None else self.downsample(image)))


class DRN(nn.Module):
    """DRN-D segmenter: nine stages, a 1x1 classifier and a fixed bilinear upsampling by 8.

    Args:
        blocks: Residual blocks of stages 3 to 6.
        bottleneck: Kind of residual block.
        num_classes: Number of classes.
        widths: Channels (for bottlenecks a quarter of them) of stages 1 to 8; stage 0 has those of stage 1.
    """

    mean = (0.29010095242892997, 0.32808144844279574, 0.28696394422942517)
    std = (0.1829540508368939, 0.18656561047509476, 0.18447508988480435)
    """The input is (RGB in [0, 1] - mean) / std: Cityscapes' own values (docs/reference/models.md, "DRN network")."""

    def __init__(
        self,
        blocks: tuple[int, int, int, int],
        bottleneck: bool = False,
        num_classes: int = 19,
        widths: tuple[int, ...] = WIDTHS,
    ) -> None:
        super().__init__()
        if len(widths) != len(WIDTHS):
            raise PixelwiseError(f"drn: {len(widths)} widths; {len(WIDTHS)} needed")
        factor = 4 if bottleneck else 1
        relu = nn.ReLU(inplace=True)
        stages = [
            nn.Sequential(*_conv_norm(3, widths[0], 7), relu),
            nn.Sequential(*_conv_norm(widths[0], widths[0], 3), relu),
            nn.Sequential(*_conv_norm(widths[0], widths[1], 3, 2), relu),
        ]
        channels = widths[1]
        for count, planes, stride, dilation in zip(blocks, widths[2:6], (2, 2, 1, 1), (1, 1, 2, 4), strict=True):
            first = Block(channels, planes, stride, dilation, bottleneck)
            channels = factor * planes
            rest = [Block(channels, planes, 1, dilation, bottleneck) for _ in range(count - 1)]
            stages.append(nn.Sequential(first, *rest))
        stages.append(nn.Sequential(*_conv_norm(channels, widths[6], 3, 1, 2), relu))
        stages.append(nn.Sequential(*_conv_norm(widths[6], widths[7], 3), relu))
        self.base = nn.Sequential(*stages)
        self.seg = nn.Conv2d(widths[7], num_classes, 1)
        size = 2 * UPSAMPLING
        self.up = nn.ConvTranspose2d(
            num_classes, num_classes, size, UPSAMPLING, UPSAMPLING // 2, groups=num_classes, bias=False
        )
        self.up.weight.requires_grad_(False)
        rising = torch.arange(1, size, 2, dtype=torch.float32, device="cpu") / size
        taps = torch.cat([rising, rising.flip(0)])
        with torch.no_grad():
            self.up.weight.copy_(torch.outer(taps, taps))

    def forward(self, image: Tensor) -> Tensor:
        """Classify every pixel.

        Args:
            image: [N, 3, H, W], normalised by `mean` and `std`.

        Returns:
            Logits [N, num_classes, 8 ceil(H / 8), 8 ceil(W / 8)]: of the input's size for multiples of 8. The
            official code returns their log-softmax.

        Raises:
            PixelwiseError: If the input is not [N, 3, H, W].
        """
        logits: Tensor = self.up(self.lowres_logits(image))
        return logits

    def lowres_logits(self, image: Tensor) -> Tensor:
        """Logits before upsampling: [N, 3, H, W] -> [N, num_classes, ceil(H / 8), ceil(W / 8)]."""
        logits: Tensor = self.seg(self.stages(image)[-1])
        return logits

    def stages(self, image: Tensor) -> list[Tensor]:
        """Outputs of the nine stages.

        Raises:
            PixelwiseError: If the input is not [N, 3, H, W].
        """
        if image.dim() != 4 or image.shape[1] != 3:
            raise PixelwiseError(f"drn: input of shape {tuple(image.shape)}; [N, 3, H, W] needed")
        outputs: list[Tensor] = []
        for stage in self.base:
            image = stage(image)
            outputs.append(image)
        return outputs


def drn_d_22(num_classes: int = 19, widths: tuple[int, ...] = WIDTHS) -> DRN:
    """DRN-D-22: basic blocks 2, 2, 2, 2."""
    return DRN((2, 2, 2, 2), False, num_classes, tuple(widths))


def drn_d_38(num_classes: int = 19, widths: tuple[int, ...] = WIDTHS) -> DRN:
    """DRN-D-38: basic blocks 3, 4, 6, 3."""
    return DRN((3, 4, 6, 3), False, num_classes, tuple(widths))


def drn_d_54(num_classes: int = 19, widths: tuple[int, ...] = WIDTHS) -> DRN:
    """DRN-D-54: bottlenecks 3, 4, 6, 3."""
    return DRN((3, 4, 6, 3), True, num_classes, tuple(widths))


def drn_d_105(num_classes: int = 19, widths: tuple[int, ...] = WIDTHS) -> DRN:
    """DRN-D-105: bottlenecks 3, 4, 23, 3."""
    return DRN((3, 4, 23, 3), True, num_classes, tuple(widths))


@torch.no_grad()
def initialise(module: nn.Module, scheme: str) -> None:
    """`official`, the only scheme: convolutions N(0, sqrt(2 / (k k out))), biases 0, batch norms 1, 0; `up` stays."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0.0, math.sqrt(2 / (layer.weight[0, 0].numel() * layer.out_channels)))
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.ones_(layer.weight)
            nn.init.zeros_(layer.bias)
