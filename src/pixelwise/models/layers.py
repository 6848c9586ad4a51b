"""Layers that several architectures share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pixelwise.errors import PixelwiseError

SPECTRAL_EPS = 1e-12  # of the power iteration's normalisation (docs/reference/models.md, "SPADE's discriminator")


def input_channels(num_labels: int, instance_edge: bool, dense_channels: int | None) -> int:
    """Channels of a generator's input: one-hot labels, or those of a dense image, and the instance edge where used."""
    return (num_labels if dense_channels is None else dense_channels) + instance_edge


def one_of(network: str, option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse a word that an option does not know.

    Raises:
        PixelwiseError: With the words that are allowed.
    """
    if value not in allowed:
        raise PixelwiseError(f"{network}: {option} {value!r}; allowed are {', '.join(allowed)}")


class InputShape(NamedTuple):
    """The inputs that a network can take: [N, channels, H, W].

    Attributes:
        name: Network to name in the error.
        channels: Number of channels needed.
        multiple: What H and W must be multiples of.
        smallest: Least H and W.
        single: Whether one position on the coarsest grid will do.
    """

    name: str
    channels: int
    multiple: int = 1
    smallest: int = 1
    single: bool = True

    def check(self, shape: Sequence[int]) -> None:
        """Refuse a shape that the network cannot take.

        Raises:
            PixelwiseError: If the shape is not legal; the message prints it.
        """
        legal = len(shape) == 4 and shape[0] > 0 and shape[1] == self.channels
        if not legal or any(side % self.multiple or side < self.smallest for side in shape[2:]):
            raise PixelwiseError(
                f"{self.name}: input of shape {tuple(shape)}; allowed is [N, {self.channels}, H, W] with H and W "
                f"multiples of {self.multiple}, at least {self.smallest}"
            )
        if not self.single and tuple(shape[2:]) == (self.multiple, self.multiple):
            raise PixelwiseError(
                f"{self.name}: input of shape {tuple(shape)}; instance norm needs two tiles of {self.multiple} or more"
            )

    def check_ids(self, labels: Tensor, edge: Tensor | None, has_edge: bool) -> None:
        """Refuse label ids and an instance edge whose shapes are not [N, H, W] and, if it is used, [N, 1, H, W].

        Raises:
            PixelwiseError: If a shape is not legal, or an edge is missing or superfluous.
        """
        count, *sides = labels.shape
        self.check((count, self.channels, *sides))
        wanted, found = (count, 1, *sides) if has_edge else None, None if edge is None else tuple(edge.shape)
        if found != wanted:
            raise PixelwiseError(f"{self.name}: instance edge of shape {found}; allowed is {wanted}")


def check_labels(labels: Tensor, count: int) -> None:
    """Refuse label ids outside [0, count).

    Raises:
        PixelwiseError: On the CPU; on CUDA it is a device-side assertion, which needs no synchronisation.
    """
    if labels.is_meta or not labels.numel():
        return
    if labels.is_cuda:
        torch._assert_async(((labels >= 0) & (labels < count)).all(), f"a label is not in 0..{count - 1}")
        return
    lowest, highest = (int(value) for value in labels.aminmax())
    if lowest < 0 or highest >= count:
        raise PixelwiseError(f"label {lowest if lowest < 0 else highest} found; allowed are 0..{count - 1}")


def _unit_vector(length: int, device: torch.device) -> Tensor:
    """A random direction; nothing is drawn on the "meta" device, which holds no values."""
    vector = torch.empty(length, device=device)
    return vector if vector.is_meta else F.normalize(vector.normal_(), dim=0)


class _SpectralNorm(nn.Module):
    """Spectral normalisation by power iteration, with the classic names `weight_orig`, `weight_u` and `weight_v`.

    The weight used is `weight_orig` / sigma, sigma = u^T W v, with W the weight as a matrix of one row per output
    channel. A forward pass in training mode first takes one step v = W^T u, u = W v, each normalised; in evaluation
    mode the stored u and v serve as they are. The gradient flows through W, not through u and v. Nothing
    else is stored, so that copies of the module stay independent.
    Source: docs/reference/models.md, "SPADE's discriminator".
    """

    weight_orig: nn.Parameter
    weight_u: Tensor
    weight_v: Tensor

    def _prepare(self, output_axis: int) -> None:
        """Move the parameter `weight` to `weight_orig` and draw u and v."""
        weight = cast(nn.Parameter, self._parameters.pop("weight"))
        rows = weight.shape[output_axis]
        self.output_axis = output_axis
        self.register_parameter("weight_orig", weight)
        self.register_buffer("weight_u", _unit_vector(rows, weight.device))
        self.register_buffer("weight_v", _unit_vector(weight.numel() // rows, weight.device))

    def normalised_weight(self) -> Tensor:
        """The weight divided by its spectral norm, after one power iteration if in training mode; always in float32."""
        if self.weight_orig.is_meta:  # which knows no autocast, and holds no values
            return self._normalised_weight()
        with torch.autocast(self.weight_orig.device.type, enabled=False):
            return self._normalised_weight()

    def _normalised_weight(self) -> Tensor:
        matrix = self.weight_orig.movedim(self.output_axis, 0).flatten(1)
        if self.training:
            with torch.no_grad():
                v = F.normalize(matrix.mT @ self.weight_u, dim=0, eps=SPECTRAL_EPS)
                self.weight_v.copy_(v)
                self.weight_u.copy_(F.normalize(matrix @ v, dim=0, eps=SPECTRAL_EPS))
        sigma = torch.dot(self.weight_u.clone(), matrix @ self.weight_v.clone())
        weight: Tensor = self.weight_orig / sigma
        return weight


class SpectralConv2d(_SpectralNorm, nn.Conv2d):
    """Convolution with spectral normalisation."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take the arguments of `nn.Conv2d`."""
        nn.Conv2d.__init__(self, *arguments, **options)
        self._prepare(output_axis=0)

    def forward(self, image: Tensor) -> Tensor:
        """[N, in, H, W] -> [N, out, H', W']."""
        result: Tensor = self._conv_forward(image, self.normalised_weight(), self.bias)
        return result


class SpectralConvTranspose2d(_SpectralNorm, nn.ConvTranspose2d):
    """Transposed convolution with spectral normalisation; its output channels are the weight's second axis."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take the arguments of `nn.ConvTranspose2d`."""
        nn.ConvTranspose2d.__init__(self, *arguments, **options)
        self._prepare(output_axis=1)

    def forward(self, image: Tensor, output_size: list[int] | None = None) -> Tensor:
        """[N, in, H, W] -> [N, out, H', W']."""
        if output_size is not None:
            raise PixelwiseError("spectral transposed convolution: output_size is set by output_padding alone")
        stride, padding, output_padding = (cast("tuple[int, int]", v) for v in self._geometry())
        return F.conv_transpose2d(image, self.normalised_weight(), self.bias, stride, padding, output_padding)

    def _geometry(self) -> tuple[Any, Any, Any]:
        return self.stride, self.padding, self.output_padding


SPECTRAL = (SpectralConv2d, SpectralConvTranspose2d)
"""The layers whose weights change in a forward pass in training mode."""
