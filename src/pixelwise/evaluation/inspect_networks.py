"""Step `inspect`: what the published architectures and recipes hold, as records that decide claims about them."""

from __future__ import annotations

from pathlib import Path

from pixelwise.models.facts import RIVALS, Facts, asapnet_facts, constant_facts, receptive_field, rival_facts
from pixelwise.record import Record, Scalar, Task, Value, protocol_hash, write_records
from pixelwise.settings.claims import ArchitectureSettings
from pixelwise.settings.recipes import RESTORATION, TRANSLATION
from pixelwise.settings.training import AdversarialSettings, DenoisingSettings

PROTOCOL = "counted on the built network"
RECIPE_PROTOCOL = "read from the settings"
DEPTHS = (17, 20)


def run(settings: ArchitectureSettings, inputs: dict[str, Path], out: Path, work: Path) -> None:
    """Count parameters, layers, grids and arithmetic, and write metrics.json.

    Args:
        settings: The image sizes.
        inputs: None needed.
        out: Receives metrics.json.
        work: Unused.
    """
    records = [record for height, width in settings.sizes for record in at_size(height, width)]
    records += [_record(name, facts, {}) for name, facts in constant_facts().items()]
    for depth in DEPTHS:
        facts: Facts = {"receptive_field": (receptive_field(depth), "pixels")}
        records.append(_record("dncnn", facts, {"depth": depth}, task="denoising"))
    records += [_record(f"recipe {name}", facts, {}, RECIPE_PROTOCOL) for name, facts in recipes().items()]
    write_records(out / "metrics.json", records)


def at_size(height: int, width: int) -> list[Record]:
    """All generators at one size, and the ratios of their arithmetic to ASAP-Net's."""
    condition: dict[str, Scalar] = {"height": height, "width": width}
    asap = asapnet_facts(height, width)
    records = [_record("asapnet", asap, condition)]
    for name in RIVALS:
        other = rival_facts(height, width, name)
        ratio: Facts = {"gmacs_ratio": (other["gmacs"][0] / asap["gmacs"][0], "1")}
        records += [_record(name, other, condition), _record(f"{name}/asapnet", ratio, condition)]
    return records


def recipes() -> dict[str, Facts]:
    """The numbers of every published recipe that a claim may name."""
    facts: dict[str, Facts] = {}
    usual = {recipe: architecture for architecture, recipe in AdversarialSettings.BY_ARCHITECTURE.items()}
    for name in TRANSLATION:
        architecture = usual.get(name, "asapnet")
        settings = AdversarialSettings(architecture=architecture, recipe=name)
        facts[name] = {
            "epochs": (settings.epochs_constant + settings.epochs_decay, "epochs"),
            "batch": (settings.batch, "images"),
            "feature_matching": (settings.feature_matching, "1"),
            "perceptual": (settings.perceptual, "1"),
            "gan_loss_hinge": (float(settings.gan_loss == "hinge"), "1"),
            "learning_rate": (settings.learning_rate, "1"),
        }
    for name in RESTORATION:
        denoising = DenoisingSettings(recipe=name)
        facts.setdefault(name, {}).update(
            {
                "restoration_batch": (denoising.batch, "patches"),
                "loss_half_sum_squares": (float(denoising.loss == "half_sum_squares"), "1"),
            }
        )
    return facts


def _record(
    model: str, facts: Facts, condition: dict[str, Scalar], protocol: str = PROTOCOL, task: Task = "translation"
) -> Record:
    return Record(
        kind="architecture",
        task=task,
        model=model,
        dataset="none",
        protocol=protocol,
        protocol_hash=protocol_hash(protocol),
        condition=condition,
        n=1,
        synthetic=False,
        short=False,
        values={name: Value(value=value, unit=unit, interval=None) for name, (value, unit) in facts.items()},
    )
