"""Step `convert`: official weights in this project's checkpoint format, to be evaluated like a model trained here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from pixelwise.artifacts import sha256, write_json
from pixelwise.errors import PixelwiseError
from pixelwise.files import outputs, reading
from pixelwise.files.step_documents import Origin
from pixelwise.models import checkpoint, declarations
from pixelwise.models.bounds import checked
from pixelwise.models.official.official_checkpoints import load_official
from pixelwise.models.official.official_options import names
from pixelwise.models.official.read_official import read, strip
from pixelwise.models.registry import factory, skeleton
from pixelwise.settings.models import ConvertSettings

SOURCE = "source.json"  # where a folder of weights says what it holds


def run(settings: ConvertSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Convert published weights.

    Args:
        settings: Which network the weights belong to.
        inputs: `weights`, a folder with one file of weights and perhaps `source.json`.
        out: Gets `model.safetensors` and `training.json`, which says that nothing was trained here.
        work: Unused.

    Raises:
        PixelwiseError: If the file does not fit the network; the first wrong key is named.
    """
    folder = inputs["weights"]
    facts = reading.read(folder / SOURCE, Origin).model_dump(exclude_none=True) if (folder / SOURCE).is_file() else {}
    file = folder / settings.file if settings.file else _only_file(folder)
    options, module = _load(file, settings.architecture, settings.options)
    origin = {"file": file.name, "sha256": sha256(file)} | {
        key: facts[key] for key in ("name", "url", "licence", "source") if key in facts
    }
    trained = {} if settings.sigma is None else {"sigma": settings.sigma, "degradation": "noise"}
    checkpoint.save(out / "model.safetensors", module, settings.architecture, options, {"official": origin, **trained})
    document = {
        "architecture": settings.architecture,
        "options": options,
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "recipe": "official weights",
        "short": False,
        "deviations": [],
        "official": origin,
    }
    write_json(out / "training.json", document)


def convert(
    file: Path, name: str, out: Path, options: Sequence[str] | Mapping[str, Any] = (), force: bool = False
) -> str:
    """Convert one file of official weights.

    Args:
        file: .pth, .safetensors or (DnCNN) MATLAB v7.3 .mat.
        name: Name of the network.
        out: File to write.
        options: Options of the network, as a mapping or as texts NAME=VALUE with a JSON value or a plain word.
        force: Whether a file that stands at `out` may be replaced.

    Returns:
        One line that says what was written.

    Raises:
        PixelwiseError: If an option is malformed, or the file does not fit the network; the first wrong key is named.
    """
    file, out = Path(file), Path(out)
    given = dict(options) if isinstance(options, Mapping) else dict(option(text) for text in options)
    outputs.check(out, [file], force)
    complete, module = _load(file, name, given)
    origin = {"file": file.name, "sha256": sha256(file)}
    with outputs.written(out, [file], force) as temporary:
        checkpoint.save(temporary, module, name, complete, {"official": origin})
    count = sum(parameter.numel() for parameter in module.parameters())
    return f"{out}: {name} {json.dumps(complete, sort_keys=True)}, {count:,} parameters, from {file}"


def _load(file: Path, name: str, options: Mapping[str, Any]) -> tuple[dict[str, Any], nn.Module]:
    """Build the network without initialising it and fill it; options that the file shows are completed."""
    given = checked(name, factory(name), options)  # an error in these is not the file's
    tensors = strip(read(file))
    of_file = getattr(names(name), "options_of_file", None) if declarations.model(name).official else None
    complete = (of_file(tensors) if of_file else {}) | dict(options)
    try:
        module = skeleton(name, **complete | given)
    except PixelwiseError as error:
        raise PixelwiseError(f"{file}: {error}") from None
    return complete, load_official(module, tensors, str(file))


def _only_file(folder: Path) -> Path:
    """The file that `source.json` names, or the only one that is there."""
    if (folder / SOURCE).is_file():
        return folder / reading.read(folder / SOURCE, Origin).file
    found = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".json")
    if len(found) != 1:
        raise PixelwiseError(f"{folder}: holds {len(found)} files of weights; name one with the option `file`")
    return found[0]


def option(text: str) -> tuple[str, Any]:
    """An option in the words of a command line: NAME=VALUE, the value being JSON or else a plain word.

    Raises:
        PixelwiseError: If the text has no name or no sign.
    """
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise PixelwiseError(f"option {text!r}; allowed is NAME=VALUE")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value
