"""The visitor's questions, answered in generated sentences from the records of a run, or of all recorded runs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from pixelwise.claims import evidence, timed
from pixelwise.claims.checks import Measurement
from pixelwise.claims.claim_schema import Register
from pixelwise.claims.estimates import Estimate, summarise
from pixelwise.claims.evidence import Item
from pixelwise.claims.faster import faster
from pixelwise.claims.findings import Finding, decided
from pixelwise.claims.headline import needs
from pixelwise.claims.nearest import compared
from pixelwise.claims.register_entries import Claim
from pixelwise.claims.rules import reached, signed
from pixelwise.claims.same_run import changed_options
from pixelwise.claims.shown_numbers import counted, interval, number
from pixelwise.claims.told import Answer, Subject
from pixelwise.claims.trained_quality import LEAST_SEEDS, QUALITY, units
from pixelwise.claims.wording import better, fitting, join, quantity, shortened, verb
from pixelwise.models.network_options import FROM_DATA, defaults
from pixelwise.record import Record, Run

QUESTIONS: dict[Subject, str] = {
    "speed": "Is ASAP-Net faster than pix2pixHD?",
    "quality": "Are its pictures as good?",
    "denoising": "Is it good for denoising?",
    "open": "What was not tested?",
}
FEW = 50
"""Images below which a mean says little."""
NAMED = 3
"""Data sets that are named as missing."""
IDLE = 0.1
"""dB from the noisy input within which a denoiser has learned nothing."""
UNLEARNED = ": the network learned nothing."
WEAK = "This DnCNN is weaker than the published one."


def answers(register: Register, findings: Sequence[Finding], items: Sequence[Item]) -> list[Answer]:
    """Whether ASAP-Net is faster, as good, and good for denoising, and what was not tested.

    Args:
        register: The claims.
        findings: Their verdicts.
        items: Every record of the run, or of all recorded runs.
    """
    by_id = {finding.id: finding for finding in findings}
    told: dict[Subject, list[str]] = {
        "speed": faster(items),
        "quality": as_good(register, by_id, items),
        "denoising": denoising(register, items),
        "open": untested(register, by_id, items),
    }
    return [
        Answer(
            topic=topic,
            question=question,
            sentences=told[topic],
            claims=[claim.id for claim in register.headlines if claim.subject == topic],
        )
        for topic, question in QUESTIONS.items()
    ]


def as_good(register: Register, by_id: dict[str, Finding], items: Sequence[Item]) -> list[str]:
    """FID and mean IoU against pix2pixHD: the verdicts of the paper's claims, or the numbers beside them."""
    checks = {
        claim.id: (claim, claim.check)
        for claim in register.headlines
        if claim.subject == "quality"
        and register.sources[claim.source].authors
        and isinstance(claim.check, Measurement)
    }
    if any(decided(by_id[name]) for name in checks):
        return [_settled(claim, check, by_id[name]) for name, (claim, check) in checks.items()]
    names = " and ".join(dict.fromkeys(quantity(check.value) for _, check in checks.values()))
    waits = dict.fromkeys(needs(register, claim, by_id[name]) for name, (claim, _) in checks.items())
    found = [(check, _nearest(check, items, lambda item: item.record.model)) for _, check in checks.values()]
    beside = [(check, estimate) for check, estimate in found if estimate is not None]
    told = [_difference(register, check, estimate) for check, estimate in beside]
    few = _few(min((estimate.n for _, estimate in beside), default=FEW))
    wanted = " and ".join(filter(None, waits)) or "more evidence"
    lead = f"not tested: the paper's claims on {names} need"
    return [fitting(join([f"{lead} {wanted}"]), join([f"{lead} more evidence"])), *told, *few]


def _settled(claim: Claim, check: Measurement, finding: Finding) -> str:
    """A claim in plain words with its verdict, and the number that decided it where that is one."""
    told = f"{claim.plain}: {verb(finding)}"
    if not decided(finding) or len(finding.measured) != 1:
        return join([told])
    what = "difference" if check.combine == "difference" else quantity(check.value)
    shown = f"{what} {signed(finding.measured[0], check.combine)}, {better(check.kind, check.value)}"
    return fitting(join([f"{told}; {shown.rstrip(', ')}"]), join([told]))


