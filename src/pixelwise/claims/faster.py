"""How many times faster than pix2pixHD ASAP-Net is, in sentences, from timings of both whole generators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pixelwise.claims import timed
from pixelwise.claims.evidence import Item
from pixelwise.claims.shown_numbers import interval
from pixelwise.claims.wording import fitting, join
from pixelwise.record import Record, Value

RIVALS = ("spade_pix2pixhd", "pix2pixhd_global")
"""Architectures of pix2pixHD, the one that the paper is thought to have timed first."""
TREATMENTS = {"published": "as published", "eager": "in our form", "optimised": "optimised here"}
"""How both networks of a pair were run, the published way first -> words; no other pair is compared."""
CONDITION = {"batch": 1, "precision": "fp32", "scope": "generator"}
NO_GPU = "No GPU was used, and the paper's claim is about one."


def faster(items: Sequence[Item]) -> list[str]:
    """Sentences of at most 25 words: each device, as published and optimised, those timed for long enough first."""
    pairs = [item for item in items if _is_pair(item.record)]
    groups = [
        found
        for device in ("cuda", "cpu")
        for optimised in (False, True)
        if (found := _best([item for item in pairs if _is(item.record, device, optimised)]))
    ]
    if not groups:
        return ["Not timed here."]
    groups.sort(key=_shortly)
    word = _word([item.record.values["ratio"] for group in groups for item in group])
    word = "Probably" if word == "Yes" and not _decides(groups[0][0].record) else word
    told = [_sentence(group, word if place == 0 else "") for place, group in enumerate(groups)]
    gpu = any(timed.on_gpu(item.record) for group in groups for item in group)
    return told if gpu else [*told, NO_GPU]


def _is_pair(record: Record) -> bool:
    """Whether a record is pix2pixHD's time over ASAP-Net's, of whole generators, treated alike, and one picture."""
    return (
        (record.kind, record.task) == ("latency", "translation")
        and (record.subject is not None and record.subject.architecture in RIVALS)
        and (record.rival is not None and record.rival.architecture == "asapnet")
        and record.rival.treatment == record.subject.treatment
        and _treatment(record) in TREATMENTS
        and record.condition.get("mode", _treatment(record)) == _treatment(record)
        and not record.condition.get("tf32")
        and all(record.condition.get(name) == value for name, value in CONDITION.items())
        and ("ratio" in record.values and record.values["ratio"].value is not None)
    )


def _is(record: Record, device: str, optimised: bool) -> bool:
    there = record.condition.get("device") == device and timed.on_gpu(record) == (device == "cuda")
    return there and (_treatment(record) == "optimised") == optimised


def _treatment(record: Record) -> str:
    return str(record.subject and record.subject.treatment)


def _shrunk(record: Record) -> bool:
    """Whether a network of a pair is another than the published one; its tiles follow the size of the picture."""
    assert record.subject is not None and record.rival is not None
    return bool({*record.subject.options, *record.rival.options} - {"tile"})


def _best(pairs: Sequence[Item]) -> list[Item]:
    """The pairs of one run, machine and way of running, by size: published networks, timed for long, come first."""
    groups: dict[tuple[Any, ...], list[Item]] = {}
    order = [*TREATMENTS]
    for item in pairs:
        record = item.record
        assert record.subject is not None
        rival = RIVALS.index(str(record.subject.architecture))
        way = order.index(_treatment(record))
        for run in item.runs:
            groups.setdefault((_shrunk(record), way, rival, run, timed.machine(record)), []).append(item)
    if not groups:
        return []
    short = {key: all(timed.reasons(item.record) for item in found) for key, found in groups.items()}
    sized: dict[tuple[int, int], Item] = {}
    for item in sorted(groups[min(groups, key=lambda key: (key[0], short[key], *key))], key=lambda i: i.record.n):
        sized[_size(item.record)] = item
    return [sized[size] for size in sorted(sized)]


def _size(record: Record) -> tuple[int, int]:
    return int(record.condition.get("height") or 0), int(record.condition.get("width") or 0)


def _shortly(group: Sequence[Item]) -> bool:
    """Whether the timing of even the smallest size may not decide, as one that was too short."""
    return bool(timed.reasons(group[0].record))


def _decides(record: Record) -> bool:
    return not timed.reasons(record) and not timed.alone(record)


def _word(values: Sequence[Value]) -> str:
    lows, highs = (
        [end if end is not None else value.value or 0.0 for value in values for end in (getattr(value, name),)]
        for name in ("low", "high")
    )
    return "Yes" if min(lows) > 1 else "No" if max(highs) < 1 else "Not everywhere"


def _sentence(group: Sequence[Item], start: str) -> str:
    """The ratios at the smallest and the largest size, the machine, and how the networks were run."""
    first = group[0].record
    name = first.hardware.get("gpu") or first.hardware.get("cpu")
    device = "GPU" if timed.on_gpu(first) else "CPU"
    place = f"on a {device} ({name})" if name else f"on a {device}"
    way = "both shrunk" if _shrunk(first) else f"both {TREATMENTS[_treatment(first)]}"
    alone = [", in one process"] if timed.alone(first) else []
    unsure = timed.reasons(first)[:1]
    sure = [item for item in group if not timed.reasons(item.record)]
    largest = group if unsure else sure  # beside a sure ratio no unsure one stands

    def told(shown: Sequence[Item], more: Sequence[str], place: str = place) -> str:
        ratios = " and ".join("{} at {}x{}".format(_ratio(item.record), *_size(item.record)) for item in shown)
        lead = f"{start}: {ratios}, {place}" if start else f"{place}: {ratios}"
        return join([", ".join([lead, way + "".join(more), *unsure])])

    both = [group[0], *largest[1:][-1:]]
    shorter = told(group[:1], []), told(group[:1], [], f"on a {device}")
    return fitting(told(both, alone), told(group[:1], alone), *shorter)


def _ratio(record: Record) -> str:
    value = record.values["ratio"]
    head, bracket, ends = interval(value.value or 0.0, value.low, value.high).partition(" [")
    return f"{head} times{bracket}{ends}"
