"""Fills a street with what stands at the kerb, walks and drives, painted from far to near."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from pixelwise.data.scenery import canvas as c
from pixelwise.data.scenery import objects as o
from pixelwise.data.scenery import vehicles as v
from pixelwise.data.scenery.parts import Frame, box
from pixelwise.data.scenery.street import Street


def furnish(street: Street) -> None:
    """Queue everything that stands on pavements, then paint the queue from far to near.

    Args:
        street: A street whose ground and rows of buildings are painted.
    """
    for side in (-1, 1):
        _kerb(street, side)
        _pavement(street, side)
        _parked(street, side)
    _driving(street)
    _rare(street)
    for _, paint in sorted(street.waiting, key=lambda entry: -entry[0]):
        paint()


def _spread(street: Street, first: float, last: float, step: float) -> list[float]:
    """Positions along the street about `step` metres apart."""
    places = np.arange(first + float(street.rng.uniform(0, step)), last, step)
    return [float(z + street.rng.normal(0, 0.12 * step)) for z in places]


def _kerb(street: Street, side: int) -> None:
    """Lamps, signs, traffic lights, bollards, bins and street trees along the kerb."""
    rng, stage = street.rng, street.stage
    x = street.edge(side) + side * (street.parking + 0.5)
    if street.kind != "town" or rng.random() < 0.4:
        for z in _spread(street, 5, 85, float(rng.uniform(8, 14))):
            street.waiting.append((z, partial(o.tree, stage, x + side * 0.3, z)))
    for z in _spread(street, 8, 95, 24):
        street.waiting.append((z, partial(o.lamp, stage, x, z)))
    for z in _spread(street, 6, 70, 17):
        street.waiting.append((z, partial(o.sign, stage, x, z)))
    if street.crossing:
        street.waiting.append((street.crossing - 1, partial(o.traffic_light, stage, x, street.crossing - 1)))
    if rng.random() < 0.4:
        for z in np.arange(6, 30, 1.8):
            street.waiting.append((float(z), partial(o.post, stage, x - side * 0.2, float(z), 0.95, 0.06)))
    for z in _spread(street, 6, 50, 22):
        street.waiting.append((z, partial(o.clutter, stage, x + side * 0.5, z)))


def _pavement(street: Street, side: int) -> None:
    """People walking on the pavement, alone or in pairs, and parked two-wheelers."""
    rng, stage = street.rng, street.stage
    near, wide = street.edge(side) + side * (street.parking + 0.7), street.walk - 1.0
    crowd = {"town": 9, "suburb": 14, "avenue": 11}[street.kind]
    for z in _spread(street, 5, 75, crowd * float(rng.uniform(0.6, 1.4))):
        x = near + side * float(rng.uniform(0, wide))
        street.waiting.append((z, partial(o.person, stage, x, z)))
        if rng.random() < 0.35:
            street.waiting.append((z + 0.3, partial(o.person, stage, x + 0.6, z + 0.3)))
    for z in _spread(street, 7, 40, 20):
        street.waiting.append((z, partial(o.two_wheeler, stage, near + side * wide, z, False)))
    if street.crossing and rng.random() < 0.6:
        for _ in range(int(rng.integers(1, 4))):
            z = street.crossing - float(rng.uniform(1.2, 3.8))
            x = float(rng.uniform(street.left + 0.5, street.right))
            street.waiting.append((z, partial(o.person, stage, x, z)))


def _parked(street: Street, side: int) -> None:
    """Cars in the parking lane."""
    rng, stage = street.rng, street.stage
    if not street.parking:
        return
    x, full = street.edge(side) + side * 1.2, float(rng.uniform(0.35, 0.95))
    for z in np.arange(float(rng.uniform(3, 8)), 75, 5.6):
        if rng.random() > full or (street.crossing and -6 < z - street.crossing < 8):
            continue
        turned = (side < 0) != (rng.random() < 0.1)
        frame = Frame(x, float(z) + (4.6 if turned else 0.0), math.pi if turned else 0.0)
        kind = float(rng.random())
        vehicle = v.car if kind < 0.93 else v.lorry
        street.waiting.append((float(z), partial(vehicle, stage, frame)))


def _driving(street: Street) -> None:
    """Vehicles and riders in the lanes; the camera drives in the rightmost one, traffic keeps to the right."""
    rng, stage = street.rng, street.stage
    for lane in range(street.lanes - street.tram):
        x = street.right - 1.8 - 3.4 * lane
        oncoming = lane >= (street.lanes + 1) // 2
        z = float(rng.uniform(6, 16)) if lane else float(rng.uniform(9, 35))
        while z < 90:
            kind = float(rng.random())
            vehicle = v.car if kind < 0.84 else v.lorry if kind < 0.92 else v.bus
            long = {v.car: 4.5, v.lorry: 8.2, v.bus: 12.0}[vehicle]
            frame = Frame(x + float(rng.normal(0, 0.15)), z + (long if oncoming else 0.0), math.pi if oncoming else 0.0)
            street.waiting.append((z, partial(vehicle, stage, frame)))
            z += long + float(rng.uniform(5, 45))
    for z in _spread(street, 7, 60, 26):
        side = 1 if rng.random() < 0.7 else -1
        x = street.edge(side) - side * float(rng.uniform(0.4, 0.9))
        street.waiting.append((z, partial(o.two_wheeler, stage, x, z)))
    if street.crossing and rng.random() < 0.4:
        frame = Frame(float(rng.uniform(-8, 4)), street.crossing + 3.5, math.pi / 2)
        street.waiting.append((street.crossing + 2.6, partial(v.car, stage, frame)))


def _rare(street: Street) -> None:
    """A tram on its rails, a bridge over the street, a guard rail, a caravan."""
    rng, stage, canvas = street.rng, street.stage, street.canvas
    if street.tram and rng.random() < 0.7:
        z = float(rng.uniform(12, 60))
        street.waiting.append((z, partial(v.tram, stage, Frame(street.left + 1.7, z))))
    if street.kind == "avenue" and rng.random() < 0.35:
        z, concrete = float(rng.uniform(70, 120)), c.Surface(15, (0.55, 0.54, 0.52), c.PLAIN)
        left, right = street.front(-1), street.front(1)
        deck = partial(box, canvas, Frame((left + right) / 2, z), (9, 1.8, right - left), concrete, 5.5)
        street.waiting.append((z, deck))
    if not street.parking and rng.random() < 0.5:
        rail, x = c.Surface(14, (0.62, 0.63, 0.64), c.PLAIN), street.left - 0.25
        rail_face = [(x, 0.45, 3.0), (x, 0.45, 90.0), (x, 0.8, 90.0), (x, 0.8, 3.0)]
        street.waiting.append((95.0, partial(canvas.paint, rail_face, rail)))
    if street.parking and rng.random() < 0.08:
        z = float(rng.uniform(15, 50))
        street.waiting.append((z, partial(v.caravan, stage, Frame(street.left - 1.2, z))))


def own_car(canvas: c.Canvas, style: int) -> None:
    """Paint what the mounting of the camera adds: own bonnet, border of rectification, region of no interest.

    Args:
        canvas: A finished canvas.
        style: Which car; it fixes the shape of the bonnet, so that it is the same in all pictures of one town.
    """
    height, width = canvas.camera.height, canvas.camera.width
    rise = (0.085, 0.1, 0.07)[style % 3]
    for scale, colour in ((1.0, (0.10, 0.10, 0.11)), (0.8, (0.17, 0.18, 0.2))):
        arc = []
        for k in range(25):
            angle = math.pi * k / 24
            arc.append(
                (width * (0.5 - 0.47 * scale * math.cos(angle)), height * (1.0 - rise * scale * math.sin(angle) ** 0.6))
            )
        canvas.overlay(arc, c.Surface(1, colour, c.MASK))
    line = max(2.0, width / 256)  # at least one pixel after averaging 2 x 2
    for label, left in ((2, 0.0), (2, width - line)):
        canvas.overlay(
            [(left, 0), (left + line - 1, 0), (left + line - 1, height), (left, height)],
            c.Surface(label, (0.02, 0.02, 0.02), c.MASK),
        )
    bottom = height - line
    canvas.overlay(
        [(0, bottom), (width, bottom), (width, height), (0, height)], c.Surface(3, (0.02, 0.02, 0.02), c.MASK)
    )
