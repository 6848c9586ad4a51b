"""Cars, lorries, buses and trams with windows, wheels, lamps and plates."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pixelwise.data.scenery import canvas as c
from pixelwise.data.scenery.parts import Frame, Outline, Stage, box, ellipse, panel, prism

CAR, TRUCK, BUS, CARAVAN, TRAM = 26, 27, 28, 29, 31
PAINTS = ((0.78, 0.78, 0.8), (0.09, 0.09, 0.11), (0.5, 0.52, 0.55), (0.62, 0.08, 0.08), (0.1, 0.2, 0.48),
          (0.2, 0.24, 0.27), (0.86, 0.86, 0.84), (0.22, 0.3, 0.22), (0.7, 0.5, 0.12))  # fmt: skip
CARGO = ((0.8, 0.8, 0.78), (0.75, 0.7, 0.6), (0.2, 0.32, 0.55))
LIVERIES = ((0.75, 0.55, 0.1), (0.7, 0.12, 0.1), (0.85, 0.85, 0.82), (0.12, 0.4, 0.3))
REAR_LAMP, FRONT_LAMP = (0.75, 0.06, 0.05), (0.98, 0.96, 0.85)
WINDOW, TYRE, HUB, BUMPER, PLATE = (0.07, 0.09, 0.11), (0.05, 0.05, 0.055), (0.4, 0.4, 0.42), (0.1, 0.1, 0.11), (0.85, 0.85, 0.8)  # fmt: skip  # noqa: E501


class Vehicle:
    """One vehicle: its class, its number and its place, with the parts that all vehicles share."""

    def __init__(self, stage: Stage, frame: Frame, label: int, half: float) -> None:
        self.stage, self.canvas, self.frame, self.label, self.half = stage, stage.canvas, frame, label, half
        self.number = stage.instance(label)

    def surface(self, colour: c.Colour, material: int = c.PLAIN, foot: float = 0.0) -> c.Surface:
        """A surface of this vehicle; `foot` is the height in metres where a pane of glass begins."""
        return c.Surface(self.label, colour, material, (foot, 0.0, 0.0), self.number)

    def on_sides(self, outline: Outline, surface: c.Surface, half: float) -> None:
        """Paint an outline [(length, height)] on both flanks."""
        for side in (-half, half):
            self.canvas.paint([self.frame.point(a, b, side) for a, b in outline], surface, self.frame.turn(0, 0, side))

    def across(self, outline: Outline, at: float, surface: c.Surface, out: float) -> None:
        """Paint an outline [(width, height)] across the vehicle at length `at`, facing forward (out 1) or back (-1)."""
        self.canvas.paint([self.frame.point(at, b, a) for a, b in outline], surface, self.frame.turn(out, 0, 0))

    def wheels(self, places: Sequence[float], radius: float) -> None:
        """Paint wheels on both flanks."""
        tyre, hub = self.surface(TYRE), self.surface(HUB)
        for length in places:
            self.on_sides(ellipse((length, radius), (radius, radius)), tyre, self.half + 0.01)
            if not self.frame.far:
                self.on_sides(ellipse((length, radius), (0.55 * radius, 0.55 * radius)), hub, self.half + 0.01)

    def ends(self, length: float, y: float) -> None:
        """Paint bumper, plate and lamps: red lamps at the rear (length 0), white ones at the front."""
        for at, out, lamp in ((-0.02, -1.0, REAR_LAMP), (length + 0.02, 1.0, FRONT_LAMP)):
            light = self.surface(lamp, c.LIGHT)
            for w in (-self.half * 0.72, self.half * 0.72):
                self.across(panel((w - 0.17, y), (w + 0.17, y + 0.16)), at, light, out)
            if not self.frame.far:
                self.across(panel((-self.half, 0.3), (self.half, 0.46)), at, self.surface(BUMPER), out)
                self.across(panel((-0.26, 0.5), (0.26, 0.62)), at, self.surface(PLATE), out)


def car(stage: Stage, frame: Frame) -> None:
    """A passenger car whose rear end lies at the frame's origin: estate, hatchback or saloon."""
    length, top = stage.uniform(3.7, 4.7), stage.uniform(1.38, 1.65)
    boot = (0.05, 0.1, 0.75)[int(stage.rng.integers(3))]
    one = Vehicle(stage, frame, CAR, stage.uniform(0.82, 0.92))
    paint, glass = one.surface(stage.pick(PAINTS), c.PAINT), one.surface(WINDOW, c.GLASS, 0.95)
    front, half = length - 1.05, one.half
    under = ((0.1, 0.12), (0.1, 0.4), (length - 0.1, 0.4), (length - 0.1, 0.12))
    prism(one.canvas, frame, under, half - 0.12, one.surface(TYRE))
    body = ((0, 0.32), (0, 0.78), (0.1, 0.93), (front, 0.95), (length - 0.05, 0.78), (length, 0.32))
    prism(one.canvas, frame, body, half, paint)
    cabin = ((boot, 0.93), (boot + 0.4, top - 0.04), (front - 1.3, top), (front, 0.94))
    prism(one.canvas, frame, cabin, half - 0.1, paint)
    middle, sill, head = (boot + front) / 2, 1.0, top - 0.08
    rear_pane = ((boot + 0.3, sill), (boot + 0.55, head), (middle - 0.12, head), (middle - 0.12, sill))
    front_pane = ((middle - 0.04, sill), (middle - 0.04, head), (front - 1.25, head), (front - 0.25, sill))
    one.on_sides(rear_pane, glass, half - 0.09)
    one.on_sides(front_pane, glass, half - 0.09)
    for foot, upper, out in ((boot - 0.01, boot + 0.36, -1.0), (front + 0.02, front - 1.2, 1.0)):
        w = half - 0.2
        corners = ((foot, 0.98, -w), (foot, 0.98, w), (upper, head, w), (upper, head, -w))
        one.canvas.paint([frame.point(*corner) for corner in corners], glass, frame.turn(out, 0.3, 0))
    one.wheels((0.75, length - 0.8), 0.33)
    one.ends(length, 0.66)


