"""The package's words: quantities, conditions and needs in plain English, in sentences of at most 25 words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pixelwise.claims.checks import Measurement, Ran, Verdict
from pixelwise.claims.claim_schema import Register
from pixelwise.quantities import quantity as declared
from pixelwise.record import Scalar

QUANTITIES = {
    "fid": "FID",
    "kid": "KID",
    "miou": "mean IoU",
    "acc_all": "accuracy over all pixels",
    "acc_labelled": "accuracy over labelled pixels",
    "psnr": "PSNR",
    "psnr_8bit": "PSNR in 8 bit",
    "ssim": "SSIM",
    "ratio": "the ratio of times",
    "median": "the median time",
    "gmacs": "multiply-adds",
}
MOST = 25
"""Words of a sentence."""
VERBS: dict[Verdict, str] = {
    "confirmed": "it holds",
    "direction only": "it holds in direction only",
    "contradicted": "it does not hold",
    "other machine": "only a GPU decides it",
    "underspecified": "it cannot be tested as stated",
    "not testable here": "not decided",
    "superseded": "withdrawn by its authors",
}
COUNTED: dict[Verdict, str] = {"other machine": "timed on another machine", "not testable here": "not decided"}
"""How a count names a verdict, where that is not the verdict's own name."""
PUBLISHED = {
    **{"asapnet": "ASAP-Net", "pix2pixhd_global": "pix2pixHD", "spade_pix2pixhd": "SPADE's pix2pixHD"},
    **{"spade": "SPADE", "dncnn": "DnCNN", "drn_d_105": "DRN-D-105"},
}
"""Architecture -> the name that its authors gave it; the claims speak of these alone."""
SENTENCE = re.compile(r"(?<!\bal)(?<!\bp)[.?!]\s+(?=[A-Z|\u201c\d+-])")
PLAIN = {"generator": "the generator alone", "eager": "as published"}
"""Conditions that are told by their value alone."""
SILENT = frozenset({"height", "width", "task"})


def quantity(name: str) -> str:
    """A record's quantity in words."""
    return QUANTITIES.get(name, name.replace("_", " "))


def better(kind: str, name: str) -> str:
    """Which way of a record's quantity is better, `lower is better`; empty where neither is."""
    found = declared(kind, name)
    return f"{found.better} is better" if found and found.better else ""


def conditions(where: Mapping[str, Scalar]) -> str:
    """Conditions in words, such as ` at 256x512, sigma 25`; empty without any."""
    size = f" at {where['height']}x{where['width']}" if {"height", "width"} <= set(where) else ""
    others = [PLAIN.get(str(value), f"{name} {value}") for name, value in where.items() if name not in SILENT]
    return size + "".join(f", {text}" for text in others)


def first(names: str | Sequence[str] | None) -> str:
    """The first of alternative names; empty without any."""
    return names if isinstance(names, str) else names[0] if names else ""


def ran(what: Ran) -> str:
    """What was run, in words: `DnCNN (released weights dncnn_25)`."""
    architecture, recipe = first(what.architecture), first(what.recipe)
    named = PUBLISHED.get(architecture, architecture) or what.method or "anything"
    if what.checkpoint:
        return f"{named} (released weights {what.checkpoint.partition(',')[0]})"
    return f"{named} (recipe {recipe})" if recipe else named


def subjects(check: Measurement) -> str:
    """Both sides of a check in words: `pix2pixHD over ASAP-Net`, `ASAP-Net (recipe asapnet) and pix2pixHD (...)`."""
    told = ran(check.subject)
    if check.rival is None:
        return told
    return f"{told} {'over' if '/' in str(check.model) else 'and'} {ran(check.rival)}"


def wanted(register: Register, check: Measurement) -> str:
    """What must be measured, as a phrase: `FID of ASAP-Net (recipe asapnet) and ... on Cityscapes at 256x512`."""
    need = register.datasets.get(check.dataset or "")
    place = f" on {need.title}" if need else ""
    where = {name: value for name, value in check.where.items() if name in ("height", "width", "sigma")}
    machine = f", on a {check.hardware['gpu']}" if "gpu" in check.hardware else ", on a GPU" if check.device else ""
    segmenter = str(check.where.get("segmenter", ""))
    judge = f", by {PUBLISHED.get(segmenter, segmenter)}" if segmenter else ""
    return f"{quantity(check.value)} of {subjects(check)}{place}{conditions(where)}{judge}{machine}"


def how_to_get(register: Register, check: Measurement) -> str:
    """How to get the data that a claim waits for, as a sentence; empty if it needs none."""
    need = register.datasets.get(check.dataset or "")
    return f" {need.title}: {need.get}." if need else ""


def join(sentences: Sequence[str]) -> str:
    """Sentences one after the other, each with a capital and a full stop."""
    cleaned = [text.strip().rstrip(".") for text in sentences if text.strip()]
    return " ".join(f"{text[0].upper()}{text[1:]}." for text in cleaned)


def fitting(*texts: str) -> str:
    """The first text without a sentence over 25 words, or else the last."""
    return next((text for text in texts if not long(text)), texts[-1])


def long(text: str) -> list[str]:
    """The sentences of a text that have more than 25 words; a full stop in a number or after `al` or `p` ends none."""
    return [sentence for sentence in SENTENCE.split(text) if len(sentence.split()) > MOST]
