"""Picture files of every kind, with what is in them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tifffile
from PIL import Image

HEIGHT, WIDTH = 12, 20
READ = frozenset({"PNG", "TIFF", "JPEG", "BMP", "WEBP"})
"""Formats that `denoise` names as its own."""


@dataclass(frozen=True)
class Kind:
    """One kind of picture file.

    Attributes:
        format: What its first bytes say.
        bits: Bits of each value.
        frames: Pictures or pages in it.
        plain: Whether it is gray or RGB, with or without opacity, of whole numbers from 0 up.
        make: Makes the file's bytes.
    """

    format: str
    bits: int
    frames: int
    plain: bool
    make: Callable[[], bytes]

    @property
    def whole(self) -> bool:
        """Whether `denoise` may take it: anything else it would have to cut or guess."""
        return self.format in READ and self.bits in (8, 16) and self.frames == 1 and self.plain


def _noise(*shape: int, top: int = 256, dtype: Any = np.uint8) -> Any:
    return np.random.default_rng(0).integers(0, top, shape).astype(dtype)


def _pillow(format_: str, mode: str, frames: int = 1, **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        first = Image.fromarray(_noise(HEIGHT, WIDTH, 3)).convert("RGB").convert(mode)
        pages = [Image.fromarray(_noise(HEIGHT, WIDTH, 3) // (i + 2)).convert(mode) for i in range(frames - 1)]
        more = {"save_all": True, "append_images": pages} if frames > 1 else {}
        first.save(buffer := io.BytesIO(), format_, **more, **options)
        return buffer.getvalue()

    return make


def _tiff(array: Any, **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        tifffile.imwrite(buffer := io.BytesIO(), array, **options)
        return buffer.getvalue()

    return make


def chunk(kind: bytes, data: bytes) -> bytes:
    """One part of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    bits: int, colour: int, height: int = HEIGHT, width: int = WIDTH, before: bytes = b"", rows: bytes | None = None
) -> bytes:
    """A PNG of any depth and colour type, written by hand."""
    values = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
    line = -(-width * bits * values // 8)
    data = (
        b"".join(b"\0" + bytes((7 * i + j) % 251 for j in range(line)) for i in range(height)) if rows is None else rows
    )
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    palette = chunk(b"PLTE", bytes(range(256)) * 3) if colour == 3 else b""
    return b"\x89PNG\r\n\x1a\n" + head + palette + before + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


EPS = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 12\n%%EndComments\n(STARTED) (w) file closefile\nshowpage\n%%EOF\n"
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="12"><image href="file:///etc/passwd"/></svg>'


def _kinds() -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        kinds[f"png {mode}"] = Kind("PNG", 8, 1, True, _pillow("PNG", mode))
        kinds[f"tiff {mode}"] = Kind("TIFF", 8, 1, True, _pillow("TIFF", mode))
    for name, modes in {"BMP": "1 L P RGB", "WEBP": "RGB RGBA", "JPEG": "L RGB"}.items():
        kinds |= {f"{name} {mode}": Kind(name, 8, 1, True, _pillow(name, mode)) for mode in modes.split()}
    for name, modes in {
        **{"GIF": "L P", "PPM": "L RGB", "TGA": "RGB RGBA", "PCX": "L RGB", "SGI": "L RGB", "JPEG2000": "L RGB RGBA"},
        **{"ICO": "RGBA", "ICNS": "RGBA", "DDS": "RGB", "DIB": "RGB", "IM": "L", "MSP": "1", "XBM": "1", "PDF": "RGB"},
        **{"EPS": "RGB", "AVIF": "RGB", "BLP": "P"},
    }.items():
        kinds |= {f"{name} {mode}": Kind(name, 8, 1, True, _pillow(name, mode)) for mode in modes.split()}
    for mode in ("CMYK", "YCbCr"):
        kinds[f"jpeg {mode}"] = Kind("JPEG", 8, 1, mode != "CMYK", _pillow("JPEG", mode))
    for mode in ("CMYK", "LAB", "F", "I"):
        kinds[f"tiff {mode}"] = Kind("TIFF", 8 if mode in ("CMYK", "LAB") else 32, 1, False, _pillow("TIFF", mode))
    for name in ("PNG", "WEBP", "TIFF", "GIF"):
        kinds[f"{name} of three"] = Kind(name, 8, 3, True, _pillow(name, "RGB", 3))
    kinds["JPEG of a camera, with previews"] = Kind("JPEG", 8, 1, True, _pillow("MPO", "RGB", 3))
    kinds |= {
        f"png {bits} bits, colour type {colour}": Kind("PNG", max(bits, 8), 1, True, lambda b=bits, c=colour: png(b, c))
        for bits, colour in ((1, 0), (2, 0), (4, 0), (16, 0), (1, 3), (2, 3), (4, 3), (16, 2), (16, 4), (16, 6))
    }
    shapes: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
        "gray": ((HEIGHT, WIDTH), {"photometric": "minisblack"}),
        "rgb": ((HEIGHT, WIDTH, 3), {"photometric": "rgb"}),
        "planes": ((3, HEIGHT, WIDTH), {"photometric": "rgb", "planarconfig": "separate"}),
        "rgba": ((HEIGHT, WIDTH, 4), {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
    }
    for name, (shape, options) in shapes.items():
        array = _noise(*shape, top=65536, dtype=np.uint16)
        kinds[f"tiff 16 {name}"] = Kind("TIFF", 16, 1, True, _tiff(array, **options))
        for packing in ("deflate", "lzw"):
            kinds[f"tiff 16 {name} {packing}"] = Kind("TIFF", 16, 1, True, _tiff(array, compression=packing, **options))
        for dtype in ("float32", "float64", "int16", "uint32", "int8", "float16"):
            other = Kind("TIFF", 32, 1, False, _tiff(array.astype(dtype), **options))
            kinds[f"tiff {dtype} {name}"] = other
    gray = _noise(HEIGHT, WIDTH, top=4096, dtype=np.uint16)
    kinds["tiff complex"] = Kind("TIFF", 64, 1, False, _tiff(gray.astype("complex64")))
    kinds["tiff 12 bits"] = Kind("TIFF", 12, 1, True, _tiff(gray, bitspersample=12, photometric="minisblack"))
    kinds["tiff 16, three pages"] = Kind("TIFF", 16, 3, True, _tiff(np.stack([gray] * 3), photometric="minisblack"))
    kinds["tiff 16, tiles"] = Kind("TIFF", 16, 1, True, _tiff(gray, tile=(16, 16), photometric="minisblack"))
    kinds["tiff big"] = Kind("TIFF", 16, 1, True, _tiff(gray, bigtiff=True, photometric="minisblack"))
    kinds["eps that writes"] = Kind("EPS", 8, 1, False, lambda: EPS)
    kinds["svg"] = Kind("SVG", 8, 1, False, lambda: SVG)
    for text in (
        "",
        "\n",
        "GIF89a",
        "BM",
        "\x89PNG\r\n\x1a\n",
        "II*\0",
        "MM\0*",
        "RIFF\0\0\0\0WEBP",
        "%PDF-1.4",
        "P6 9 9 255\n",
    ):
        kinds[f"only {text!r}"] = Kind("nothing", 0, 0, False, lambda t=text: t.encode("latin-1"))
    sizes = ((0, 0), (0, 5), (1, 1), (1, 2**31 - 1), (2**31 - 1, 2**31 - 1), (10**6, 10**6), (60000, 60000))
    for height, width in sizes:
        small = height * width == 1
        make = (lambda: png(8, 2, 1, 1)) if small else lambda h=height, w=width: png(8, 2, h, w, rows=bytes(99))
        kinds[f"png that says {height}x{width}"] = Kind("PNG", 8, 1, small, make)
    bomb = (
        chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(10**8))),
        chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(10**8))),
    )
    kinds["png with a bomb of a profile"] = Kind("PNG", 8, 1, True, lambda: png(8, 2, before=bomb[0]))
    kinds["png with a bomb of a text"] = Kind("PNG", 8, 1, True, lambda: png(8, 2, before=bomb[1]))
    frames = b"acTL", struct.pack(">II", 2**31 - 1, 0)
    kinds["png of 2^31 frames"] = Kind("PNG", 8, 2, False, lambda: png(8, 2, before=chunk(*frames)))
    return kinds


KINDS = _kinds()
SUFFIXES = (".png", ".tif", ".jpg", ".bmp", ".webp", ".PNG", ".tiff", ".gif", ".eps", ".txt", "")
