"""The images of a protocol, clean and degraded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pixelwise.data.pack import Pack
from pixelwise.data.read_images import four_neighbours
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.evaluation_noise import add_noise, blur_and_noise, kernel_of
from pixelwise.evaluation.protocols import Protocol

Kernel = npt.NDArray[np.float64]


def digest(pack: Pack, kind: str) -> str:
    """What `Protocol.images` holds: the kind, `pixels` or `names`, and 12 hexadecimal digits of a SHA-256."""
    sha = hashlib.sha256()
    for index in sorted(range(len(pack)), key=lambda i: pack.names[i]):
        sha.update(f"{pack.names[index]}\0".encode())
        if kind == "pixels":
            sha.update(f"{pack.image(index).shape}".encode() + pack.image(index).tobytes())
    return f"{kind}:{sha.hexdigest()[:12]}"


@dataclass(frozen=True)
class Case:
    """One image to restore.

    Attributes:
        name: Name of the image.
        clean: float64 [H, W] or [H, W, 3], on the scale where white is 1.
        degraded: float32 of the same shape; what a method is given.
        sigma: Noise level on the 0-255 scale, known to the methods.
        kernel: The kernel that blurred it, if one did.
    """

    name: str
    clean: npt.NDArray[np.float64]
    degraded: npt.NDArray[np.float32]
    sigma: float
    kernel: Kernel | None = None


class Cases:
    """The images of a protocol, at one noise level after the other.

    Args:
        protocol: The protocol.
        pack: Split `val` of prepared data.
        kind: Kind of the data set.
        limit: Use only the first so many images; None for all.

    Raises:
        PixelwiseError: If the data set is not one that the protocol allows, or lacks images or blurred partners.
    """

    def __init__(self, protocol: Protocol, pack: Pack, kind: str, limit: int | None = None) -> None:
        where = f"{pack.directory}"
        if kind not in protocol.kinds:
            allowed = ", ".join(protocol.kinds)
            raise PixelwiseError(f"{where}: data set of kind {kind}; protocol {protocol.name} allows {allowed}")
        if not len(pack):
            raise PixelwiseError(f"{where}: no images in split {pack.split}; protocol {protocol.name} needs some")
        if protocol.degradation == "given" and pack.blurred(0) is None:
            raise PixelwiseError(f"{where}: no blurred partners; protocol {protocol.name} needs them")
        if protocol.images and len(pack) >= protocol.count:
            found = digest(pack, protocol.images.split(":")[0])
            if found != protocol.images:
                raise PixelwiseError(f"{where}: images {found}; protocol {protocol.name} needs {protocol.images}")
        self.protocol, self.pack = protocol, pack
        self.names = pack.names[:limit]

    def __len__(self) -> int:
        return len(self.names)

    def at(self, sigma: float, limit: int | None = None) -> Iterator[Case]:
        """The first `limit` images (None: all) with noise of level `sigma` (0-255 scale)."""
        for index in range(len(self.names[:limit])):
            yield self.case(index, sigma)

    def case(self, index: int, sigma: float) -> Case:
        """Image number `index` with noise of level `sigma`."""
        image = self._fit(self.pack.image(index), index)
        degradation, kernel, seed = self.protocol.degradation, None, self.protocol.seed(index)
        if degradation == "motion_blur":
            degraded, kernel = blur_and_noise(image, index, sigma, seed), kernel_of(index)
        elif degradation == "given":
            blurred = self.pack.blurred(index)
            assert blurred is not None
            degraded = add_noise(self._fit(blurred, index), sigma, seed)
        else:
            degraded = add_noise(image, sigma, seed)
        return Case(self.names[index], image.astype(np.float64) / 255, degraded, sigma, kernel)

    def _fit(self, image: npt.NDArray[np.uint8], index: int) -> npt.NDArray[np.uint8]:
        channels = 1 if image.ndim == 2 else image.shape[2]
        if channels != self.protocol.channels:
            raise PixelwiseError(
                f"{self.pack.directory}: {self.names[index]} has {channels} channels; protocol {self.protocol.name} "
                f"needs {self.protocol.channels} (set channels of the data set)"
            )
        size = self.protocol.size
        return image if size is None or image.shape[:2] == size else four_neighbours(np.asarray(image), size)
