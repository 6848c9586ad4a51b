"""People, two-wheelers, trees, posts, lamps, traffic lights and signs: flat figures that face along the street."""

from __future__ import annotations

import math

from pixelwise.data.scenery import canvas as c
from pixelwise.data.scenery.parts import Frame, Outline, Stage, blob, box, ellipse, panel, upright
from pixelwise.data.scenery.vehicles import PAINTS, TYRE

STATIC, DYNAMIC, POLE, LIGHT, SIGN, VEGETATION, PERSON, RIDER, MOTORCYCLE, BICYCLE = (
    4,
    5,
    17,
    19,
    20,
    21,
    24,
    25,
    32,
    33,
)
CLOTHES = ((0.12, 0.13, 0.2), (0.55, 0.12, 0.12), (0.7, 0.68, 0.62), (0.15, 0.3, 0.2), (0.2, 0.35, 0.6),
           (0.75, 0.6, 0.15), (0.08, 0.08, 0.08), (0.45, 0.3, 0.42))  # fmt: skip
SKINS = ((0.86, 0.68, 0.55), (0.62, 0.44, 0.32), (0.38, 0.26, 0.19))
HAIRS = ((0.1, 0.07, 0.05), (0.35, 0.25, 0.12), (0.5, 0.5, 0.5))
METALS = ((0.32, 0.34, 0.34), (0.5, 0.5, 0.5), (0.2, 0.25, 0.22))
CABINETS = ((0.35, 0.36, 0.34), (0.2, 0.3, 0.2), (0.55, 0.5, 0.4))
BAGS = ((0.12, 0.13, 0.2), (0.6, 0.6, 0.2))
RED, WHITE, BLUE, BLACK = (0.72, 0.07, 0.08), (0.92, 0.92, 0.9), (0.07, 0.2, 0.6), (0.08, 0.08, 0.08)


def person(stage: Stage, x: float, z: float, saddle: float = 0.0) -> None:
    """A person who walks, or with a `saddle` above the ground (metres) the rider of a two-wheeler."""
    label = RIDER if saddle else PERSON
    number, tall = stage.instance(label), stage.uniform(1.5, 1.9)
    top, trousers = stage.pick(CLOTHES), stage.pick(CLOTHES)
    hip, neck, foot, step = 0.5 * tall, 0.84 * tall, 0.02, stage.uniform(0.02, 0.28)
    if saddle:
        hip, neck, foot, step = saddle, saddle + 0.62, 0.2, 0.12

    def part(outline: Outline, colour: c.Colour) -> None:
        upright(stage.canvas, outline, x, z, c.Surface(label, colour, instance=number), shadow=True)

    sleeve = (0.82 * top[0], 0.82 * top[1], 0.82 * top[2])
    for s in (-1, 1):
        part(((s * 0.02, hip), (s * 0.19, hip), (s * (step + 0.13), foot), (s * step, foot)), trousers)
        part(((s * 0.2, neck), (s * 0.27, neck - 0.08), (s * 0.3, hip), (s * 0.2, hip)), sleeve)
    part(((-0.22, neck), (0.22, neck), (0.18, hip - 0.04), (-0.18, hip - 0.04)), top)
    part(ellipse((0, neck + 0.13), (0.095, 0.13)), stage.pick(SKINS))
    part(ellipse((0, neck + 0.2), (0.1, 0.08), 8), stage.pick(HAIRS))


def two_wheeler(stage: Stage, x: float, z: float, ridden: bool = True) -> None:
    """A bicycle or motorcycle: ridden and seen from behind, or parked and seen from the side."""
    label = BICYCLE if stage.rng.random() < 0.65 else MOTORCYCLE
    number = stage.instance(label)
    tyre = c.Surface(label, TYRE, instance=number)
    frame = c.Surface(label, stage.pick(PAINTS), c.PAINT, instance=number)
    if ridden:
        thick = 0.06 if label == BICYCLE else 0.16
        upright(stage.canvas, ellipse((0, 0.34), (thick, 0.34), 8), x, z, tyre, shadow=True)
        upright(stage.canvas, ((-0.3, 1.0), (0.3, 1.0), (0.25, 0.92), (-0.25, 0.92)), x, z, frame)
        person(stage, x, z, 0.85)
        return
    spokes = c.Surface(label, (0.45, 0.45, 0.46), instance=number)
    for side in (-0.52, 0.52):
        upright(stage.canvas, ellipse((side, 0.34), (0.34, 0.34)), x, z, tyre, shadow=True)
        upright(stage.canvas, ellipse((side, 0.34), (0.27, 0.27)), x, z, spokes)
    if label == BICYCLE:
        for bar in (((-0.5, 0.32), (-0.46, 0.38), (-0.14, 0.88), (-0.2, 0.88)),
                    ((-0.2, 0.78), (-0.2, 0.86), (0.42, 0.84), (0.4, 0.76)),
                    ((0.5, 0.34), (0.56, 0.34), (0.44, 1.02), (0.38, 1.02))):  # fmt: skip
            upright(stage.canvas, bar, x, z, frame)
        return
    body = ((-0.5, 0.35), (-0.35, 0.85), (0.4, 0.95), (0.52, 0.35), (0.0, 0.25))
    upright(stage.canvas, body, x, z, frame, shadow=True)


