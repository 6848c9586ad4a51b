"""A pinhole camera and a canvas on which planar surfaces are painted from far to near.

World axes: X to the right, Y up from the ground, Z forward, in metres; the camera stands at X = Z = 0.
Only the number of the topmost surface is painted. Labels, instances, depth and colour follow from it per pixel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Point = tuple[float, float, float]
Colour = tuple[float, float, float]
NEAR = 0.45  # metres: surfaces are clipped where they come closer to the camera
DETAIL = 38.0  # metres: beyond it small parts and shadows are left out
PLAIN, SKY, ASPHALT, PAVING, FACADE, FOLIAGE, GRASS, PAINT, GLASS, BARS, BRICK, LIGHT, MASK = range(13)


@dataclass(frozen=True)
class Surface:
    """What a painted polygon shows.

    Attributes:
        label: Label id of the 35-id table.
        colour: Red, green, blue of the material in white light, 0 to 1.
        material: One of the texture constants of this module.
        texture: Texture parameters; their meaning depends on the material.
        instance: Number of the object within its class, or -1 for labels without instances.
    """

    label: int
    colour: Colour
    material: int = PLAIN
    texture: tuple[float, float, float] = (0.0, 0.0, 0.0)
    instance: int = -1


@dataclass(frozen=True)
class Camera:
    """Pinhole camera that looks along Z.

    Attributes:
        height: Rows of the picture.
        width: Columns of the picture.
        focal: Focal length in pixels.
        x: Column of the vanishing point.
        y: Row of the horizon.
        above: Height of the lens above the ground in metres.
    """

    height: int
    width: int
    focal: float
    x: float
    y: float
    above: float

    def project(self, point: Point) -> tuple[float, float]:
        """Column and row at which a point with positive Z is seen."""
        scale = self.focal / point[2]
        return self.x + scale * point[0], self.y - scale * (point[1] - self.above)


def _clip(points: Sequence[Point]) -> list[Point]:
    """The part of a convex polygon with Z >= NEAR (Sutherland-Hodgman)."""
    if min(point[2] for point in points) >= NEAR:
        return list(points)
    kept: list[Point] = []
    for first, second in zip(points, [*points[1:], points[0]], strict=True):
        if first[2] >= NEAR:
            kept.append(first)
        if (first[2] >= NEAR) != (second[2] >= NEAR):
            t = (NEAR - first[2]) / (second[2] - first[2])
            kept.append((first[0] + t * (second[0] - first[0]), first[1] + t * (second[1] - first[1]), NEAR))
    return kept


def normal(points: Sequence[Point]) -> Point:
    """Unit normal of a planar polygon, from three corners that lie far apart in their order."""
    n = len(points)
    (x, y, z), p, q = points[0], points[max(1, n // 3)], points[max(2, 2 * n // 3)]
    ux, uy, uz, vx, vy, vz = p[0] - x, p[1] - y, p[2] - z, q[0] - x, q[1] - y, q[2] - z
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    length = math.sqrt(nx * nx + ny * ny + nz * nz) or 1.0
    return nx / length, ny / length, nz / length


@dataclass
class Canvas:
    """Surface numbers, and the shadows that painted surfaces cast on the ground.

    Attributes:
        camera: The camera.
        sun: Unit vector towards the sun.
        surfaces: Surfaces painted so far; number 0 is the sky.
        planes: Unit normal towards the camera and distance (n . P = d) of each surface.
    """

    camera: Camera
    sun: Point
    surfaces: list[Surface] = field(default_factory=list)
    planes: list[tuple[float, float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        size = (self.camera.width, self.camera.height)
        self._numbers, self._shadow = Image.new("I", size, 0), Image.new("L", size, 0)
        self._draw, self._draw_shadow = ImageDraw.Draw(self._numbers), ImageDraw.Draw(self._shadow)
        self.surfaces.append(Surface(23, (0.5, 0.7, 0.95), SKY))
        self.planes.append((0.0, 0.0, -1.0, -1000.0))

    def paint(
        self, points: Sequence[Point], surface: Surface, outward: Point | None = None, shadow: bool = False
    ) -> None:
        """Paint a convex planar polygon over everything painted before.

        Args:
            points: At least three corners.
            surface: What it shows.
            outward: Direction away from the solid that it bounds; it is left out if that points away from the camera.
            shadow: Whether it casts a shadow on the ground.
        """
        corner = points[0]
        if shadow and corner[2] < DETAIL:
            self.cast(points)
        n = normal(points)
        facing = n[0] * corner[0] + n[1] * (corner[1] - self.camera.above) + n[2] * corner[2]
        if outward is not None and facing * sum(a * b for a, b in zip(n, outward, strict=True)) >= 0:
            return
        visible = _clip(points)
        if len(visible) < 3:
            return
        if facing > 0:
            n = (-n[0], -n[1], -n[2])
        self.planes.append((*n, sum(a * b for a, b in zip(n, corner, strict=True))))
        self.surfaces.append(surface)
        self._draw.polygon([self.camera.project(point) for point in visible], fill=len(self.surfaces) - 1)

    def cast(self, points: Sequence[Point]) -> None:
        """Darken the ground where a polygon hides the sun."""
        x, y, z = (component / max(self.sun[1], 0.15) for component in self.sun)
        ground = _clip([(p[0] - x * p[1], p[1] * (1 - y), p[2] - z * p[1]) for p in points])
        if self.sun[1] > 0.15 and len(ground) >= 3:
            self._draw_shadow.polygon([self.camera.project(point) for point in ground], fill=255)

    def overlay(self, corners: Sequence[tuple[float, float]], surface: Surface) -> None:
        """Paint a polygon given in pixels (column, row), such as the bonnet of the camera's own car."""
        self.planes.append((0.0, 0.0, -1.0, -1.0))
        self.surfaces.append(surface)
        self._draw.polygon(list(corners), fill=len(self.surfaces) - 1)

    def numbers(self) -> npt.NDArray[np.intp]:
        """Number of the surface seen at each pixel, [H, W]."""
        return np.asarray(self._numbers).astype(np.intp)

    def shadow(self) -> npt.NDArray[np.bool_]:
        """Whether the ground at each pixel is in shadow, [H, W]; of no meaning where something else is seen."""
        return np.asarray(self._shadow) > 0
