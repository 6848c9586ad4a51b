"""Restoration without learning: floors, oracles that bound whole families of methods, and BM3D.

The tile methods answer how far ASAP-Net's per-tile pixelwise map can go without its position code: within one tile it
maps each noisy value to an output by one curve, so the best affine curve per tile is close to its limit
(docs/reference/sources.md, "Own computations").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.cases import Case
from pixelwise.evaluation.restored_image import quantise

Image = npt.NDArray[np.float64]
Method = Callable[[Case], Image]
GREY = 255.0


def tile_means(image: Image, tile: int) -> Image:
    """Mean of each tile, repeated over the tile: same shape as `image` [H, W] or [H, W, C].

    Tiles start at the upper left corner; those at the lower and right border may be smaller.
    """
    starts = [np.arange(0, side, tile) for side in image.shape[:2]]
    sums = np.add.reduceat(np.add.reduceat(image, starts[0], axis=0), starts[1], axis=1)
    spans = [np.diff(np.append(start, side)) for start, side in zip(starts, image.shape[:2], strict=True)]
    area = np.outer(*spans)
    means = sums / (area if image.ndim == 2 else area[..., None])
    return np.repeat(np.repeat(means, spans[0], axis=0), spans[1], axis=1)


def identity(case: Case) -> Image:
    """The degraded image itself, neither clipped nor rounded."""
    return case.degraded.astype(np.float64)


def identity_8bit(case: Case) -> Image:
    """The degraded image after saving it to 8 bits."""
    return quantise(case.degraded)


def identity_minmax(case: Case) -> Image:
    """The degraded image stretched to its own extremes, in 8 bits (AverageName/FastIm2Im bsd_preprocess.py)."""
    low, high = float(case.degraded.min()), float(case.degraded.max())
    return quantise((case.degraded.astype(np.float64) - low) / (high - low or 1.0))


def tile_mean(case: Case, tile: int) -> Image:
    """Mean of the degraded image over each tile."""
    return tile_means(identity(case), tile)


def tile_wiener(case: Case, tile: int) -> Image:
    """Realisable affine map per tile: m + max(0, v - s^2) / v (y - m), with m and v the degraded tile's moments."""
    noisy = identity(case)
    mean = tile_means(noisy, tile)
    variance = tile_means((noisy - mean) ** 2, tile)
    gain = np.clip(variance - (case.sigma / GREY) ** 2, 0, None) / np.where(variance > 0, variance, 1)
    return mean + gain * (noisy - mean)


def tile_wiener_oracle(case: Case, tile: int) -> Image:
    """Best affine map per tile, knowing the clean image: regression of clean on degraded values within each tile."""
    noisy, clean = identity(case), case.clean
    mean, target = tile_means(noisy, tile), tile_means(clean, tile)
    variance = tile_means((noisy - mean) ** 2, tile)
    covariance = tile_means((noisy - mean) * (clean - target), tile)
    return target + covariance / np.where(variance > 0, variance, 1) * (noisy - mean)


class PointwiseOracle:
    """Best single curve from degraded to clean values, the same for all pixels of all images, knowing the clean ones.

    The curve is the mean clean value of all pixels whose degraded value rounds to the same grey level (levels below 0
    and above 255 included). No pixelwise map without tiles, position or neighbourhood can do better.

    Args:
        cases: All cases of one noise level.
    """

    def __init__(self, cases: Iterable[Case]) -> None:
        self.low, self.high = -16 * 256, 17 * 256
        count, total = np.zeros(self.high - self.low + 1), np.zeros(self.high - self.low + 1)
        for case in cases:
            level = self._levels(case)
            count += np.bincount(level, minlength=count.size)
            total += np.bincount(level, case.clean.ravel(), minlength=count.size)
        self.curve = total / np.maximum(count, 1)

    def _levels(self, case: Case) -> npt.NDArray[np.intp]:
        return np.clip(np.rint(identity(case).ravel() * GREY), self.low, self.high).astype(np.intp) - self.low

    def __call__(self, case: Case) -> Image:
        """Apply the curve."""
        return self.curve[self._levels(case)].reshape(case.clean.shape)


def bm3d(case: Case) -> Image:
    """BM3D (Dabov et al. 2007) by the `bm3d` package with its default profile; CBM3D for colour."""
    import bm3d as package

    denoise = package.bm3d if case.degraded.ndim == 2 else package.bm3d_rgb
    return np.asarray(denoise(case.degraded.astype(np.float64), case.sigma / GREY), dtype=np.float64)


def wiener_known_blur(case: Case) -> Image:
    """Wiener deconvolution that is told the kernel: scikit-image's `wiener`, balance 4 (s^2 + 1/12 level)^(1/2).

    The image is mirrored by one kernel length at its border, as the degradation assumes.
    """
    from skimage.restoration import wiener

    assert case.kernel is not None
    margin = case.kernel.shape[0]
    balance = 4 * np.sqrt((case.sigma / GREY) ** 2 + 1 / 12 / GREY**2)
    planes = identity(case).reshape(*case.degraded.shape[:2], -1)
    restored = [
        wiener(  # type: ignore[no-untyped-call]
            np.pad(planes[..., k], margin, mode="reflect"), case.kernel, balance, clip=False
        )
        for k in range(planes.shape[2])
    ]
    return np.stack(restored, axis=2)[margin:-margin, margin:-margin].reshape(case.degraded.shape)


TILED: dict[str, Callable[[Case, int], Image]] = {
    "tile_mean": tile_mean,
    "tile_wiener": tile_wiener,
    "tile_wiener_oracle": tile_wiener_oracle,
}


def build(name: str, tile: int, cases: Callable[[], Iterable[Case]]) -> Method:
    """The baseline `name`.

    Args:
        name: One of `settings.restoration.BASELINES`.
        tile: Side of the tiles in pixels.
        cases: Gives all cases of the noise level; called by oracles that look at all of them.

    Raises:
        PixelwiseError: If there is no such baseline.
    """
    simple: dict[str, Method] = {
        "identity": identity,
        "identity_8bit": identity_8bit,
        "identity_minmax": identity_minmax,
        "bm3d": bm3d,
        "wiener_known_blur": wiener_known_blur,
    }
    if name in simple:
        return simple[name]
    if name in TILED:
        return lambda case: TILED[name](case, tile)
    if name == "pointwise_oracle":
        return PointwiseOracle(cases())
    raise PixelwiseError(f"baseline {name}; allowed are {', '.join([*simple, *TILED, 'pointwise_oracle'])}")
