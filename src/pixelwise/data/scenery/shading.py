"""Colour of a painted canvas: textures fixed to the surfaces, sun and sky light, shadows, and haze by distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pixelwise.data.scenery import canvas as c
from pixelwise.data.scenery.textures import SIDE, TEXTURES, Floats, Patch


@dataclass(frozen=True)
class Weather:
    """Light and air of one scene.

    Attributes:
        sun: Unit vector towards the sun.
        strength: Direct sunlight, 0 (overcast) to 1.
        warmth: Redness of the light, -1 (cold) to 1 (low sun).
        haze: Extinction of the air per metre.
        exposure: Factor on all brightness.
    """

    sun: c.Point
    strength: float
    warmth: float
    haze: float
    exposure: float


def _noise(rng: np.random.Generator) -> Floats:
    """A tile of noise [SIDE, SIDE] with mean 0 and variance 1, slightly smoothed."""
    white = rng.standard_normal((SIDE, SIDE))
    smooth = white + 0.5 * (np.roll(white, 1, 0) + np.roll(white, 1, 1))
    tile: Floats = ((smooth - smooth.mean()) / smooth.std()).astype(np.float32)
    return tile


def _sky(camera: c.Camera, weather: Weather, noise: Floats, pixel: npt.NDArray[np.intp]) -> Floats:
    """Sky seen at the given flat pixel numbers [n, 3]: paler towards the horizon, with streaks of cloud."""
    up = np.clip((camera.y - (pixel // camera.width).astype(np.float32)) / camera.focal, 0.004, None)
    side = ((pixel % camera.width).astype(np.float32) - camera.x) / camera.focal
    blue = np.array([0.36, 0.58, 0.92], np.float32) * weather.strength + np.array([0.72, 0.75, 0.79], np.float32) * (
        1 - weather.strength
    )
    pale = np.exp(-5 * up)[:, None]
    sky = blue * (1 - pale) + haze_colour(weather) * pale
    coarse = noise[:64, :64]
    for axis in (0, 1):
        coarse = np.sum([np.roll(coarse, k, axis) for k in (-1, 0, 1)], axis=0) / 2
    fine = np.kron(coarse, np.ones((4, 4), np.float32))
    for axis in (0, 1):
        fine = np.sum([np.roll(fine, k, axis) for k in range(-2, 3)], axis=0) / 5
    u, v = (side / (up + 0.12) * 40).astype(np.intp) % SIDE, (22 / (up + 0.12)).astype(np.intp) % SIDE
    cloud = np.clip(fine[v, u] * 0.55 + 0.1, 0, 0.85)[:, None]
    glow = np.exp(-6 * ((side - weather.sun[0]) ** 2 + (up - weather.sun[1]) ** 2)) * (weather.sun[2] > 0)
    mixed: Floats = sky * (1 - cloud) + 0.93 * cloud + 0.3 * weather.strength * glow[:, None]
    return mixed.astype(np.float32)


def haze_colour(weather: Weather) -> Floats:
    """Colour that everything fades to with distance."""
    return np.array([0.80, 0.83, 0.87], np.float32) + weather.warmth * np.array([0.06, 0.01, -0.07], np.float32)


def shade(canvas: c.Canvas, weather: Weather, rng: np.random.Generator) -> Floats:
    """Colour every pixel of a painted canvas.

    Args:
        canvas: The painted canvas.
        weather: Light and air.
        rng: Source of the noise of all textures.

    Returns:
        float32 [H, W, 3], nominally 0 to 1.
    """
    camera, flat, in_shadow = canvas.camera, canvas.numbers().ravel(), canvas.shadow().ravel()
    plane = np.asarray(canvas.planes, np.float32)
    colour = np.asarray([s.colour for s in canvas.surfaces], np.float32)
    texture = np.asarray([s.texture for s in canvas.surfaces], np.float32)
    axis = np.argmax(np.abs(plane[:, :3]), axis=1)
    offset = plane[:, 3] - plane[:, 1] * camera.above
    light = _light(plane[:, :3], weather).reshape(-1, 3)

    noise, haze = _noise(rng), haze_colour(weather)
    material = np.asarray([s.material for s in canvas.surfaces], np.uint8)[flat]
    order = np.argsort(material, kind="stable")
    bounds = np.cumsum(np.bincount(material, minlength=max(TEXTURES) + 1))
    image = np.empty((flat.size, 3), np.float32)
    for kind in range(len(bounds)):
        pixel = order[bounds[kind - 1] if kind else 0 : bounds[kind]]
        if kind == c.SKY:
            image[pixel] = _sky(camera, weather, noise, pixel)
        elif len(pixel):
            number = flat.take(pixel)
            ray_x = ((pixel % camera.width).astype(np.float32) + 0.5 - camera.x) / camera.focal
            ray_y = (camera.y - 0.5 - (pixel // camera.width).astype(np.float32)) / camera.focal
            n = plane.take(number, axis=0)
            along = n[:, 0] * ray_x + n[:, 1] * ray_y + n[:, 2]
            depth = np.clip(offset[number] / np.where(np.abs(along) < 1e-6, 1e-6, along), c.NEAR, 400)
            facing = axis.take(number)
            u = np.where(facing == 0, depth, ray_x * depth)
            v = np.where(facing == 1, depth, ray_y * depth + np.float32(camera.above))
            rgb = TEXTURES[kind](
                Patch(u, v, depth / camera.focal, texture.take(number, axis=0), number, noise),
                colour.take(number, axis=0),
            )
            if kind not in (c.LIGHT, c.MASK):
                rgb *= light.take(number + len(colour) * in_shadow.take(pixel), axis=0)
            if kind != c.MASK:
                rgb = haze + (rgb - haze) * np.exp(-weather.haze * depth)[:, None]
            image[pixel] = rgb
    return image.reshape(camera.height, camera.width, 3) * np.float32(weather.exposure)


def _light(normals: Floats, weather: Weather) -> Floats:
    """Light on surfaces with the given normals [n, 3]: float32 [2, n, 3], in the open and in shadow.

    Only surfaces that face upwards receive shadows.
    """
    direct = np.clip(normals @ np.array(weather.sun, np.float32), 0, None) * weather.strength
    sky_share = 0.42 + 0.16 * normals[:, 1] - 0.05 * normals[:, 2]
    sunlight = np.array([1.0, 0.95, 0.88], np.float32) + weather.warmth * np.array([0.1, 0, -0.12], np.float32)
    skylight = np.array([0.95, 1.0, 1.08], np.float32) * (1.45 - 0.45 * weather.strength)
    shaded = np.where(normals[:, 1] > 0.9, 0, direct)
    both = [each[:, None] * sunlight + sky_share[:, None] * skylight for each in (direct, shaded)]
    return np.asarray(both, np.float32)
