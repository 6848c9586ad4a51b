"""A small segmenter to train on any data set: torchvision's ResNet-18 with its feature pyramid."""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated

from pydantic import Field

from pixelwise.errors import PixelwiseError
from pixelwise.models.declaration import Classes, Model, Recipe, Width
from pixelwise.settings.base import Flag, Settings


class Options(Settings):
    """Options of the segmenter.

    Attributes:
        num_classes: Number of classes.
        stages: How many of the four ResNet stages are used; fewer are faster and see less context.
        width: Channels of the pyramid.
        fine: Leave out the stem's max pooling, so that the finest level has stride 2 (for images of 64 to 128 rows).
    """

    num_classes: Classes | None = None
    stages: Annotated[int, Field(ge=1, le=4, strict=True)] | None = None
    width: Width | None = None
    fine: Flag | None = None

    def least(self) -> tuple[int, int]:
        """What height and width must be multiples of, and the least of them."""
        return 1, 32


MODEL = Model(
    name="segmenter",
    tasks=("segmentation",),
    options=Options,
    network="Segmenter",
    recipes={
        "segmentation": {
            "segmenter": Recipe(
                "none published; a small torchvision network for classes that no published segmenter knows",
                {"crop": None, "batch": 8, "epochs": 60, "learning_rate": 0.02, "schedule": "poly"}
                | {"zoom": (0.75, 1.5), "initialisation": "pytorch"},
                60,
            )
        }
    },
    memory=(11.4, 0.48),
    small={"stages": 2, "width": 8},
)

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import resnet18
from torchvision.ops import FeaturePyramidNetwork

STAGE_CHANNELS = (64, 128, 256, 512)  # of ResNet-18's four stages


class Segmenter(nn.Module):
    """ResNet-18 stages, a feature pyramid down to stride 4 (or 2), and a linear classifier on the sum of its levels.

    Trained from scratch: no pretrained weights are used. `Options` says what its arguments are.
    """

    mean = (0.485, 0.456, 0.406)
    std = (0.229, 0.224, 0.225)
    """The input is (RGB in [0, 1] - mean) / std."""

    def __init__(self, num_classes: int = 19, stages: int = 4, width: int = 64, fine: bool = False) -> None:
        super().__init__()
        if not 1 <= stages <= len(STAGE_CHANNELS):
            raise PixelwiseError(f"segmenter: stages {stages}; allowed are 1..{len(STAGE_CHANNELS)}")
        backbone = resnet18(weights=None)
        pool: list[nn.Module] = [] if fine else [backbone.maxpool]
        self.stem = nn.Sequential(backbone.conv1, backbone.bn1, backbone.relu, *pool)
        layers = (backbone.layer1, backbone.layer2, backbone.layer3, backbone.layer4)
        self.stages = nn.ModuleList(layers[:stages])
        self.pyramid = FeaturePyramidNetwork(list(STAGE_CHANNELS[:stages]), width)
        self.classifier = nn.Conv2d(width, num_classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Classify every pixel.

        Args:
            image: [N, 3, H, W], normalised by `mean` and `std`; any size from 32 pixels on.

        Returns:
            Logits [N, num_classes, H, W].

        Raises:
            PixelwiseError: If the shape is not legal.
        """
        if image.dim() != 4 or image.shape[1] != 3 or min(image.shape[2:]) < 32:
            raise PixelwiseError(
                f"segmenter: input of shape {tuple(image.shape)}; [N, 3, H, W] from 32 pixels on needed"
            )
        features: OrderedDict[str, Tensor] = OrderedDict()
        out: Tensor = self.stem(image)
        for index, stage in enumerate(self.stages):
            out = stage(out)
            features[str(index)] = out
        levels: list[Tensor] = list(self.pyramid(features).values())
        total = levels[0]
        for level in levels[1:]:
            total = total + F.interpolate(level, total.shape[2:], mode="bilinear", align_corners=False)
        logits: Tensor = self.classifier(F.relu(total))
        return F.interpolate(logits, image.shape[2:], mode="bilinear", align_corners=False)
