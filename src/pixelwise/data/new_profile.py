"""`pixelwise data new`: a complete profile for a folder of the user's own, put into params.yaml beside the others."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from rich.progress import track

from pixelwise.artifacts import atomic
from pixelwise.data.declared_kinds import names as kinds
from pixelwise.data.kinds import custom
from pixelwise.data.survey import Survey, look
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import text
from pixelwise.planning.configuration import read
from pixelwise.settings.names import SMOKE, own
from pixelwise.terminal.console import terminal
from pixelwise.terminal.screen import plain

MULTIPLE, SMALLEST, LARGEST = 16, 32, 256
PIXELS = 8192
"""Pixels of a picture in training, about: 64x128. Two processor cores then train in minutes."""
BATCH, PRESENTATIONS, THREADS = 4, 800, 4
SHOWN = 6


def new(folder: Path, config: Path, name: str | None, planned: Callable[[Path, str], Any]) -> None:
    """Look at a folder, say what is there, and add a profile to a configuration.

    Args:
        folder: Label maps and photographs.
        config: Configuration file, such as params.yaml.
        name: Of the profile and its data set; None takes the folder's.
        planned: Plans a profile of a configuration, and so checks it.

    Raises:
        PixelwiseError: If nothing can be trained on, or the name is taken; nothing is written then.
    """
    if not folder.is_dir():
        raise PixelwiseError(f"{folder}: no such folder; the folder of your label maps and photographs is needed")
    name = _named(folder, name)
    taken = read(config)
    if name in (taken.get("profiles") or {}):
        raise PixelwiseError(f"{config}: profile {name} is there already and stays as it is; choose another by --name")
    bar = terminal(stderr=True)
    survey = look(folder, lambda entries, what: track(entries, what, console=bar, disable=not bar.is_terminal))
    show(survey)
    if min(survey.counts.values()) < 1:
        counts = " and ".join(f"{count} {split}" for split, count in survey.counts.items())
        raise PixelwiseError(f"{folder}: {counts} pairs; one at least is needed of both")
    size = training_size(survey)
    insert(config, name, profile(name, survey, size), planned)
    _next(config, name, size)


def _named(folder: Path, name: str | None) -> str:
    if name is None:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).strip("-._")
        while name.lower().endswith(SMOKE):
            name = name[: -len(SMOKE)]
        name = (name or "own")[:57].rstrip("-._")
        return name if _refused(name) is None else f"my-{name}"
    if why := _refused(name):
        raise PixelwiseError(f"--name {plain(name)}: {why}; choose another")
    return name


def _refused(name: str) -> str | None:
    """Why a profile and its data set can't have this name, or None."""
    if name in kinds():
        return "the name of a kind of data set"
    try:
        own(name)
    except ValueError as error:
        return str(error)
    try:
        float(name)
    except ValueError:
        return None
    return "a number to Snakemake"


def show(survey: Survey) -> None:
    """Print what was seen."""
    console = terminal(soft_wrap=True, highlight=False)

    def line(words: str) -> None:
        console.print(plain(words), markup=False)

    line(f"{survey.root}: the layout '{survey.layout.name}'.")
    for key, value in survey.options.items():
        if key in ("labels", "images", "instances", "lists", "direction"):
            line(f"  {key}: {value}")
    line(f"Pairs: {survey.counts['train']} train, {survey.counts['val']} validate.")
    sizes = ", ".join(f"{height}x{width} ({count})" for (height, width), count in survey.sizes.most_common(SHOWN))
    more = len(survey.sizes) - SHOWN
    line(f"Height x width of photographs: {sizes}{f' and {more} more sizes' if more > 0 else ''}.")
    for words in survey.rule:
        line(words)
    total = sum(count for _, count in survey.pixels)
    line("Share of pixels:")
    for label, count in survey.pixels:
        line(f"  {100 * count / total:6.2f} %  {label}")
    alike: dict[str, list[str]] = {}
    for words in dict.fromkeys(survey.left):
        alike.setdefault(words.rpartition(": ")[2], []).append(words)
    for same in alike.values():
        line(f"Left out or noted: {same[0]}" + (f" ({len(same) - 1} more)" if len(same) > 1 else ""))
    for words in survey.left_out[:SHOWN]:
        line(f"Left out: {words}")
    if len(survey.left_out) > SHOWN:
        line(f"Left out: {len(survey.left_out) - SHOWN} more; leave_out names them all.")


