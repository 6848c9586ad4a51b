"""What people read in place of a model's name, and how it is drawn: as the models declare it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from matplotlib.colors import to_hex, to_rgb

from pixelwise.models import declarations
from pixelwise.models.declaration import Look

# Colours: Okabe and Ito's palette, which readers with any common colour blindness can tell apart.
OTHERS: dict[str, Look] = {
    "pix2pix": Look("pix2pix", "#7A7A7A", "v"),
    "sims": Look("SIMS", "#7A7A7A", "P"),
    "cc_fpse": Look("CC-FPSE", "#7A7A7A", "X"),
    "crn": Look("CRN", "#7A7A7A", "h"),
    "bm3d": Look("BM3D", "#A0527F", "p"),
    "tile_wiener": Look("Tile Wiener", "#6E6E6E", ">"),
    "tile_mean": Look("Tile mean", "#8C8C8C", "<"),
    "identity": Look("Noisy input", "#A6A6A6", "x"),
    "identity_8bit": Look("Noisy input, 8 bit", "#A6A6A6", "x"),
    "identity_minmax": Look("Noisy input, min-max 8 bit", "#A6A6A6", "x"),
    "pointwise_oracle": Look("Pointwise curve, oracle", "#8C8C8C", "d"),
    "tile_wiener_oracle": Look("Tile Wiener, oracle", "#6E6E6E", "H"),
    "wiener_known_blur": Look("Wiener, blur known", "#6E6E6E", "8"),
    "real": Look("Real pictures", "#333333", "*"),
    "mean_colour": Look("Mean colour of each class", "#8C8C8C", "d"),
    "shuffled": Look("Shuffled labels", "#A6A6A6", "x"),
}
"""What is no model of this package: published rivals that nobody builds here, methods without training, bounds."""
ORACLE = "_oracle"
"""Ending of the names of what is given the original: a bound, no entry of its network's family."""
FILLS = ("full", "none", "left", "right", "top", "bottom")
STROKES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
"""Fills of a marker and strokes of a line: they tell the entries of one model apart, its marker tells models apart."""
OTHER = "#5A5A8C"
MIXED = (0.0, 0.45, -0.4, 0.25, 0.65, -0.2)
"""Shades of a colour without declared ones: shares of white, or below 0 of black."""
_RUN: ContextVar[Mapping[str, str]] = ContextVar("run", default={})  # noqa: B039 (nothing changes it)


@contextmanager
def shown(models: Mapping[str, str]) -> Iterator[None]:
    """Context of one run: what it calls its networks -> their models. Other names are told by how they begin."""
    token = _RUN.set(models)
    try:
        yield
    finally:
        _RUN.reset(token)


@functools.cache
def _looks() -> dict[str, tuple[str, Look]]:
    """Name of a model, or of a family -> family and look."""
    found: dict[str, tuple[str, Look]] = {name: (name, look) for name, look in OTHERS.items()}
    for name, model in declarations.models().items():
        if model.look:
            family = model.look.family or name
            found[name] = found[family] = (family, model.look)
    return found


def _known(model: str) -> tuple[str, str, Look] | None:
    """What the name of a model begins with, its family and its look; what follows a space is no part of the name."""
    name = model.partition(" ")[0]
    looks = _looks()
    if (declared := _RUN.get().get(name)) in looks:
        family, look = looks[declared]
        stems = [stem for stem in (declared, family) if name.startswith(stem)]
        return max(stems, key=len, default=""), family, look
    if name in looks:
        return name, *looks[name]
    tiled = name.rpartition("_s")[0]
    stems = [stem for stem in looks if (name.startswith(stem) if stem not in OTHERS else stem == tiled)]
    return (stem := max(stems, key=len), *looks[stem]) if stems else None


def family(model: str) -> str:
    """What a model shares its colour with: `asapnet_residual_s8` belongs to `asapnet`, an oracle to nothing.

    >>> family("asapnet_residual_s8"), family("asapnet_residual_s8_oracle")
    ('asapnet', 'asapnet_residual_s8_oracle')
    """
    if model.endswith(ORACLE):
        return model
    known = _known(model)
    return known[1] if known and known[1] not in OTHERS else model


def learned(model: str) -> bool:
    """Whether a name is that of a network, and not of a floor, a bound or a method without learning.

    >>> learned("dncnn_narrow"), learned("tile_wiener_s8"), learned("bm3d"), learned("mine")
    (True, False, False, True)
    """
    known = _known(model)
    return known is None or known[1] not in OTHERS


def label(model: str) -> str:
    """Name for readers: `asapnet_residual` becomes `ASAP-Net residual`; an unknown name stays as it is.

    >>> label("asapnet_residual_s8"), label("tile_wiener_s8"), label("spade_pix2pixhd optimised"), label("resnet")
    ('ASAP-Net residual s8', 'Tile Wiener s8', 'pix2pixHD optimised', 'resnet')
    >>> label("spade/asapnet"), label("spade optimised")
    ('SPADE / ASAP-Net', 'SPADE optimised')
    >>> with shown({"mine": "asapnet"}):
    ...     label("mine"), label("spade/mine")
    ('ASAP-Net (mine)', 'SPADE / ASAP-Net (mine)')
    """
    if "/" in model:
        return " / ".join(label(part) for part in model.split("/"))
    known = _known(model)
    if known is None:
        return model
    name, space, rest = model.partition(" ")
    stem, _, look = known
    own = name.removeprefix(stem).replace("_", " ") if stem else f" ({name})"
    return look.label + own + space + rest


def _place(model: str, siblings: Sequence[str] | None) -> int:
    """Number of a model among those of its family; 0 where it is alone."""
    stem = family(model)
    same = sorted({name for name in siblings or () if family(name) == stem})
    return same.index(model) if model in same else 0


def _shades(look: Look) -> tuple[str, ...]:
    if look.shades:
        return look.shades
    red, green, blue = to_rgb(look.colour)

    def mixed(part: float, share: float) -> float:
        return (1 - abs(share)) * part + (share if share > 0 else 0.0)

    return tuple(to_hex((mixed(red, share), mixed(green, share), mixed(blue, share))) for share in MIXED)


def colour(model: str, siblings: Sequence[str] | None = None) -> str:
    """Colour of a model; variants of one family among `siblings` get shades of the same hue, in their sorted order."""
    known = _known(model)
    if known is None:
        return OTHER
    if known[1] in OTHERS or not (place := _place(model, siblings)):
        return known[2].colour
    shades = _shades(known[2])
    return shades[place % len(shades)]


def drawn_as(model: str, siblings: Sequence[str] | None = None) -> dict[str, Any]:
    """How points and lines of a model are drawn, in the words of Matplotlib's `plot`.

    The marker is the model's own in every figure; several entries of it among `siblings` differ in fill and stroke, so
    that they are told apart without colour.

    >>> [drawn_as(name, ["asapnet_l2", "asapnet"])["fillstyle"] for name in ("asapnet", "asapnet_l2")]
    ['full', 'none']
    """
    known, place = _known(model), _place(model, siblings)
    return {
        "color": colour(model, siblings),
        "marker": known[2].marker if known else "o",
        "fillstyle": FILLS[place % len(FILLS)],
        "linestyle": STROKES[place % len(STROKES)],
    }
