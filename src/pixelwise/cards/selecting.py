"""The device of a job by PyTorch: never the processor in silence where a card is there."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import torch

from pixelwise.cards import builds, found, leases
from pixelwise.cards.found import Card
from pixelwise.cards.roomy import roomy
from pixelwise.errors import PixelwiseError

IDLE = 0.9
"""Share of a card's memory that is free where nobody works on it: the driver and a display take some."""


def card(index: int) -> Card:
    """A card as PyTorch sees it."""
    properties = torch.cuda.get_device_properties(index)
    uuid = str(getattr(properties, "uuid", "") or "")
    capability = torch.cuda.get_device_capability(index)
    memory = float(properties.total_memory)
    return Card(index, properties.name, uuid and f"GPU-{uuid.removeprefix('GPU-')}", None, capability, memory)


def usable() -> list[Card]:
    """The cards for which the installed PyTorch holds machine code, by PyTorch's own numbers.

    Raises:
        PixelwiseError: If it sees cards but has code for none.
    """
    if not torch.cuda.is_available():
        return []
    cards, torch_here = [card(index) for index in range(torch.cuda.device_count())], builds.installed()
    fit = [card for card in cards if builds.unfit(card, torch_here) is None]
    if cards and not fit:
        raise PixelwiseError(f"{builds.problem(cards, torch_here)}; {builds.PROCESSOR}")
    return fit


def _refused() -> str | None:
    """Why cards that are there cannot be used, where PyTorch sees none; None where there are none."""
    cards = found.cards()
    if not cards:
        return None
    if known := builds.problem(cards):
        return known
    said = "no CUDA device"
    with contextlib.suppress(Exception):
        torch.cuda.init()  # type: ignore[no-untyped-call]
    try:
        torch.zeros(1, device="cuda")
    except Exception as error:
        said = " ".join(str(error).split()) or said
    return f"{cards[0].name} is there, but PyTorch cannot use it: {said[:200]}"


def _ordered(cards: Sequence[Card]) -> list[Card]:
    """Cards on which nobody else works first."""
    free = {card.uuid: card for card in found.once()}
    here = [free.get(card.uuid, card) for card in cards]
    busy = [bool(c.free is not None and c.memory and c.free < IDLE * c.memory) for c in here]
    return [card for _, card in sorted(zip(busy, cards, strict=True), key=lambda pair: pair[0])]


def _cards(name: str) -> list[Card]:
    """The usable cards where settings name one; none for the processor.

    Raises:
        PixelwiseError: If a card is there and PyTorch cannot use it, or if CUDA is asked for and there is no card.
    """
    if name == "cpu":
        return []
    cards = usable()
    if not cards:
        if refused := _refused():
            raise PixelwiseError(f"device: {name}; {refused}; {builds.PROCESSOR}")
        if name == "cuda":
            raise PixelwiseError("device: cuda; this machine has no usable CUDA device, allowed are cpu and auto")
    return cards


def _leased(cards: Sequence[Card], count: int = 1) -> list[Card]:
    """Lease so many of these cards that the job fits, those first on which nobody else works."""
    names = {card.uuid or f"card-{card.index}": card for card in _ordered(roomy(cards, count))}
    return [names[name] for name in leases.lease(list(names), count=count)]


def reserve(name: str, count: int) -> str | None:
    """Lease a card for each process of a job, until this process ends.

    Args:
        name: "auto", "cpu" or "cuda".
        count: How many processes.

    Returns:
        `CUDA_VISIBLE_DEVICES` for them; None where they compute on the processor.

    Raises:
        PixelwiseError: As `select`, or if there are fewer cards than processes.
    """
    cards = _cards(name)
    if cards and len(cards) < count:
        raise PixelwiseError(f"processes: {count}; each needs a graphics card, and this machine has {len(cards)}")
    visible = found.chosen()
    taken = [card.index for card in (_leased(cards, count) if cards else [])]
    return ",".join(str(index) if visible is None else visible[index] for index in taken) or None


def select(name: str, *, lease: bool = True, place: int | None = None) -> torch.device:
    """The device that settings name; the card is the current one of CUDA from then on.

    On a machine with several cards a job leases one, until its process ends.

    Args:
        name: "auto" (a card where one is there), "cpu" or "cuda".
        lease: Whether a card is leased; a short look at a picture of one's own needs none.
        place: Number of the card for one of several processes of a job, which another one leased for it.

    Raises:
        PixelwiseError: If a card is there and PyTorch cannot use it, or if CUDA is asked for and there is no card.
    """
    cards = _cards(name)
    if not cards:
        return torch.device("cpu")
    if place is not None and place >= len(cards):
        raise PixelwiseError(f"device: {name}; process {place} of this job has no card, there are {len(cards)}")
    card = cards[place or 0]
    if lease and place is None and torch.cuda.device_count() > 1:
        card = _leased(cards)[0]
    device = torch.device("cuda", card.index)
    torch.cuda.set_device(device)
    return device
