"""ASAP-Net's generator: a low-res stream predicts, for every tile, the weights of a per-pixel network.

Source: docs/reference/models.md, "ASAP-Net" (tamarott/ASAPNet models/networks/generator.py; paper, arXiv
2012.02992, section 3).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError
from pixelwise.models.layers import InputShape, check_labels, input_channels
from pixelwise.models.lowres_stream import ConvNormReLU, LowResStream, Padding
from pixelwise.models.pixelwise_stream import Form, Output, parameter_count, pixelwise_mlp, position_channels
from pixelwise.models.tent import tent_downsample, tent_of_labels

__all__ = ["AsapNet", "ConvNormReLU", "exact_labels"]


class AsapNet(nn.Module):
    """Generator from semantics, or from a dense image, to an image.

    Args:
        num_labels: Number of one-hot label channels; unused if `dense_channels` is given.
        instance_edge: Whether the last input channel is the instance edge.
        dense_channels: Channels of a dense input that takes the place of the labels, e.g. 3 or 1.
        output_channels: Channels of the image made.
        tile: Side S of a tile: total downsampling of the low-res stream (16 / 32 / 64), a power of two.
        learned_factor: Part of `tile` done by strided convolutions; a fixed tent filter does the rest.
        width: Channels of the low-res stream before its last strided convolution.
        max_width: Channels after it.
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
    """

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
    ) -> None:
        super().__init__()
        _check_options(tile, learned_factor, mlp_depth, padding, output)
        if residual and (dense_channels is None or dense_channels < output_channels):
            raise PixelwiseError(
                f"asapnet: residual with dense_channels {dense_channels}; at least {output_channels} needed"
            )
        self.channels = input_channels(num_labels, instance_edge, dense_channels)
        self.num_labels = num_labels if dense_channels is None else 0
        self.tile, self.learned_factor, self.padding, self.depth = tile, learned_factor, padding, depth
        self.drop_last = instance_edge if drop_last is None else drop_last
        self.residual, self.output_channels = residual, output_channels
        inputs = self.channels - self.drop_last + (position_channels(tile) if position_code else 0)
        widths = (inputs, *[mlp_width] * (mlp_depth - 1), output_channels)
        smallest = 2 * tile if padding == "reflection" else tile
        self.legal = InputShape("asapnet", self.channels, tile, smallest, single=False)
        self.form = Form(tile, widths, 0, position_code, output)
        self.lowres = LowResStream(
            self.channels, parameter_count(widths), learned_factor, width, max_width, depth, padding
        )

    def forward(self, semantics: Tensor) -> Tensor:
        """Make an image.

        Args:
            semantics: [N, C, H, W]: one-hot labels or a dense image, then the instance edge where used. H and W are
                multiples of `tile`; any batch and size, in any order.

        Returns:
            [N, output_channels, H, W]; in [-1, 1] if the output function is tanh.

        Raises:
            PixelwiseError: If the shape is not legal.
        """
        self.legal.check(semantics.shape)
        labels = exact_labels(semantics[:, : self.num_labels]) if self.takes_ids else None
        return self._render(self.parameter_grid(semantics, labels), labels, semantics)

    def forward_ids(self, labels: Tensor, edge: Tensor | None = None) -> Tensor:
        """Make an image from label ids, without looking for them in a one-hot tensor (no synchronisation).

        Args:
            labels: [N, H, W] uint8 ids in [0, num_labels).
            edge: [N, 1, H, W] instance edge where used, else None.

        Returns:
            The same as `forward` of the semantics.

        Raises:
            PixelwiseError: If the generator takes no labels, a shape is not legal, or a label is out of range.
        """
        if not self.num_labels:
            raise PixelwiseError("asapnet: forward_ids of a generator with a dense input; it has no labels")
        self.legal.check_ids(labels, edge, self.channels > self.num_labels)
        check_labels(labels, self.num_labels)
        weight = self.lowres.head.weight
        count, height, width = labels.shape
        semantics = weight.new_zeros(count, self.channels, height, width)
        semantics.scatter_(1, labels.long().unsqueeze(1), 1.0)
        if edge is not None:
            semantics[:, self.num_labels :] = edge
        known = labels if self.takes_ids else None
        return self._render(self.parameter_grid(semantics, known), known, semantics)

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
        channels = self.channels - self.drop_last
        num_labels = 0 if labels is None else self.num_labels
        dense = semantics[:, num_labels:channels].to(grid.dtype)
        form = Form(self.form.tile, self.form.widths, num_labels, self.form.position_code, self.form.output)
        image = pixelwise_mlp(grid, labels, dense if dense.shape[1] else None, form)
        return image + semantics[:, : self.output_channels] if self.residual else image


def _check_options(tile: int, learned_factor: int, mlp_depth: int, padding: str, output: str) -> None:
    """Refuse options that make no network."""
    if tile < 2 or tile & (tile - 1):
        raise PixelwiseError(f"asapnet: tile {tile}; allowed are powers of two from 2 on")
    if learned_factor < 2 or learned_factor & (learned_factor - 1) or learned_factor > tile:
        raise PixelwiseError(
            f"asapnet: learned_factor {learned_factor}; allowed are powers of two from 2 to tile = {tile}"
        )
    if mlp_depth < 2:
        raise PixelwiseError(f"asapnet: mlp_depth {mlp_depth}; at least 2")
    if padding not in ("zero", "reflection"):
        raise PixelwiseError(f"asapnet: padding {padding!r}; allowed are 'zero', 'reflection'")
    if output not in ("tanh", "linear"):
        raise PixelwiseError(f"asapnet: output {output!r}; allowed are 'tanh', 'linear'")


@torch.no_grad()
def exact_labels(planes: Tensor) -> Tensor | None:
    """Ids of label planes that are exactly one-hot, else None.

    Args:
        planes: [N, num_labels, H, W] floating point.

    Returns:
        [N, H, W] uint8 (int64 from 257 labels on). None on the "meta" device, where no value is known.
    """
    if planes.is_meta:
        return None
    count = planes.shape[1]
    places = torch.arange(count, device=planes.device, dtype=torch.float32)
    guess = (
        torch.einsum("nchw,c->nhw", planes.detach().float(), places).nan_to_num(0.0).clamp(0, count - 1).round().long()
    )
    pixels = guess.numel()
    ones = planes.gather(1, guess.unsqueeze(1)) == 1
    if int(ones.sum()) != pixels or int(torch.count_nonzero(planes)) != pixels:
        return None
    return guess.to(torch.uint8) if count <= 256 else guess