def tree(stage: Stage, x: float, z: float) -> None:
    """A street tree: a trunk and a crown of overlapping leaf masses, lighter towards the top."""
    tall, spread, hue = stage.uniform(4.5, 9), stage.uniform(1.3, 2.4), stage.uniform(-1, 1)
    base = 0.38 * tall
    trunk = ((-0.16, 0.0), (0.16, 0.0), (0.1, base + 1), (-0.1, base + 1))
    upright(stage.canvas, trunk, x, z, c.Surface(VEGETATION, (0.25, 0.2, 0.15)), shadow=True)
    masses = 5 if z > c.DETAIL else 10
    for k in range(masses):
        level = k / (masses - 1)
        radius = spread * stage.uniform(0.5, 0.75) * (1.1 - 0.5 * level)
        aside = float(stage.rng.normal(0, 0.42)) * spread * (1.1 - level)
        light = 0.75 + 0.5 * level
        leaf = c.Surface(VEGETATION, ((0.19 + 0.05 * hue) * light, 0.33 * light, 0.13 * light), c.FOLIAGE)
        blob(stage, (x + aside, base + level * (tall - base), z - 0.02 * k), radius, leaf)


def post(stage: Stage, x: float, z: float, tall: float, radius: float = 0.07) -> None:
    """A vertical post."""
    shaft = ((-radius, 0.0), (radius, 0.0), (radius * 0.7, tall), (-radius * 0.7, tall))
    upright(stage.canvas, shaft, x, z, c.Surface(POLE, stage.pick(METALS)), shadow=True)


def lamp(stage: Stage, x: float, z: float) -> None:
    """A street lamp with an arm over the road."""
    tall, arm = 7.0, -math.copysign(1.6, x)
    post(stage, x, z, tall, 0.1)
    metal, head = c.Surface(POLE, (0.35, 0.36, 0.36)), c.Surface(POLE, (0.75, 0.75, 0.7))
    upright(stage.canvas, ((0, tall - 0.1), (0, tall + 0.05), (arm, tall + 0.35), (arm, tall + 0.22)), x, z, metal)
    outline = ((-0.3, tall + 0.15), (0.3, tall + 0.15), (0.2, tall + 0.4), (-0.2, tall + 0.4))
    upright(stage.canvas, outline, x + arm, z, head)


def traffic_light(stage: Stage, x: float, z: float) -> None:
    """A signal on its post, showing red, amber or green."""
    post(stage, x, z, 3.3)
    upright(stage.canvas, panel((-0.2, 2.3), (0.2, 3.4)), x, z - 0.02, c.Surface(LIGHT, (0.06, 0.07, 0.07)))
    shown = int(stage.rng.integers(3))
    for k, (y, (red, green, blue)) in enumerate(
        ((3.2, (1.0, 0.15, 0.1)), (2.85, (1.0, 0.7, 0.1)), (2.5, (0.15, 0.95, 0.45)))
    ):
        dim = 1.0 if k == shown else 0.16
        lens = c.Surface(LIGHT, (red * dim, green * dim, blue * dim), c.LIGHT)
        upright(stage.canvas, ellipse((0, y), (0.12, 0.12), 8), x, z - 0.04, lens)


def sign(stage: Stage, x: float, z: float) -> None:
    """A traffic sign: warning triangle, prohibition disc, mandatory disc or information board."""
    post(stage, x, z, 2.5, 0.05)
    y, kind = 2.35, int(stage.rng.integers(4))

    def plate(outline: Outline, colour: c.Colour) -> None:
        upright(stage.canvas, outline, x, z - 0.02, c.Surface(SIGN, colour))

    if kind == 0:
        plate(((-0.45, y - 0.3), (0.45, y - 0.3), (0.0, y + 0.5)), RED)
        plate(((-0.28, y - 0.2), (0.28, y - 0.2), (0.0, y + 0.3)), WHITE)
        return
    if kind == 1:
        plate(ellipse((0, y), (0.42, 0.42)), RED)
        plate(ellipse((0, y), (0.29, 0.29)), WHITE)
    elif kind == 2:
        plate(ellipse((0, y), (0.4, 0.4)), BLUE)
    else:
        plate(panel((-0.5, y - 0.3), (0.5, y + 0.5)), BLUE)
    plate(panel((-0.07, y - 0.16), (0.07, y + 0.22)), BLACK if kind == 1 else WHITE)


def clutter(stage: Stage, x: float, z: float) -> None:
    """A bin or cabinet (label static), or bags left for collection (label dynamic)."""
    if stage.rng.random() < 0.6:
        size = (0.6, stage.uniform(0.9, 1.5), 0.7)
        box(stage.canvas, Frame(x, z), size, c.Surface(STATIC, stage.pick(CABINETS)))
        return
    for aside in (-0.3, 0.25):
        blob(stage, (x + aside, 0.3, z), 0.38, c.Surface(DYNAMIC, stage.pick(BAGS)))