def lorry(stage: Stage, frame: Frame) -> None:
    """A delivery lorry: a cargo box behind the driver's cab."""
    one, length = Vehicle(stage, frame, TRUCK, 1.1), stage.uniform(4.2, 6.5)
    cargo, cab = one.surface(stage.pick(CARGO)), one.surface(stage.pick(PAINTS), c.PAINT)
    box(stage.canvas, frame.ahead(0.1), (length + 1.6, 0.5, 1.9), one.surface(TYRE), 0.25)

    def paint_cargo() -> None:
        box(stage.canvas, frame, (length, 2.4, 2.3), cargo, 0.75)

    def paint_cab() -> None:
        box(stage.canvas, frame.ahead(length + 0.15), (1.7, 1.9, 2.1), cab, 0.5)
        windscreen = one.surface(WINDOW, c.GLASS, 1.5)
        one.across(panel((-0.95, 1.4), (0.95, 2.2)), length + 1.87, windscreen, 1.0)

    away = math.cos(frame.yaw) > 0  # seen from behind, the cab is the farther part
    for part in (paint_cab, paint_cargo) if away else (paint_cargo, paint_cab):
        part()
    one.wheels((1.0, length + 1.0), 0.46)
    one.ends(length + 1.85, 0.6)


def _coach(one: Vehicle, length: float, tall: float, colour: c.Colour) -> None:
    """A long body with a band of windows."""
    box(one.canvas, one.frame, (length, tall, 2 * one.half), one.surface(colour, c.PAINT), 0.3)
    glass, start = one.surface(WINDOW, c.GLASS, 1.2), 0.3
    while start < length - 1.3:
        one.on_sides(panel((start, 1.25), (start + 1.3, 2.45)), glass, one.half + 0.01)
        start += 1.45
    for at, out in ((-0.01, -1.0), (length + 0.01, 1.0)):
        one.across(panel((0.15 - one.half, 1.3), (one.half - 0.15, 2.5)), at, glass, out)
    one.ends(length, 0.7)


def bus(stage: Stage, frame: Frame) -> None:
    """A city bus."""
    one, length = Vehicle(stage, frame, BUS, 1.25), stage.uniform(9, 12)
    _coach(one, length, 2.75, stage.pick(LIVERIES))
    one.wheels((2.2, length - 2.4), 0.48)


def tram(stage: Stage, frame: Frame) -> None:
    """A tram."""
    _coach(Vehicle(stage, frame, TRAM, 1.2), 27.0, 3.0, stage.pick(LIVERIES))


def caravan(stage: Stage, frame: Frame) -> None:
    """A parked caravan."""
    one = Vehicle(stage, frame, CARAVAN, 1.05)
    box(stage.canvas, frame, (4.6, 2.1, 2.1), one.surface((0.88, 0.87, 0.82), c.PAINT), 0.4)
    one.across(panel((-0.7, 1.4), (0.7, 2.0)), -0.02, one.surface(WINDOW, c.GLASS, 1.4), -1.0)
    one.wheels((2.4,), 0.33)
    one.ends(4.6, 0.6)