def training_size(survey: Survey) -> tuple[int, int]:
    """Height and width for training: multiples of 16, about as many pixels as 64x128, near the photographs' shape."""
    (height, width), _ = max(survey.sizes.items(), key=lambda item: (item[1], item[0]))
    most = [max(SMALLEST, min(LARGEST, side // MULTIPLE * MULTIPLE)) for side in (height, width)]
    sides = [range(SMALLEST, side + 1, MULTIPLE) for side in most]
    shape = math.log(width / height)

    def badness(size: tuple[int, int]) -> tuple[float, tuple[int, int]]:
        area = abs(math.log(size[0] * size[1] / PIXELS))
        return 2 * abs(math.log(size[1] / size[0]) - shape) + area, size

    return min(((rows, columns) for rows in sides[0] for columns in sides[1]), key=badness)


def _flow(values: dict[str, Any]) -> str:
    """A table of plain values on one line of YAML."""
    return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in values.items()) + "}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return _flow(value)
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z_]*", value):
        return _key(value)
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    """A plain name in YAML, in quotation marks where it would be read as a number, a date or a truth value."""
    try:
        return name if yaml.safe_load(name) == name else json.dumps(name)
    except ValueError:  # no such date
        return json.dumps(name)


def profile(name: str, survey: Survey, size: tuple[int, int]) -> list[str]:
    """The lines of a complete profile, without indentation."""
    batch = min(BATCH, survey.counts["train"])
    data = {"kind": custom.NAME, "root": str(survey.root), "height": size[0], "width": size[1], **survey.options}
    common = {"dataset": name, "batch": batch, "presentations": PRESENTATIONS}
    small = {"width": 16, "max_width": 128, "depth": 3, "mlp_width": 32}
    learning = {"perceptual": 0, "pixel_l1": 10, "learning_rate": 0.0004, "discriminator_options": {"width": 16}}
    title = f"Pictures from the label maps in {survey.root.resolve().name}"
    return [
        f"{_key(name)}:",
        f"  title: {json.dumps(title, ensure_ascii=False)}",
        f"  compute: {{device: auto, threads: {min(THREADS, os.cpu_count() or 1)}}}",
        "  networks:",
        f"    asapnet_small: {_flow({'architecture': 'asapnet', 'options': small})}",
        f"    segmenter_small: {_flow({'architecture': 'segmenter', 'options': {'stages': 2}})}",
        "  datasets:",
        f"    {_key(name)}: {_flow(data)}",
        "  train:",
        f"    asapnet: {_flow({'task': 'translation', 'network': 'asapnet_small', **common, **learning})}",
        "    # Reads label maps back from pictures, and so scores them.",
        f"    segmenter: {_flow({'task': 'segmentation', 'network': 'segmenter_small', **common})}",
        "  segment: {segmenter: segmenter, protocols: [native]}",
    ]


def insert(config: Path, name: str, lines: list[str], planned: Callable[[Path, str], Any]) -> None:
    """Add a profile at the end of `profiles`; every other byte of the file stays.

    Raises:
        PixelwiseError: If the file has no such table over several lines, or if the profile would not be valid.
    """
    before, config = text(config), config.resolve()
    top = yaml.compose(before, Loader=yaml.CSafeLoader)
    table = {key.value: value for key, value in top.value}.get("profiles") if top is not None else None
    if not isinstance(table, yaml.MappingNode) or table.flow_style or not table.value:
        raise PixelwiseError(
            f"{config}: profiles is not a table with one profile after the other; add the profile there"
        )
    indent = " " * table.value[0][0].start_mark.column
    rows = before.splitlines(keepends=True)
    end = table.end_mark.line + (1 if table.end_mark.column else 0)
    while end > 0 and (not rows[end - 1].strip() or rows[end - 1].startswith("#")):  # said of what comes after
        end -= 1
    head = "".join(rows[:end])
    block = "".join(f"{indent}{line}\n" for line in lines)
    after = head + ("" if head.endswith("\n") else "\n") + f"\n{block}" + "".join(rows[end:])
    with atomic(config) as temporary:
        temporary.write_text(after, encoding="utf-8")
        shutil.copymode(config, temporary)
        old, fresh = yaml.safe_load(before), yaml.safe_load(after)
        if fresh.get("profiles", {}).pop(name, None) is None or fresh != old:
            raise PixelwiseError(f"{config}: the profile can't be added without changing another value")
        planned(temporary, name)


def _next(config: Path, name: str, size: tuple[int, int]) -> None:
    console = terminal(soft_wrap=True, highlight=False)
    cores = os.cpu_count() or 1
    for words in (
        f"Added profile {name} to {config}; it trains at {size[0]}x{size[1]} (height x width), in minutes.",
        "Next:",
        f"  pixelwise data check {name} --profile {name}",
        f"  snakemake --cores {cores} train_all --config profile={name}",
        f"  snakemake --cores {cores} all --config profile={name}",
    ):
        console.print(plain(words), markup=False)
