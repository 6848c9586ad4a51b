"""The register's files: one folder, one file for each subject, read together as one document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pixelwise.errors import PixelwiseError

REGISTER = Path(__file__).with_name("register")
KEYED = ("sources", "datasets")
"""Sections that map a key to an entry."""
LISTED = ("claims", "readings", "references", "contradictions")
"""Sections that list entries, each with an `id`."""


def read(folder: Path = REGISTER) -> tuple[dict[str, Any], dict[str, str]]:
    """Every section of every file of the register, joined; nothing but the YAML is checked.

    Args:
        folder: The register, or one file of that form.

    Returns:
        The document, and id -> name of the file that holds it.

    Raises:
        PixelwiseError: If there is no file, one is not YAML, holds another section, or repeats an id or a key.
    """
    paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else [folder]
    if not paths:
        raise PixelwiseError(f"{folder}: no YAML file; the register is a folder of them")
    whole: dict[str, Any] = {**{name: {} for name in KEYED}, **{name: [] for name in LISTED}}
    origin: dict[str, str] = {}
    for path in paths:
        for name, section in _sections(path).items():
            entries = section if isinstance(section, dict) else {_id(path, name, entry): entry for entry in section}
            if len(entries) < len(section):
                ids = [entry["id"] for entry in section]
                twice = next(text for text in ids if ids.count(text) > 1)
                raise PixelwiseError(f"{path.name}: id {twice!r} occurs twice; it stands in {path.name} already")
            for key in entries:
                known = key if name in LISTED else f"{name}.{key}"
                if known in origin:
                    raise PixelwiseError(f"{path.name}: id {key!r} occurs twice; it stands in {origin[known]} already")
                origin[known] = path.name
            if name in KEYED:
                whole[name].update(entries)
            else:
                whole[name] += section
    return whole, origin


def _sections(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PixelwiseError(f"{path}: not readable as YAML ({' '.join(str(error).split())})") from None
    if not isinstance(document, dict):
        raise PixelwiseError(f"{path}: {type(document).__name__}; a mapping of sections is needed")
    for name, section in document.items():
        wanted = dict if name in KEYED else list
        if name not in (*KEYED, *LISTED):
            raise PixelwiseError(f"{path.name}: section {name!r}; allowed are {', '.join((*KEYED, *LISTED))}")
        if not isinstance(section, wanted):
            raise PixelwiseError(f"{path.name}: {name}: {type(section).__name__}; a {wanted.__name__} is needed")
    return document


def _id(path: Path, section: str, entry: Any) -> str:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise PixelwiseError(f"{path.name}: {section}: an entry without an id; each has one")
    return str(entry["id"])
