"""Textures: how each material looks, given coordinates on its surface in metres."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pixelwise.data.scenery import canvas as c

Floats = npt.NDArray[Any]
SIDE = 256  # samples along an axis of the noise tile, a power of 2


@dataclass(frozen=True)
class Patch:
    """The pixels of one material: surface coordinates in metres, size of a pixel in metres, texture parameters."""

    u: Floats
    v: Floats
    footprint: Floats
    texture: Floats
    number: npt.NDArray[np.intp]
    noise: Floats

    def grain(self, frequency: float, stretch: float = 1.0) -> Floats:
        """Noise of unit variance with `frequency` samples per metre, faded out where a pixel spans many samples."""
        shift = self.number.astype(np.int32) * 37
        row = (self.v * np.float32(frequency * stretch)).astype(np.int32) + shift
        column = (self.u * np.float32(frequency)).astype(np.int32) + shift * 5
        faded: Floats = self.noise.take((row & (SIDE - 1)) * SIDE + (column & (SIDE - 1)))
        faded /= 1 + self.footprint * np.float32(frequency)
        return faded


def _fraction(values: Floats) -> Floats:
    return values - np.floor(values)


def _line(values: Floats, share: float) -> npt.NDArray[np.bool_]:
    """Where the fraction of `values` lies within `share` of a whole number's lower side."""
    return _fraction(values) < share


def _plain(p: Patch, rgb: Floats) -> Floats:
    return rgb * (1 + 0.04 * p.grain(20))[:, None]


def _asphalt(p: Patch, rgb: Floats) -> Floats:
    worn = 0.05 * np.cos(p.u * 3.6)  # wheel tracks
    return rgb * (1 + 0.09 * p.grain(40) + 0.06 * p.grain(1.5) + worn)[:, None]


def _paving(p: Patch, rgb: Floats) -> Floats:
    joint = (_line(p.u / 0.5, 0.1) | _line(p.v / 0.5, 0.1)) / (1 + 3 * p.footprint)
    paved: Floats = rgb * (1 + 0.07 * p.grain(2) + 0.04 * p.grain(30) - 0.22 * joint)[:, None]
    return paved


def _facade(p: Patch, rgb: Floats) -> Floats:
    """Texture: width of a window bay in metres, height of a floor in metres, glazed share (shop fronts above 0.5)."""
    bay, floor, glazed = p.texture.T
    s, t = p.u / bay, p.v / floor
    x, y, level = np.abs(_fraction(s) - 0.5), np.abs(_fraction(t) - 0.52), np.floor(t)
    shop = (level == 0) & (glazed > 0.5)
    half_x, half_y = np.where(shop, 0.44, glazed * 0.5), np.where(shop, 0.36, 0.31)
    frame = (x < half_x + 0.05) & (y < half_y + 0.05)
    pane = (x < half_x) & (y < half_y)
    lot = p.noise[(np.floor(s).astype(np.intp) * 13 + p.number) % SIDE, (level.astype(np.intp) * 29) % SIDE]
    bright = np.clip(0.22 + 0.10 * lot + 0.25 * (0.5 - y), 0.05, 0.8)
    wall = rgb * (1 + 0.05 * p.grain(6) + 0.05 * p.grain(0.7) - 0.18 * (_line(t, 0.05) & (p.footprint < 0.4)))[:, None]
    wall = np.where(frame[:, None], 0.55 * wall + 0.38, wall)
    return np.where(pane[:, None], bright[:, None] * np.array([0.85, 1.0, 1.2], np.float32), wall)


def _foliage(p: Patch, rgb: Floats) -> Floats:
    leaf = 0.2 * p.grain(45) + 0.24 * p.grain(14) + 0.2 * p.grain(4) + 0.1 * p.grain(1)
    return (
        rgb
        * np.clip(1 + leaf, 0.25, 2)[:, None]
        * (1 + 0.08 * np.sign(leaf)[:, None] * np.array([1, 1, -1], np.float32))
    )


def _grass(p: Patch, rgb: Floats) -> Floats:
    return rgb * (1 + 0.22 * p.grain(25, 0.3) + 0.12 * p.grain(2))[:, None]


def _paint(p: Patch, rgb: Floats) -> Floats:
    gloss = np.clip(0.75 + 0.5 * np.clip(p.v - 0.45, -0.3, 0.6), 0.5, 1.3)
    return rgb * gloss[:, None] + 0.05


def _glass(p: Patch, rgb: Floats) -> Floats:
    """Texture: height of the pane's lower edge in metres; panes mirror more sky towards their upper edge."""
    mirror = np.clip((p.v - p.texture[:, 0]) * 0.7, 0, 0.5)
    return rgb + mirror[:, None] * np.array([0.5, 0.6, 0.7], np.float32)


def _bars(p: Patch, rgb: Floats) -> Floats:
    """Texture: distance between bars in metres."""
    bar = _line(p.u / p.texture[:, 0], 0.35) | (np.abs(_fraction(p.v / 0.8) - 0.5) > 0.42)
    behind = np.array([0.16, 0.2, 0.13], np.float32) * (1 + 0.3 * p.grain(5))[:, None]
    mixed = np.clip(1 - p.footprint / p.texture[:, 0], 0.4, 1)[:, None]
    return np.where(bar[:, None], rgb, mixed * behind + (1 - mixed) * rgb)


def _brick(p: Patch, rgb: Floats) -> Floats:
    row = np.floor(p.v / 0.22)
    joint = (_line(p.v / 0.22, 0.16) | _line(p.u / 0.5 + 0.5 * (row % 2), 0.08)) / (1 + 6 * p.footprint)
    laid: Floats = rgb * (1 + 0.12 * p.grain(5) + 0.3 * joint)[:, None]
    return laid


def _flat(p: Patch, rgb: Floats) -> Floats:
    return rgb


TEXTURES: dict[int, Callable[[Patch, Floats], Floats]] = {
    c.PLAIN: _plain,
    c.ASPHALT: _asphalt,
    c.PAVING: _paving,
    c.FACADE: _facade,
    c.FOLIAGE: _foliage,
    c.GRASS: _grass,
    c.PAINT: _paint,
    c.GLASS: _glass,
    c.BARS: _bars,
    c.BRICK: _brick,
    c.LIGHT: _flat,
    c.MASK: _flat,
}
