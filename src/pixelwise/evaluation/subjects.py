"""What was run, from the facts of the steps before: the training or conversion, or the settings of a timing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pixelwise.artifacts import MANIFEST, as_made
from pixelwise.data.published_weights import name_of
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import read
from pixelwise.files.step_documents import Training
from pixelwise.models import declarations
from pixelwise.models.network_options import FROM_DATA, differing, for_images, network_digest, plain
from pixelwise.record import Run
from pixelwise.settings.evaluation import Mode, TimedModel, TimeSettings

WINDOWS = "windows"
LOWRES_ORACLE = "lowres_oracle"
"""Method of a network whose low-res stream is given the undegraded image: it is that of no claim."""


def built(architecture: str, options: Mapping[str, Any], **more: Any) -> Run:
    """A network with these options, its weights left open."""
    network = network_digest(architecture, options)
    return Run(architecture=architecture, options=differing(architecture, options), network=network, **more)


def method(name: str, **options: Any) -> Run:
    """A method without a network, with those of its options that are not the usual ones."""
    return Run(method=name, options=options)


def trained(folder: Path, info: Mapping[str, Any]) -> Run:
    """The network that a training or conversion left in a folder.

    Args:
        folder: Its output.
        info: What the checkpoint there says of itself: `name` and `options`.

    Raises:
        PixelwiseError: If `training.json` beside it speaks of another network.
    """
    path = folder / "training.json"
    found, name, options = read(path, Training), str(info["name"]), dict(info["options"])
    if found.architecture is not None and (found.architecture, plain(found.options)) != (name, plain(options)):
        raise PixelwiseError(f"{path}: {found.architecture} {found.options}; the checkpoint beside is {name} {options}")
    manifest = folder / MANIFEST
    facts: dict[str, Any] = {"training": as_made(manifest) if manifest.is_file() else None}
    if found.official is not None:
        facts |= {"weights": name_of(found.official.sha256), "weights_sha256": found.official.sha256}
    elif found.recipe is not None:
        here = {deviation.name: deviation.here for deviation in found.deviations}
        facts |= {"recipe": found.recipe, "data": found.dataset.kind, "deviations": deviations(found.recipe, here)}
    return built(name, options, **facts)


def deviations(recipe: str, here: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a training another one than its recipe's.

    Left out are what no setting can reproduce, which the recipe itself lists, and options of the network, which are
    compared on their own; those that follow from the data stay, since the user set them.
    """
    groups = (model.recipes for model in declarations.models().values())
    known = [found[recipe] for recipes in groups for found in recipes.values() if recipe in found]
    gaps = {name for one in known for name, _, _ in one.gaps}
    ours = {name: name.removeprefix("options.") for name in here if name.startswith("options.")}
    return {
        name: value
        for name, value in here.items()
        if name not in gaps and (name not in ours or ours[name] in FROM_DATA)
    }


def at_level(run: Run | None, trained_for: Any, sigma: float) -> Run | None:
    """A denoiser as it is scored at a noise level: only trained for this level does it follow its recipe.

    Args:
        run: The network.
        trained_for: Noise level, or range of levels, of its training; None if unknown.
        sigma: The level, on the 0-255 scale.
    """
    if run is None or run.recipe is None or not isinstance(trained_for, int | float):
        return run
    others = {name: value for name, value in run.deviations.items() if name != "sigma"}
    own = {} if float(trained_for) == float(sigma) else {"sigma": trained_for}
    return run.model_copy(update={"deviations": others | own})


def oracle(run: Run | None) -> Run | None:
    """What a network is whose low-res stream is given the undegraded image: a method, and so no claim's network."""
    if run is None:
        return None
    options = {"architecture": run.architecture, **run.options}
    return method(LOWRES_ORACLE, **options).model_copy(update={"training": run.training})


def timed(settings: TimeSettings, model: str, mode: Mode | None = None) -> dict[str, Run | None]:
    """`subject` and `rival` of a timing's record.

    Args:
        settings: The group.
        model: A label of the group, a baseline, or `a/b` of two labels.
        mode: How the networks were run, in the words of the claims (`claims.checks.Treatment`): "eager" is none of
            these, since ASAP-Net then runs in a form of this package's; None where only operations were counted.
    """

    def run(label: str) -> Run:
        if label not in settings.models:
            return method(label)
        chosen = settings.models[label]
        return built(chosen.architecture, options_of(settings, chosen), treatment=mode)

    sides = [run(label) for label in model.split("/")] if model not in settings.models else [run(model)]
    return {"subject": sides[0], "rival": sides[1] if len(sides) > 1 else None}


def options_of(settings: TimeSettings, model: TimedModel) -> dict[str, Any]:
    """A timed model's options; labels and channels are the group's unless the model has its own."""
    given: dict[str, Any] = {"num_labels": settings.num_labels}
    if settings.task == "denoising":
        given = for_images(model.architecture, settings.channels)
    return given | model.options
