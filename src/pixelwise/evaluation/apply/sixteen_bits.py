"""Files of 16 bits for each value, which Pillow writes in gray only."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from pixelwise.data.deep import PROFILE, Values
from pixelwise.data.formats import OPACITY
from pixelwise.evaluation.apply.camera_data import CameraData

PNG_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> colour type of the PNG header
WIDTH, HEIGHT, BITS, PHOTOMETRIC, PLACE, CHANNELS, BYTES, EXTRA = 256, 257, 258, 262, 273, 277, 279, 338
"""Tags of TIFF 6.0."""


def png(values: Values, profile: bytes | None, camera: CameraData | None) -> bytes:
    """A PNG (ISO/IEC 15948) of uint16 [H, W] or [H, W, 2..4], opacity last."""
    planes = values.reshape(*values.shape[:2], -1)
    height, width, channels = planes.shape
    rows = planes.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, PNG_COLOUR_TYPE[channels], 0, 0, 0))]
    if profile:
        parts.append(chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile)))
    if camera:
        parts.append(chunk(b"eXIf", camera.content(height, width).removeprefix(b"Exif\0\0")))
    parts += [chunk(b"IDAT", zlib.compress(filtered.tobytes(), 6)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff(values: Values, profile: bytes | None, camera: CameraData | None) -> bytes:
    """A TIFF 6.0, not compressed, of uint16 [H, W] or [H, W, 2..4], opacity last."""
    planes = values.reshape(*values.shape[:2], -1)
    height, width, channels = planes.shape
    opaque = channels in (1, 3)
    directory = ImageFileDirectory_v2(b"II*\0\0\0\0\0")
    directory[WIDTH], directory[HEIGHT], directory[CHANNELS] = width, height, channels
    directory[BITS] = (16,) * channels
    directory[PHOTOMETRIC] = 1 if channels < 3 else 2
    directory[PLACE], directory[BYTES] = 0, planes.nbytes  # counted from the end of the directory
    if not opaque:
        directory[EXTRA] = OPACITY
    if profile:
        directory[PROFILE] = profile
    for tag, value in (camera.tags(height, width) if camera else {}).items():
        directory[tag] = value
    stream = io.BytesIO()
    directory.save(stream)
    return stream.getvalue() + planes.astype("<u2").tobytes()
