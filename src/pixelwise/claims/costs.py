"""What a job costs: seconds from recorded runs, GPU memory from counted networks; the basis is always named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pixelwise.artifacts import MANIFEST, read_manifest
from pixelwise.claims.amounts import PIXELS, different, restoration_work, setup, timing_work
from pixelwise.claims.predicted_records import Datasets
from pixelwise.errors import PixelwiseError
from pixelwise.files import listings, run_log
from pixelwise.files.reading import checked
from pixelwise.files.run_log import LogLine
from pixelwise.models import declarations
from pixelwise.planning.jobs import Job
from pixelwise.record import read_records
from pixelwise.settings.base import Settings

ARCHITECTURES = "pixelwise.models.architectures."
HERE = "this machine"
TABLE = Path(__file__).with_name("recorded_costs.yaml")
GOES_ON = frozenset({"fetch", "prepare", "train", "time"})
"""Steps that go on from where a failed attempt ended: they take the seconds of all their attempts."""


@dataclass(frozen=True)
class Recorded:
    """A job that ran: `work` in the units of `work_of`."""

    kind: str
    architecture: str
    work: float
    seconds: float
    device: str
    basis: str
    options: Mapping[str, Any] = field(default_factory=dict)
    of_table: bool = False
    machine: str = HERE


@dataclass(frozen=True)
class Cost:
    """Seconds that a job is expected to take, or None if nothing like it was ever recorded, and why.

    Attributes:
        machine: Where the job that it is scaled from ran.
        similar: Whether that was another network, or one with other options.
    """

    seconds: float | None
    basis: str
    machine: str = ""
    similar: bool = False


def architecture_of(job: Job) -> str:
    """Network that a job's time depends on; evaluations take the name of their subject."""
    settings: Any = job.settings
    if job.kind == "restore":  # that of the model that is scored, whatever its name
        networks = [name.rpartition(".")[2] for name in job.modules if name.startswith(ARCHITECTURES)]
        return networks[0] if networks else str(settings.name)
    return str(getattr(settings, "architecture", None) or getattr(settings, "name", ""))


def options_of(job: Job) -> Mapping[str, Any]:
    """Options of the network, such as a smaller width."""
    options: Mapping[str, Any] = getattr(job.settings, "options", {})
    return options


def work_of(job: Job, datasets: Datasets) -> float:
    """Amount of work: images of 256x512 trained on, generated or scored; timed calls of that size.

    For `prepare` it is images of any size, for other jobs 1.
    """
    settings: Any = job.settings
    height, width = datasets.size(job)
    area: float = (height or 321) * (width or 481) / PIXELS
    if job.kind in ("adversarial", "segmentation"):
        epochs = settings.epochs_constant + settings.epochs_decay if job.kind == "adversarial" else settings.epochs
        presentations: float = settings.presentations or epochs * max(datasets.images(job, "train"), 1)
        return presentations * area
    if job.kind == "denoising":
        patches: float = _denoising_steps(settings, datasets.images(job, "train")) * settings.batch
        return float(patches * settings.patch**2 / PIXELS)
    if job.kind == "time":
        return timing_work(settings)
    if job.kind == "restore":
        return restoration_work(settings, max(datasets.images(job, "val"), 1)) * area
    if job.kind == "prepare":
        return float(max(sum(datasets.prepared(settings.dataset, split) for split in ("train", "val")), 1))
    if job.kind == "follow":  # every snapshot through three networks
        return float(max(datasets.images(job, "val"), 1) * area * 10)
    if job.kind in ("generate", "mean_colour", "fid", "segment"):
        return float(max(datasets.images(job, "val"), 1) * area * len(getattr(settings, "protocols", (1,))))
    return 1.0


