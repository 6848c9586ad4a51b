"""ASAP-Net's generator: a low-res stream predicts, for every tile, the weights of a per-pixel network.

Source: docs/reference/models.md, "ASAP-Net" (tamarott/ASAPNet models/networks/generator.py; paper, arXiv
2012.02992, section 3).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from pixelwise.errors import PixelwiseError
from pixelwise.models.declaration import GENERATING, Generator, Look, Model, Recipe, Width
from pixelwise.settings.base import Flag

Side = Annotated[int, Field(ge=2, le=1024, strict=True)]


class Options(Generator):
    """Options of ASAP-Net.

    Attributes:
        width: Channels of the low-res stream before its last strided convolution.
        tile: Side S of a tile: total downsampling of the low-res stream (16 / 32 / 64), a power of two.
        learned_factor: Part of `tile` done by strided convolutions; a fixed tent filter does the rest.
        max_width: Channels after the last strided convolution.
        depth: Layers on the grid.
        mlp_width: Hidden channels of the per-pixel networks.
        mlp_depth: Layers of the per-pixel networks.
        padding: "zero" or "reflection", in the low-res stream's 3x3 convolutions.
        position_code: Whether the per-pixel networks see the position code.
        drop_last: Whether the last input channel goes to the low-res stream only; by default iff it is the instance
            edge. (The official option lr_instance; on without an instance edge it drops the last label:
            docs/reference/models.md, "ASAP-Net options".)
        residual: Whether the result is added to the dense input's first `output_channels` channels (restoration).
        output: Function after the last layer, "tanh" or "linear".
        norm: "instance" or "none", in the low-res stream. Without norms its convolutions have biases, and need the
            initialisation `he`.
    """

    tile: Side | None = None
    learned_factor: Side | None = None
    max_width: Width | None = None
    depth: Annotated[int, Field(ge=0, le=200, strict=True)] | None = None
    mlp_width: Width | None = None
    mlp_depth: Annotated[int, Field(ge=2, le=50, strict=True)] | None = None
    padding: Literal["zero", "reflection"] | None = None
    position_code: Flag | None = None
    drop_last: Flag | None = None
    residual: Flag | None = None
    output: Literal["tanh", "linear"] | None = None
    norm: Literal["instance", "none"] | None = None

    @model_validator(mode="after")
    def _powers(self) -> Self:
        for name, value in {"tile": self.tile, "learned_factor": self.learned_factor}.items():
            if value is not None and value & (value - 1):
                raise ValueError(f"{name} {value}; allowed are powers of two from 2 on")
        factor, tile = self.learned_factor or 16, self.tile or 16
        if factor > tile:
            raise ValueError(f"learned_factor {factor} with tile {tile}; at most the tile")
        return self

    def least(self) -> tuple[int, int]:
        """What height and width must be multiples of, and the least of them."""
        tile = self.tile or 16
        return tile, 2 * tile if self.padding == "reflection" else tile


_REPORT = "MelakuNe/Machine-Learning-Project-2023 @93f60fd"
_DENOISER = {"batch": 8, "learning_rate": 1e-4, "initialisation": "xavier"}
MODEL = Model(
    name="asapnet",
    tasks=GENERATING,
    options=Options,
    network="AsapNet",
    input="labels",
    look=Look("ASAP-Net", "#0072B2", "o", ("#0072B2", "#56B4E9", "#004A75", "#3A8FC7", "#8CC9F0", "#00304D")),
    recipes={
        "translation": {
            "asapnet": Recipe(
                "tamarott/ASAPNet @f27f202: options/, data/cityscapes_dataset.py, models/pix2pix_model.py", {}, 300
            ),
            "report_asapnet": Recipe(
                f"{_REPORT}: ASAPNet/ (ASAP-Net's defaults, batch 32 changed to 8)", {"batch": 8}, 300
            ),
        },
        "restoration": {
            "asapnet_like_dncnn": Recipe(
                "none published; DnCNN-S's photographs, steps and pixels per step (8 patches of 160x160 = 128 of 40x40)"
                ": nearly whole photographs, since the instance norms learn the statistics of the grid of tiles; Adam "
                "at 1e-4, for the generator overshoots at DnCNN's 1e-3",
                _DENOISER | {"patch": 160, "scales": (1.0, 0.9), "loss": "l2"},
                50 * 8 * 1600,
            ),
            "report_asapnet": Recipe(
                f"{_REPORT}: Denoising.py (generator step of ASAP-Net's trainer alone)",
                _DENOISER
                | {"patch": 256, "stride": 256, "scales": (1.0,), "augment": "none"}
                | {"betas": (0.0, 0.9), "epochs_per_rate": (50,), "loss": "perceptual"},
                50 * 432,
            ),
        },
    },
    initialisations=("he",),
    image_options="pixelwise.models.network_options:dense_image",
    guided=True,
    optimised="pixelwise.models.fast.asapnet_form:prepared",
    published="pixelwise.models.asapnet_direct:DirectAsapNet",
    official="pixelwise.models.official.asapnet_names",
    facts="pixelwise.models.asapnet_facts:facts",
    counted={
        "asapnet_facades512": {"num_labels": 13, "instance_edge": False, "tile": 32, "padding": "reflection"},
        "asapnet_facades1024": {"num_labels": 13, "instance_edge": False, "tile": 64, "padding": "reflection"},
        "asapnet_gray": {"instance_edge": False, "dense_channels": 1, "output_channels": 1},
    },
    memory=(83.2, 1.83),
    small={"width": 8, "max_width": 32, "depth": 2},
)

import torch
from torch import Tensor, nn

from pixelwise.models.init import xavier
from pixelwise.models.label_ids import exact_labels
from pixelwise.models.layers import InputShape, check_labels, input_channels, one_of
from pixelwise.models.lowres_stream import LowResStream, Norm, Padding
from pixelwise.models.pixelwise_stream import Form, Output, parameter_count, pixelwise_mlp, position_channels
from pixelwise.models.tent import tent_downsample, tent_of_labels


class AsapNet(nn.Module):
    """Generator from semantics, or from a dense image, to an image; `Options` says what its arguments are."""

    def __init__(
        self,
        num_labels: int = 35,
        instance_edge: bool = True,
        dense_channels: int | None = None,
        output_channels: int = 3,
        tile: int = 16,
        learned_factor: int = 16,
        width: int = 64,
        max_width: int = 1024,
        depth: int = 7,
        mlp_width: int = 64,
        mlp_depth: int = 5,
        padding: Padding = "zero",
        position_code: bool = True,
        drop_last: bool | None = None,
        residual: bool = False,
        output: Output = "tanh",
        norm: Norm = "instance",
    ) -> None:
        super().__init__()
        _check_options(tile, learned_factor, mlp_depth)
        for option, value, allowed in (("padding", padding, Padding), ("output", output, Output), ("norm", norm, Norm)):
            one_of("asapnet", option, value, get_args(allowed))
        if residual and (dense_channels is None or dense_channels < output_channels):
            raise PixelwiseError(
                f"asapnet: residual with dense_channels {dense_channels}; at least {output_channels} needed"
            )
        self.channels = input_channels(num_labels, instance_edge, dense_channels)
        self.num_labels = num_labels if dense_channels is None else 0
        self.tile, self.learned_factor, self.padding, self.depth = tile, learned_factor, padding, depth
        self.drop_last = instance_edge if drop_last is None else drop_last
        self.residual, self.output_channels, self.norm = residual, output_channels, norm
        inputs = self.channels - self.drop_last + (position_channels(tile) if position_code else 0)
        widths = (inputs, *[mlp_width] * (mlp_depth - 1), output_channels)
        smallest = 2 * tile if padding == "reflection" else tile
        self.legal = InputShape("asapnet", self.channels, tile, smallest, single=False)
        self.form = Form(tile, widths, 0, position_code, output)
        self.lowres = LowResStream(
            self.channels, parameter_count(widths), learned_factor, width, max_width, depth, padding, norm
        )

    def forward(self, semantics: Tensor, labels: Tensor | None = None, guide: Tensor | None = None) -> Tensor:
        """Make an image.

        Args:
            semantics: [N, C, H, W]: one-hot labels or a dense image, then the instance edge where used. H and W are
                multiples of `tile`; any batch and size, in any order.
            labels: [N, H, W] uint8 ids that the semantics were made of, where known; they are not compared. Without
                them every pass looks for them in the semantics, which on a GPU costs two synchronisations.
            guide: What the low-res stream sees in place of `semantics`, of the same shape: the oracle of a denoiser.

        Returns:
            [N, output_channels, H, W]; in [-1, 1] if the output function is tanh.

        Raises:
            PixelwiseError: If a shape is not legal, or ids are given that the network cannot use or that are out of
                range.
        """
        self.legal.check(semantics.shape)
        if labels is None:
            labels = exact_labels(semantics[:, : self.num_labels]) if self.takes_ids else None
        elif not self.takes_ids:
            raise PixelwiseError("asapnet: label ids given to a generator whose per-pixel networks see no labels")
        else:
            check_labels(labels, self.num_labels)
        if guide is not None and guide.shape != semantics.shape:
            raise PixelwiseError(f"asapnet: guide {tuple(guide.shape)} of an input {tuple(semantics.shape)}")
        grid = self.parameter_grid(semantics if guide is None else guide, labels)
        return self._render(grid, labels, semantics)

    def parameter_grid(self, semantics: Tensor, labels: Tensor | None = None) -> Tensor:
        """Weights of every tile's network: [N, C, H, W] -> [N, H / tile, W / tile, P]; layout in `pixelwise_stream`.

        `labels`, [N, H, W], are the ids in the semantics, where they are known; they only save time.
        """
        self.legal.check(semantics.shape)
        if labels is not None and labels.shape != semantics[:, 0].shape:
            raise PixelwiseError(f"asapnet: labels {tuple(labels.shape)} of semantics {tuple(semantics.shape)}")
        grid: Tensor = self.lowres(self.lowres_input(semantics, labels))
        return grid.float() if grid.dtype in (torch.bfloat16, torch.float16) else grid

    def lowres_input(self, semantics: Tensor, labels: Tensor | None = None) -> Tensor:
        """What the low-res stream sees: the input, or its tent-filtered copy where tile exceeds learned_factor."""
        factor = self.tile // self.learned_factor
        if factor == 1:
            return semantics
        plain = semantics.device.type == "cpu" and semantics.dtype == torch.float32 and not semantics.requires_grad
        if labels is None or not plain or torch.compiler.is_compiling():
            return tent_downsample(semantics, factor)
        further = semantics[:, self.num_labels :]
        return tent_of_labels(labels, further if further.shape[1] else None, self.num_labels, factor)

    @property
    def takes_ids(self) -> bool:
        """Whether the per-pixel networks see all labels, so that an id can select its weight row."""
        return 0 < self.num_labels <= self.channels - self.drop_last

    def _render(self, grid: Tensor, labels: Tensor | None, semantics: Tensor) -> Tensor:
        """Run the pixelwise stream, with label ids or with the whole input as dense channels."""
        channels, num_labels = self.channels - self.drop_last, 0 if labels is None else self.num_labels
        dense = semantics[:, num_labels:channels].to(grid.dtype)
        form = Form(self.form.tile, self.form.widths, num_labels, self.form.position_code, self.form.output)
        image = pixelwise_mlp(grid, labels, dense if dense.shape[1] else None, form)
        return image + semantics[:, : self.output_channels] if self.residual else image


def _check_options(tile: int, learned_factor: int, mlp_depth: int) -> None:
    """Refuse options that make no network."""
    if tile < 2 or tile & (tile - 1):
        raise PixelwiseError(f"asapnet: tile {tile}; allowed are powers of two from 2 on")
    if learned_factor < 2 or learned_factor & (learned_factor - 1) or learned_factor > tile:
        raise PixelwiseError(
            f"asapnet: learned_factor {learned_factor}; allowed are powers of two from 2 to tile = {tile}"
        )
    if mlp_depth < 2:
        raise PixelwiseError(f"asapnet: mlp_depth {mlp_depth}; at least 2")


@torch.no_grad()
def initialise(module: AsapNet, scheme: str) -> None:
    """ASAP-Net's own scheme `he`: He's normal weights in the low-res stream's convolutions, the rest as by `xavier`.

    Xavier's gain of 0.02 leaves nothing of a signal behind eleven layers without norms.
    """
    one_of("asapnet", "initialisation", scheme, ("he",))
    xavier(module)
    for layer in module.lowres.layers:
        torch.nn.init.kaiming_normal_(layer.conv.weight, nonlinearity="relu")
