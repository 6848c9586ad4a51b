"""Lays out one street: ground, rows of buildings and gardens, and everything that stands or drives between them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pixelwise.data.scenery import canvas as c
from pixelwise.data.scenery.parts import Frame, Stage, blob, box
from pixelwise.data.scenery.shading import Weather

FAR = 190.0  # metres: where the street ends
WALLS = ((0.72, 0.62, 0.48), (0.62, 0.38, 0.3), (0.75, 0.72, 0.66), (0.5, 0.48, 0.46), (0.66, 0.56, 0.5),
         (0.55, 0.6, 0.62), (0.8, 0.7, 0.45), (0.45, 0.3, 0.26))  # fmt: skip
ROOFS = ((0.5, 0.24, 0.17), (0.3, 0.28, 0.28), (0.42, 0.3, 0.24))
LEAVES = (0.2, 0.31, 0.13)


def weather(rng: np.random.Generator) -> Weather:
    """Light and air of a scene: from overcast and misty to clear with long shadows."""
    strength = float(np.clip(rng.normal(0.55, 0.4), 0, 1))
    around, height = float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(0.3, 1.0))
    flat = math.cos(height)
    sun = (flat * math.sin(around), math.sin(height), flat * math.cos(around))
    warmth = float(np.clip(rng.normal(0.9 - 1.4 * height, 0.3), -0.6, 1))
    haze = float(rng.choice([0.002, 0.005, 0.011], p=[0.5, 0.35, 0.15]))
    return Weather(sun, strength, warmth, haze, float(rng.uniform(0.86, 1.06)))


def camera(rng: np.random.Generator, height: int, width: int) -> c.Camera:
    """A camera behind the windscreen, looking along the street."""
    x = width * (0.5 + float(rng.normal(0, 0.05)))
    y = height * (0.43 + float(rng.normal(0, 0.015)))
    return c.Camera(height, width, 0.92 * width, x, y, float(rng.uniform(1.2, 1.45)))


class Street:
    """One street on a stage. The camera drives in the right lane, whose middle is X = 0."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.rng, self.canvas = stage, stage.rng, stage.canvas
        rng = self.rng
        self.kind = str(rng.choice(["town", "suburb", "avenue"], p=[0.45, 0.3, 0.25]))
        self.lanes = int(rng.integers(2, 4)) + (self.kind == "avenue")
        self.tram = self.kind == "avenue" and bool(rng.random() < 0.5)
        self.right = float(rng.uniform(1.7, 2.3))
        self.left = self.right - 3.4 * self.lanes
        self.parking = 2.3 if rng.random() < 0.55 else 0.0
        self.walk = float(rng.uniform(1.8, 3.6))
        self.verge = float(rng.uniform(1.0, 3.5)) if self.kind != "town" else 0.0
        self.crossing = float(rng.uniform(14, 60)) if rng.random() < 0.55 else None
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def edge(self, side: int) -> float:
        """X of the road's edge on one side (-1 left, 1 right)."""
        return self.right if side > 0 else self.left

    def front(self, side: int) -> float:
        """X of the line of buildings on one side."""
        return self.edge(side) + side * (self.parking + self.walk + self.verge)

    def strip(self, x: tuple[float, float], z: tuple[float, float], surface: c.Surface) -> None:
        """Paint a rectangle of ground."""
        self.canvas.paint([(x[0], 0, z[0]), (x[1], 0, z[0]), (x[1], 0, z[1]), (x[0], 0, z[1])], surface)

    def ground(self) -> None:
        """Paint base, pavements, verges, parking lanes, road, rails and markings."""
        rng, length = self.rng, (c.NEAR, FAR)
        grey = float(rng.uniform(0.28, 0.4))
        asphalt = (grey, grey * 1.01, grey * 1.04)
        road = c.Surface(7, asphalt, c.ASPHALT)
        grass = c.Surface(22, (0.3 + 0.12 * float(rng.random()), 0.38, 0.15), c.GRASS)
        base = grass if self.kind != "town" else c.Surface(6, (0.42, 0.38, 0.33), c.GRASS)
        stone = float(rng.uniform(0.5, 0.62))
        paving = c.Surface(8, (stone, stone * 0.96, stone * 0.92), c.PAVING)
        kerb = c.Surface(8, (stone * 1.18, stone * 1.18, stone * 1.16), c.PLAIN)
        self.strip((-FAR, FAR), length, base)
        for side in (-1, 1):
            x = self.edge(side)
            if self.parking:
                bay = c.Surface(9, (stone * 0.82, stone * 0.74, stone * 0.7), c.BRICK)
                self.strip((x, x + side * self.parking), length, bay)
                x += side * self.parking
            self.strip((x, x + side * self.walk), length, paving)
            self.strip((x, x + side * 0.16), length, kerb)
            x += side * self.walk
            if self.kind == "town":
                self.strip((x, x + side * 0.6), length, paving)
        self.strip((self.left, self.right), length, road)
        if self.crossing:
            self.strip((-60, 60), (self.crossing, self.crossing + 7), road)
        if self.tram:
            for x in (self.left + 1.0, self.left + 2.44):
                self.strip(
                    (x - 0.9 if x < self.left + 2 else x - 0.5, x + 0.5),
                    length,
                    c.Surface(10, (0.4, 0.37, 0.35), c.PAVING),
                )
            for x in (self.left + 1.0, self.left + 2.44):
                self.strip((x - 0.05, x + 0.05), length, c.Surface(10, (0.68, 0.68, 0.7), c.PLAIN))
        self.markings(c.Surface(7, (0.9, 0.9, 0.87), c.PLAIN))

    def markings(self, white: c.Surface) -> None:
        """Paint dashed lines between lanes, edge lines and a zebra crossing before the side street."""
        phase = float(self.rng.uniform(0, 6))
        for lane in range(1, self.lanes):
            x = self.right - 3.4 * lane
            for z in np.arange(1.0 + phase, 90, 8.0):
                self.strip((x - 0.07, x + 0.07), (float(z), float(z) + 3.4), white)
        if not self.parking:
            for x in (self.left + 0.3, self.right - 0.3):
                self.strip((x - 0.07, x + 0.07), (c.NEAR, FAR), white)
        if self.crossing and self.rng.random() < 0.7:
            for x in np.arange(self.left + 0.4, self.right - 0.4, 1.0):
                self.strip((float(x), float(x) + 0.5), (self.crossing - 4, self.crossing - 1), white)

    def skyline(self) -> None:
        """Paint far trees and houses across the end of the street and behind gaps."""
        rng = self.rng
        for x in np.arange(-150.0, 150, 14):
            x = float(x) + float(rng.normal(0, 3))
            if rng.random() < 0.5:
                tall, wide = float(rng.uniform(7, 24)), float(rng.uniform(8, 20))
                s = c.Surface(11, self.stage.pick(WALLS), c.FACADE, (3.0, 3.2, 0.4))
                self.canvas.paint([(x, 0, FAR), (x + wide, 0, FAR), (x + wide, tall, FAR), (x, tall, FAR)], s)
            for _ in range(2):
                centre = (x + float(rng.uniform(0, 14)), float(rng.uniform(1, 5)), FAR - 5)
                blob(self.stage, centre, float(rng.uniform(4, 9)), c.Surface(21, self.stage.pick([LEAVES]), c.FOLIAGE))

    def rows(self) -> None:
        """Paint both rows of buildings, walls, fences and hedges, from far to near."""
        plots: list[tuple[float, float, int]] = []
        for side in (-1, 1):
            z = float(self.rng.uniform(-6, 3))
            while z < FAR - 30:
                length = float(self.rng.uniform(7, 18)) * (1.4 if self.kind != "suburb" else 0.9)
                if self.crossing and z < self.crossing + 8 and z + length > self.crossing - 1:
                    if self.crossing - 1 - z > 4:
                        plots.append((z, self.crossing - 1 - z, side))
                    z = self.crossing + 8
                    continue
                plots.append((z, length, side))
                z += length
        weights = {"town": (0.86, 0.05, 0.04, 0.05), "suburb": (0.5, 0.12, 0.2, 0.18), "avenue": (0.55, 0.1, 0.1, 0.25)}
        for z, length, side in sorted(plots, reverse=True):
            kind = int(self.rng.choice(4, p=weights[self.kind]))
            x = self.front(side)
            if kind == 0:
                self.building(x, z, length, side)
            else:
                self.garden(x, z, length, side, kind)

    def building(self, x: float, z: float, length: float, side: int) -> None:
        """A house with windows on the street and on its end; low houses have a tiled roof."""
        rng = self.rng
        low = self.kind == "suburb" or rng.random() < 0.25
        tall = float(rng.uniform(4.5, 8)) if low else float(rng.uniform(9, 22))
        depth = float(rng.uniform(8, 14))
        glazed = float(rng.uniform(0.36, 0.5)) if low or rng.random() < 0.4 else float(rng.uniform(0.51, 0.66))
        texture = (float(rng.uniform(1.7, 3.4)), float(rng.uniform(2.8, 3.6)), glazed)
        wall = c.Surface(11, self.stage.pick(WALLS), c.FACADE, texture)
        back = float(rng.uniform(0, 4)) if low else 0.0
        x += side * back
        box(self.canvas, Frame(x + side * depth / 2, z), (length, tall, depth), wall)
        if low:
            ridge, tiles = tall + 0.35 * depth, c.Surface(11, self.stage.pick(ROOFS), c.BRICK)
            middle, eave = x + side * depth / 2, x - side * 0.4
            gable = c.Surface(11, wall.colour, c.PLAIN)
            self.canvas.paint([(x, tall, z), (x + side * depth, tall, z), (middle, ridge, z)], gable, (0, 0, -1), True)
            roof = [
                (eave, tall - 0.2, z),
                (eave, tall - 0.2, z + length),
                (middle, ridge, z + length),
                (middle, ridge, z),
            ]
            self.canvas.paint(roof, tiles, (-side, 1.0, 0), True)

    def garden(self, x: float, z: float, length: float, side: int, kind: int) -> None:
        """A plot without a house: shrubs and trees behind a wall (kind 1), a fence (2) or nothing (3)."""
        rng = self.rng
        for k in range(int(length / 2.2), -1, -1):
            at = (x + side * float(rng.uniform(1.2, 4)), float(rng.uniform(0.5, 2.6)), z + 2.2 * k)
            if at[2] > 2:
                green = c.Surface(21, self.stage.pick([LEAVES, (0.15, 0.26, 0.1)]), c.FOLIAGE)
                blob(self.stage, at, float(rng.uniform(1.2, 2.4)), green)
        tall = float(rng.uniform(1.1, 2.2))
        if kind == 1:
            surface = c.Surface(12, self.stage.pick(WALLS[1:4]), c.BRICK)
        elif kind == 2:
            surface = c.Surface(
                13, self.stage.pick(((0.5, 0.52, 0.5), (0.3, 0.22, 0.15), (0.75, 0.75, 0.72))), c.BARS, (0.3, 0, 0)
            )
        else:
            return
        face = [(x, 0, z), (x, 0, z + length), (x, tall, z + length), (x, tall, z)]
        self.canvas.paint(face, surface, shadow=True)