def _denoising_steps(settings: Any, images: int) -> int:
    """Steps of the schedule; without an explicit number, from the patches of images of 180x180 at four scales."""
    if settings.steps is not None:
        return int(settings.steps)
    side = 180 if settings.patch < 180 else settings.patch
    patches = sum(max(int(side * s - settings.patch) // settings.stride + 1, 0) ** 2 for s in settings.scales)
    return int(sum(settings.epochs_per_rate) * max(images, 1) * max(patches, 1) / settings.batch)


def from_log(
    jobs: Sequence[Job],
    datasets: Datasets,
    log: Path,
    device: str,
    left_out: list[str] | None = None,
    machine: str = HERE,
    same: Callable[[Job], bool] = lambda job: False,
) -> list[Recorded]:
    """What the run log of a machine says about these jobs: same output folder and settings, finished.

    Args:
        jobs: All jobs of a run.
        datasets: Sizes of their data.
        log: The run log. A line that is none of it, such as one that a kill cut short, is left out.
        device: Where jobs on a card computed.
        left_out: Receives what was left out.
        machine: Where it was.
        same: Whether a line that does not tell its settings is one of this job's.
    """
    problems: list[str] = [] if left_out is None else left_out
    by_out = {job.out: job for job in jobs}
    found: list[Recorded] = []
    lines: list[LogLine] = []
    with listings.leaving_out(problems):
        lines, bad = run_log.read(log)
        problems += bad
    for attempts in run_log.finished(lines):
        job, known = by_out.get(attempts[-1].out), attempts[-1].settings
        if job is None or not (known == job.effort(by_out) if known else same(job)):
            continue
        seconds = sum(line.seconds for line in (attempts if job.step in GOES_ON else attempts[-1:]))
        basis = f"recorded {'here' if machine == HERE else f'on {machine}'} ({log.name}, {job.id})"
        where = device if job.on_gpu else "cpu"
        work, options = work_of(job, datasets), options_of(job)
        found.append(Recorded(job.kind, architecture_of(job), work, seconds, where, basis, options, machine=machine))
    return found


def from_recorded_run(
    jobs: Sequence[Job], datasets: Datasets, folder: Path, left_out: list[str] | None = None
) -> list[Recorded]:
    """What the log of a recorded run of these jobs says, if one of its timings says on which machine it was made.

    Logs of earlier versions tell no settings: then the manifest beside the job's kept results must have the job's.

    Raises:
        PixelwiseError: If a timing is not of its format.
    """
    machines = [r.hardware for file in sorted(folder.glob("time/*/metrics.json")) for r in read_records(file)]
    known = next((machine for machine in machines if machine), None)
    if known is None:
        return []
    machine = str(known.get("gpu") or known.get("cpu"))

    def same(job: Job) -> bool:
        return _made_with(folder.joinpath(*job.out.split("/")[2:], MANIFEST), job.settings)

    return from_log(jobs, datasets, folder / "run.jsonl", str(known["device"]), left_out, machine, same)


def _made_with(manifest: Path, settings: Settings) -> bool:
    """Whether outputs were made with these settings; what an earlier version did not have is at its default."""
    try:
        return checked(type(settings), read_manifest(manifest)["job"]["settings"], str(manifest)) == settings
    except (PixelwiseError, KeyError):
        return False


def table(path: Path = TABLE) -> dict[str, Any]:
    """The committed table of recorded costs.

    Raises:
        PixelwiseError: If it cannot be read.
    """
    try:
        document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PixelwiseError(f"{path.name}: not readable as YAML ({' '.join(str(error).split())})") from None
    return document


def from_table(document: dict[str, Any]) -> list[Recorded]:
    """Its recorded jobs."""
    found = []
    for entry in document["recorded"]:
        machine = document["machines"][entry["machine"]]
        basis = f"recorded on {machine['hardware']} ({entry['job']})"
        facts = {name: entry[name] for name in ("kind", "architecture", "work", "seconds")}
        where = {"device": machine["device"], "machine": machine["hardware"]}
        found.append(Recorded(**facts, **where, basis=basis, options=entry.get("options", {}), of_table=True))
    return found


def estimate(job: Job, datasets: Datasets, recorded: Sequence[Recorded], device: str, scaling: dict[str, Any]) -> Cost:
    """Seconds of one job, scaled by its amount of work from the most similar job that was recorded.

    The same network before another one, the same options before others, this kind of device before another (then
    divided by the table's factor), the earlier entry of `recorded` before a later one.
    """
    alike = [entry for entry in recorded if entry.kind == job.kind]
    if not alike:
        return Cost(None, "no job of this kind was recorded")
    name, work = architecture_of(job), work_of(job, datasets)
    options = options_of(job)
    best = min(alike, key=lambda e: (e.architecture != name, *different(e.options, options), e.device != device))
    seconds = best.seconds * work / best.work
    same = best.architecture == name and best.options == options
    basis = best.basis if same else f"{best.basis}, a similar job"
    if best.device == device == "cuda" and best.of_table:  # recorded on the table's card
        seconds /= scaling.get("share", 1.0)
    if best.device != device:
        factor = scaling.get(device)
        if factor is None or factor["from"] != best.device:
            return Cost(None, f"recorded on {best.device} only")
        seconds = max(seconds / factor["factor"], factor.get("least", 0.0))
        basis = f"{basis}, divided by {factor['factor']:.4g}: {factor['basis']}"
    return Cost(seconds + setup(job, scaling), basis, best.machine, not same)


def _names(name: str, card: str) -> bool:
    """Whether a card's name, such as NVIDIA A100-SXM4-80GB, has all words of one of the table's."""
    return set(card.lower().split()) <= set(re.findall(r"[a-z0-9]+", name.lower()))


def card_of(document: Mapping[str, Any], name: str | None) -> str:
    """The table's card that a name means; the card of its timings for an unknown or absent one."""
    known = [card for card in document["cards"] if name and _names(name, card)]
    return str(max(known, key=len, default=document["scaling"]["cuda"]["card"]))


def scaling_of(document: Mapping[str, Any], job: Job, name: str | None) -> dict[str, Any]:
    """The table's scaling for one job on one card: slower than that of the timings as its peak rate is lower."""
    cuda, cards = document["scaling"]["cuda"], document["cards"]
    precision = str(getattr(job.settings, "precision", "fp32"))
    share = cards[card_of(document, name)][precision] / cards[cuda["card"]][precision]
    factor = {"from": cuda["from"], "basis": cuda["basis"], "least": cuda["least"]}
    return {"cuda": factor | {"factor": cuda["factor"][precision] * share}, "setup": document["setup"], "share": share}


def card_words(document: Mapping[str, Any], asked: str | None, here: str | None) -> str:
    """The card of an estimate, for people: the one asked for, else this machine's, else that of the timings.

    Raises:
        PixelwiseError: If the one asked for is not in the table.
    """
    card = card_of(document, asked or here)
    if _names(asked or here or "", card):
        return card
    if asked:
        raise PixelwiseError(f"--card: {asked!r}; allowed are {', '.join(document['cards'])}")
    return f"{card} ({here} is not in the table)" if here else f"{card} (assumed: no GPU here, no --card)"


def memory_gb(job: Job, datasets: Datasets, document: dict[str, Any]) -> float | None:
    """GPU memory of a training job in GB by the table's formula; None for other jobs, or if a model says nothing."""
    settings: Any = job.settings
    if job.kind not in ("adversarial", "denoising", "segmentation"):
        return None
    networks = [settings.architecture]
    if job.kind == "adversarial":
        networks += [settings.discriminator] * 2 + (["perceptual"] if settings.perceptual else [])
    declared = {name: model.memory for name, model in declarations.models().items()}
    known = [tuple(document["memory"]) if name == "perceptual" else declared.get(name) for name in networks]
    height, width = datasets.size(job)
    pixels = settings.patch**2 if job.kind == "denoising" else (height or 360) * (width or 480)
    side = getattr(settings, "crop", None)
    pixels = min(pixels, side**2) if side else pixels
    images = settings.batch / (settings.accumulate * settings.processes)
    total = 0.0
    for entry in known:
        if entry is None:
            return None
        parameters, activations = entry
        total += 16e-3 * parameters + images * pixels * 1e-6 * activations
    return 1.2 * total
