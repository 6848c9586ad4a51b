"""Step `inspect`: what a published network and its recipes hold, as records that decide claims about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pixelwise.evaluation import subjects
from pixelwise.models import declarations
from pixelwise.models.facts import Condition, Facts, of_model
from pixelwise.models.network_options import defaults
from pixelwise.record import Record, Run, Scalar, Task, Value, protocol_hash, write_records
from pixelwise.settings.claims import ArchitectureSettings
from pixelwise.settings.training import AdversarialSettings, DenoisingSettings

PROTOCOL = "counted on the built network"
SIZE = ("height", "width")
RECIPE_PROTOCOL = "read from the settings"


def run(settings: ArchitectureSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Count parameters, layers, grids and arithmetic, and write metrics.json.

    Args:
        settings: The network, the image sizes, and the networks that it is compared with.
        inputs: None needed.
        out: Receives metrics.json.
        work: Unused.
    """
    name = settings.architecture
    task: Task = "translation" if "denoising" not in declarations.model(name).tasks[:1] else "denoising"
    counted = list(of_model(name, settings.sizes))
    records = [
        _record(subject, facts, dict(condition), task=task, subject=_network(name, subject, condition, facts))
        for subject, condition, facts in counted
    ]
    for other in settings.against:
        theirs = {tuple(condition.items()): facts for _, condition, facts in of_model(other, settings.sizes)}
        for subject, condition, facts in counted:
            beside = theirs.get(tuple(condition.items()), {})
            if subject == name and "gmacs" in facts and "gmacs" in beside:
                ratio: Facts = {"gmacs_ratio": (facts["gmacs"][0] / beside["gmacs"][0], "1")}
                pair = _network(name, name, condition, facts), _network(other, other, condition, beside)
                records.append(_record(f"{name}/{other}", ratio, dict(condition), subject=pair[0], rival=pair[1]))
    records += [_record(f"recipe {recipe}", facts, {}, RECIPE_PROTOCOL) for recipe, facts in recipes(name)]
    write_records(out / "metrics.json", records)


def _network(name: str, form: str, condition: Condition, facts: Facts) -> Run:
    """What was counted: the model or its counted form, with the options that its size or its condition gives it."""
    known = defaults(name)
    found = {key: int(number) for key, (number, _) in facts.items() if key in known}
    options = dict(declarations.model(name).counted.get(form, {}))
    given = {key: value for key, value in condition.items() if key in known and key not in SIZE}
    return subjects.built(name, found | given | options)


def recipes(architecture: str) -> Iterator[tuple[str, Facts]]:
    """The numbers of a model's published recipes that a claim may name."""
    found: dict[str, Facts] = {}
    own = declarations.model(architecture).recipes
    for name in own.get("translation", {}):
        settings = AdversarialSettings(architecture=architecture, recipe=name)
        found[name] = {
            "epochs": (settings.epochs_constant + settings.epochs_decay, "epochs"),
            "batch": (settings.batch, "images"),
            "feature_matching": (settings.feature_matching, "1"),
            "perceptual": (settings.perceptual, "1"),
            "gan_loss_hinge": (float(settings.gan_loss == "hinge"), "1"),
            "learning_rate": (settings.learning_rate, "1"),
        }
    for name in own.get("restoration", {}):
        denoising = DenoisingSettings(architecture=architecture, recipe=name)
        found.setdefault(name, {}).update(
            {
                "restoration_batch": (denoising.batch, "patches"),
                "loss_half_sum_squares": (float(denoising.loss == "half_sum_squares"), "1"),
            }
        )
    yield from found.items()


def _record(
    model: str,
    facts: Facts,
    condition: dict[str, Scalar],
    protocol: str = PROTOCOL,
    task: Task = "translation",
    subject: Run | None = None,
    rival: Run | None = None,
) -> Record:
    return Record(
        kind="architecture",
        task=task,
        model=model,
        subject=subject,
        rival=rival,
        dataset="none",
        protocol=protocol,
        protocol_hash=protocol_hash(protocol),
        condition=condition,
        n=1,
        synthetic=False,
        short=False,
        values={name: Value(value=value, unit=unit, interval=None) for name, (value, unit) in facts.items()},
    )