def _few(n: int) -> list[str]:
    return [f"{counted(n, 'picture')} {'is' if n == 1 else 'are'} too few to say more."] if n < FEW else []


def _nearest(check: Measurement, items: Sequence[Item], rank: Callable[[Item], Any]) -> Estimate | None:
    """The comparison that says most: the claim's data and protocol, real pictures, full trainings, many pictures."""
    sides = evidence.sides(check)
    parted = [[item for item in items if evidence.speaks_of(check, side, item.record)] for side in sides]
    finite = [[i for i in side if not evidence.is_infinite(evidence.number_of(check, i.record))] for side in parted]

    def worth(estimate: Estimate) -> tuple[object, ...]:
        records = [item.record for item in estimate.items]
        far = max(evidence.distance(check, sides[0], record)[:2] for record in records)
        return (*far, any(r.synthetic for r in records), any(r.short for r in records), -estimate.n)

    return min(compared(check, finite, rank), key=worth, default=None)


def _place(register: Register, estimate: Estimate) -> str:
    """Data set, number of pictures and what is wanting, in words: `BSD68, 68 pictures, short training`."""
    record = estimate.items[0].record
    known = register.datasets.get(record.source)
    name = known.title.partition(" (")[0] if known else shortened(record.dataset)
    drawn = "drawn " if record.synthetic else ""
    short = ", short training" if any(item.record.short for item in estimate.items) else ""
    return f"{name} ({counted(estimate.n, f'{drawn}picture')}{short})"


def _difference(register: Register, check: Measurement, estimate: Estimate) -> str:
    """A difference to pix2pixHD as a sentence."""
    unit = "" if estimate.unit == "1" else f" {estimate.unit}"
    low, high = estimate.low, estimate.high
    name, place = quantity(check.value), _place(register, estimate)
    if low <= 0 <= high:
        shown = interval(estimate.value, low, high, sign=True)
        text = f"on {place} its {name} differs from pix2pixHD's by {shown}{unit}: no sure difference"
        return join([text])
    size = interval(abs(estimate.value), min(abs(low), abs(high)), max(abs(low), abs(high)))
    head, _, ends = size.partition(" [")
    way = "lower" if estimate.value < 0 else "higher"
    text = f"on {place} its {name} is {head}{unit} {way} [{ends} than pix2pixHD's"
    if estimate.seeds < LEAST_SEEDS:
        few = f"too few trainings to be sure ({estimate.seeds})"
        return fitting(join([f"{text}; {few}"]), join([f"{text}; not sure"]))
    return fitting(join([f"{text}; {better(check.kind, check.value)}"]), join([text]))


def denoising(register: Register, items: Sequence[Item]) -> list[str]:
    """The best form of ASAP-Net's generator against DnCNN (released before trained), and the noisy input, in PSNR."""
    found = [claim.check for claim in register.headlines if claim.subject == "denoising"]
    check = next(each for each in found if isinstance(each, Measurement) and each.combine == "difference")
    check = check.model_copy(update={"repeatability": None})
    sides = evidence.sides(check)
    estimate = _nearest(check, items, lambda item: (not _released(item.record), -_decibels(item.record)))
    if estimate is None:
        scored = [any(evidence.speaks_of(check, side, item.record) for item in items) for side in sides]
        if all(scored):
            return ["Not sure: both were scored, but not alike, or on too few pictures for an interval."]
        have = "ASAP-Net's generator" if scored[0] else "DnCNN"
        return [f"Not tested: of both only {have} was scored." if any(scored) else "Not tested: nothing was denoised."]
    parted = [[item for item in estimate.items if evidence.speaks_of(check, side, item.record)] for side in sides]
    both = [summarise(check, found, side.subject) for side, found in zip(sides, parted, strict=True)]
    mine, other = ("" if one is None else interval(one.value, one.low, one.high, one.unit) for one in both)
    place, noisy = _place(register, estimate), _noisy(both[0], parted[0][0], items)
    trained = [(side, found) for side, found in zip(sides, parted, strict=True) if not _released(found[0].record)]
    few = any(len(units(check, side.subject, found)) < LEAST_SEEDS for side, found in trained)
    words = ("Yes", "No")
    if any(item.record.short for item in estimate.items):  # what learned for longer may end elsewhere
        words = ("Probably", "Probably not")
    word = "Not sure" if few or estimate.low <= 0 <= estimate.high else words[estimate.low <= 0]
    weak = [WEAK] if word in ("Yes", "Probably") and _weak(register, check, both[1], parted[1]) else []
    if weak or any(text.endswith(UNLEARNED) for text in noisy):
        word = "Cannot tell"
    told = f"{word}: on {place}, its best form reaches {mine}, DnCNN {other}"
    return [fitting(join([f"{told}; PSNR, higher is better"]), join([told])), *weak, *noisy, *_few(estimate.n)]


