"""What the optimised generators are made of: an engine for each kind of device, and the layers it prepares.

An engine brings the weights into the layout its device likes; when the module's weights change, it must do so again. A
convolution that reflects at the border expects its input to be padded by the layer before it, see `Layer`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor, nn

from pixelwise.models.layers import SpectralConv2d, SpectralConvTranspose2d
from pixelwise.models.pixelwise_stream import Form

Convolution = nn.Conv2d | nn.ConvTranspose2d


class Inputs(NamedTuple):
    """A generator's input: label ids with the instance edge where used, or a dense image.

    Attributes:
        labels: [N, H, W] uint8 ids in [0, num_labels), contiguous, or None.
        edge: [N, 1, H, W] uint8 instance edge, contiguous, or None.
        dense: [N, C, H, W] floating point, or None.
    """

    labels: Tensor | None
    edge: Tensor | None
    dense: Tensor | None


class Layer(Protocol):
    """Convolution, instance norm, ReLU, sum with a shortcut, reflection padding of the result."""

    def __call__(self, image: Tensor, relu: bool = True, shortcut: Tensor | None = None, pad: int = 0) -> Tensor:
        """[N, C, H, W] -> [N, C', H' + 2 pad, W' + 2 pad]; `shortcut` is [N, C', H', W']."""


class First(Protocol):
    """The first convolution of a generator, with instance norm and ReLU."""

    def __call__(self, inputs: Inputs, pad: int = 0) -> Tensor:
        """[N, ., H, W] -> [N, C', H / factor + 2 pad, W / factor + 2 pad]."""


class Function(Protocol):
    """A prepared map from an image to an image."""

    def __call__(self, image: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, C', H', W']."""


class Stream(Protocol):
    """Prediction of the parameter grid and the pixelwise stream."""

    def __call__(self, image: Tensor, labels: Tensor | None, dense: Tensor | None, form: Form) -> Tensor:
        """[N, C, h, w], ids or None, further channels or None -> [N, outputs, h tile, w tile]; see `pixelwise_mlp`."""


class Engine(Protocol):
    """Prepares layers for one kind of device and one precision."""

    def layer(self, conv: Convolution, norm: nn.InstanceNorm2d | None) -> Layer:
        """A convolution (without its bias, which the norm cancels) and its instance norm; None: one without affine."""

    def first(self, conv: nn.Conv2d, norm: nn.InstanceNorm2d | None, factor: int) -> First:
        """The first layer; its input is shrunken by a tent filter of step `factor`."""

    def last(self, conv: nn.Conv2d, relu: bool = False) -> Function:
        """A convolution with bias on an input that is padded already if it reflects, then ReLU if wanted."""

    def stream(self, head: nn.Conv2d) -> Stream:
        """A 1x1 convolution with bias, whose channels are the parameters of the tiles' networks, and these networks."""


def effective_weight(conv: Convolution) -> Tensor:
    """The weight that a convolution uses, divided by its spectral norm where it has one."""
    if isinstance(conv, SpectralConv2d | SpectralConvTranspose2d):
        return conv.normalised_weight().detach()
    return conv.weight.detach()


def border(conv: Convolution) -> tuple[int, int]:
    """Padding of a convolution: (by the convolution with zeros, by the layer before it with reflection)."""
    padding = int(conv.padding[0])
    return (0, padding) if conv.padding_mode == "reflect" else (padding, 0)
