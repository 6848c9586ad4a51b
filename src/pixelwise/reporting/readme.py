"""Numbers in prose: marked blocks of a Markdown file are filled from committed results and checked for being stale.

A block is `<!-- generated:NAME ARGUMENTS -->...<!-- end -->`. NAME is one of `BLOCKS`; ARGUMENTS name the run (of
verdicts and answers `ledger`, too: all recorded runs together) and, for `value`, what to look up; a word with a space
stands in quotation marks. A block `picture` names a drawing below the folder of the file.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from pixelwise.errors import PixelwiseError
from pixelwise.files import outputs
from pixelwise.reporting import answer_picture
from pixelwise.reporting.readme_blocks import BLOCKS, INLINE

BLOCK = re.compile(r"(<!-- generated:(?P<name>[a-z-]+)(?P<words>[^>]*?) -->)(?P<body>.*?)(<!-- end -->)", re.DOTALL)
INSIDE = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]*")
"""A path that stays below the folder of the file."""


def _words(text: str) -> list[str]:
    """A block's arguments; quotes keep a space inside one."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise PixelwiseError(f"README: block with arguments {text.strip()!r}: {str(error).lower()}") from error


def filled(text: str, results: Path) -> str:
    """The text with every block filled anew.

    Args:
        text: Markdown with blocks.
        results: Folder that holds one folder for each run.

    Raises:
        PixelwiseError: If a block's name is unknown or its results are missing.
    """

    def fill(found: re.Match[str]) -> str:
        name, words = found["name"], _words(found["words"])
        if name not in BLOCKS:
            raise PixelwiseError(f"README: block {name!r}; allowed: {', '.join(BLOCKS)}")
        if not words and name != "bench":
            raise PixelwiseError(f"README: block {name!r}: names no run; write 'generated:{name} RUN'")
        body = BLOCKS[name](results, words)
        return f"{found[1]}{body}{found[5]}" if name in INLINE else f"{found[1]}\n\n{body}\n\n{found[5]}"

    return BLOCK.sub(fill, text)


def update(readme: Path, results: Path) -> bool:
    """Fill the blocks of a file and draw its pictures; returns whether that changed it.

    Raises:
        PixelwiseError: As `filled`, or if the file is no text or not one that may be written.
    """
    outputs.check(readme, [], force=True)
    text = _text(readme)
    new = filled(text, results)
    if new != text:
        with outputs.written(readme, [], force=True) as temporary:
            temporary.write_bytes(new.encode("utf-8"))
    old = _old_pictures(readme, text, results)
    for stem in old:
        answer_picture.draw(results, stem)
    return new != text or bool(old)


def _old_pictures(readme: Path, text: str, results: Path) -> list[Path]:
    """The pictures of a text that are missing or show what is no longer recorded."""
    names = [_words(found["words"])[0] for found in BLOCK.finditer(text) if found["name"] == "picture"]
    for name in names:
        if not INSIDE.fullmatch(name):
            raise PixelwiseError(f"{readme}: picture {name!r}; a path below the folder of the file is needed")
    stems = [readme.parent / name for name in names]
    return [stem for stem in stems if not answer_picture.current(results, stem)]


def _text(readme: Path) -> str:
    """Contents of a file, with its own line ends."""
    if not readme.is_file():
        raise PixelwiseError(f"{readme}: no such file")
    try:
        return readme.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise PixelwiseError(f"{readme}: byte {error.start} is not UTF-8; a text in UTF-8 is needed") from None


def stale(readme: Path, results: Path) -> list[str]:
    """Blocks that differ from what the results say, as `NAME ARGUMENTS`, and old drawings; empty if all is current."""
    text = _text(readme)
    pairs = zip(BLOCK.finditer(text), BLOCK.finditer(filled(text, results)), strict=True)
    blocks = [f"{old['name']}{old['words']}" for old, new in pairs if old["body"] != new["body"]]
    return [*blocks, *(f"drawing {stem}" for stem in _old_pictures(readme, text, results))]