def _released(record: Record) -> bool:
    return record.subject is not None and record.subject.weights_sha256 is not None


def _weak(register: Register, check: Measurement, other: Estimate | None, items: Sequence[Item]) -> bool:
    """Whether the rival is no match: a smaller network, or worse than `after` asks where it was scored as that is."""
    runs = [item.record.subject for item in items if item.record.subject is not None and not _released(item.record)]
    gate = register.claim(check.after).check if check.after else None
    if other is None or not runs or not isinstance(gate, Measurement) or gate.rule.equals is None:
        return False
    (side,) = evidence.sides(gate)
    same = all(evidence.distance(gate, side, item.record)[:2] == (0, 0) for item in items)
    return any(map(_smaller, runs)) or (same and other.value < reached(gate.rule))


def _smaller(run: Run) -> bool:
    """Whether a network has less of anything than the published one: layers or channels, whatever the data need."""
    usual = defaults(str(run.architecture))
    changed = {name: value for name, value in changed_options(run).items() if name not in FROM_DATA}
    return any(isinstance(value, int) and value < usual.get(name, value) for name, value in changed.items())


def _decibels(record: Record) -> float:
    value = record.values["psnr"].value
    return -math.inf if value is None else value


def _noisy(mine: Estimate | None, item: Item, items: Sequence[Item]) -> list[str]:
    """What the noisy input itself scores under the same protocol."""
    same = [
        other.record
        for other in items
        if {*other.runs} & {*item.runs}
        and other.record.subject is not None
        and other.record.subject.method == "identity"
        and (other.record.dataset, other.record.protocol) == (item.record.dataset, item.record.protocol)
        and other.record.condition.get("sigma") == item.record.condition.get("sigma")
    ]
    if mine is None or not same:
        return []
    level = _decibels(same[0])
    idle = abs(mine.value - level) < IDLE
    return [f"The noisy input itself has {number(level, 'dB')}" + (UNLEARNED if idle else ".")]


def untested(register: Register, by_id: dict[str, Finding], items: Sequence[Item]) -> list[str]:
    """The device, the data and the trainings that were missing."""
    on_gpu = [i.record for i in items if i.record.kind == "latency" and timed.on_gpu(i.record)]
    told = [] if on_gpu else ["A GPU: nothing was timed on one."]
    if on_gpu and all(timed.reasons(record) for record in on_gpu):
        told = ["A GPU for long enough: what was timed on one is too short to decide."]
    elif on_gpu and all(timed.reasons(record) or timed.alone(record) for record in on_gpu):
        told = ["A GPU in several processes: how much these differ there is unknown."]
    known = {item.record.source for item in items}
    waiting = Counter(
        register.datasets[claim.check.dataset].title.partition(" (")[0]
        for claim in register.claims
        if isinstance(claim.check, Measurement)
        and claim.check.dataset
        and by_id[claim.id].verdict == "not testable here"
        and claim.check.dataset not in known
    )
    if waiting:
        named = [f"{name} ({counted(count, 'claim')})" for name, count in waiting.most_common(NAMED)]
        rest = sum(waiting.values()) - sum(count for _, count in waiting.most_common(NAMED))
        told.append(join([f"data: {', '.join(named)}" + (f" and others ({rest})" if rest else "")]))
    trained = [i.record for i in items if i.record.kind in QUALITY and i.record.subject and i.record.subject.recipe]
    if trained and all(record.short for record in trained):
        told.append("Full trainings: every one here was shorter than the published one.")
    return told or ["Nothing that a run can test."]
