"""The formats of pictures that are read and written: the one list."""

from __future__ import annotations

FORMATS = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg"),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
"""Every format, by Pillow's name, with its suffixes."""
SUFFIXES = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
