"""Initial weights by the names that the settings use."""

from __future__ import annotations

from torch import nn

from pixelwise.errors import PixelwiseError
from pixelwise.models import declarations, init, registry

PYTORCH = "pytorch"  # leave what the layers' constructors drew


def network(module: nn.Module, name: str, scheme: str) -> None:
    """Initialise a network: `xavier`, `normal`, `official`, `pytorch`, or a scheme that its model declares.

    `official`, where no model declares its own, is what the published training of SPADE arrives at on a graphics card:
    Xavier, but spectrally normalised layers keep PyTorch's defaults, since the initialisation writes to a stale alias
    of their weights.

    Args:
        module: Changed in place.
        name: Its model.
        scheme: As above.

    Raises:
        PixelwiseError: If the scheme is unknown, or fits no layer of the network.
    """
    if scheme == PYTORCH:
        return
    before = [value._version for value in module.parameters()]  # counts changes in place
    if scheme in declarations.model(name).initialisations:
        registry.function(name, "initialise")(module, scheme)
    elif scheme in ("xavier", "official"):
        init.xavier(module, stale_alias=scheme == "official")
    elif scheme == "normal":
        init.normal(module)
    else:
        raise PixelwiseError(f"{name}: initialisation {scheme!r}; the model declares no such scheme")
    if before == [value._version for value in module.parameters()]:
        raise PixelwiseError(f"{name}: initialisation {scheme!r} fits none of its layers; {PYTORCH} keeps them")


def discriminator(module: nn.Module, name: str, scheme: str, generators: str) -> None:
    """Initialise a discriminator: as a generator, or `official`: the generator's, as published code has it."""
    if scheme == "official" and generators in ("xavier", "official"):
        init.xavier(module, stale_alias=True)
        return
    network(module, name, generators if scheme == "official" else scheme)
