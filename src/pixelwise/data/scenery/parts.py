"""Building blocks of objects: local axes, prisms, flat outlines and irregular masses."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pixelwise.data.scenery import canvas as c

Outline = Sequence[tuple[float, float]]


@dataclass
class Stage:
    """The canvas with the scene's random numbers and the count of objects of each class."""

    canvas: c.Canvas
    rng: np.random.Generator
    counts: Counter[int] = field(default_factory=Counter)

    def instance(self, label: int) -> int:
        """Next free number of a class's objects."""
        self.counts[label] += 1
        return self.counts[label] - 1

    def uniform(self, low: float, high: float) -> float:
        """A random number."""
        return float(self.rng.uniform(low, high))

    def pick(self, colours: Sequence[c.Colour]) -> c.Colour:
        """One of the colours, slightly lighter or darker."""
        red, green, blue = colours[int(self.rng.integers(len(colours)))]
        factor = self.uniform(0.85, 1.15)
        return red * factor, green * factor, blue * factor


@dataclass(frozen=True)
class Frame:
    """Local axes of an object: length forward, height up, width to the right, turned by `yaw` about the vertical."""

    x: float
    z: float
    yaw: float = 0.0

    @property
    def far(self) -> bool:
        """Whether the object is too far away for small parts to be seen."""
        return self.z > c.DETAIL

    def turn(self, length: float, y: float, width: float) -> c.Point:
        """World direction of a local one."""
        sin, cos = math.sin(self.yaw), math.cos(self.yaw)
        return length * sin + width * cos, y, length * cos - width * sin

    def point(self, length: float, y: float, width: float) -> c.Point:
        """World point of a local one."""
        dx, _, dz = self.turn(length, y, width)
        return self.x + dx, y, self.z + dz

    def ahead(self, length: float) -> Frame:
        """The same axes moved forward."""
        x, _, z = self.point(length, 0, 0)
        return Frame(x, z, self.yaw)


def prism(canvas: c.Canvas, frame: Frame, profile: Outline, half: float, surface: c.Surface) -> None:
    """Paint the visible faces of a convex side profile [(length, height)] drawn out from -half to half in width."""
    middle = [sum(values) / len(profile) for values in zip(*profile, strict=True)]
    for (l0, y0), (l1, y1) in zip(profile, [*profile[1:], profile[0]], strict=True):
        out = (y1 - y0, l0 - l1)
        if out[0] * ((l0 + l1) / 2 - middle[0]) + out[1] * ((y0 + y1) / 2 - middle[1]) < 0:
            out = (-out[0], -out[1])
        face = [frame.point(a, b, w) for a, b, w in ((l0, y0, -half), (l0, y0, half), (l1, y1, half), (l1, y1, -half))]
        canvas.paint(face, surface, frame.turn(out[0], out[1], 0), shadow=True)
    for side in (-half, half):
        face = [frame.point(a, b, side) for a, b in profile]
        canvas.paint(face, surface, frame.turn(0, 0, side), shadow=True)


def box(
    canvas: c.Canvas, frame: Frame, size: tuple[float, float, float], surface: c.Surface, bottom: float = 0.0
) -> None:
    """Paint a box of size (length, height, width) that starts at the frame's origin and is centred in width."""
    length, height, width = size
    profile = ((0.0, bottom), (0.0, bottom + height), (length, bottom + height), (length, bottom))
    prism(canvas, frame, profile, width / 2, surface)


def upright(canvas: c.Canvas, outline: Outline, x: float, z: float, surface: c.Surface, shadow: bool = False) -> None:
    """Paint a flat outline [(to the right, height)] that stands at (x, z) and faces along the street."""
    canvas.paint([(x + a, b, z) for a, b in outline], surface, shadow=shadow)


def panel(low: tuple[float, float], high: tuple[float, float]) -> Outline:
    """Outline of an axis-parallel rectangle."""
    return low, (high[0], low[1]), high, (low[0], high[1])


def ellipse(centre: tuple[float, float], radii: tuple[float, float], corners: int = 12) -> Outline:
    """Outline of an ellipse."""
    angles = [2 * math.pi * k / corners for k in range(corners)]
    return [(centre[0] + radii[0] * math.cos(a), centre[1] + radii[1] * math.sin(a)) for a in angles]


def blob(stage: Stage, centre: c.Point, radius: float, surface: c.Surface) -> None:
    """Paint an irregular rounded mass that faces the camera and casts a shadow."""
    x, y, z = centre
    corners = 8 if z > c.DETAIL else 16
    swing = stage.rng.uniform(0.8, 1.15, corners) * radius
    angles = [2 * math.pi * k / corners for k in range(corners)]
    ring = [(float(r) * math.cos(a), y + 0.85 * float(r) * math.sin(a)) for a, r in zip(angles, swing, strict=True)]
    upright(stage.canvas, ring, x, z, surface, shadow=True)
