"""The package's words: quantities, conditions and needs in plain English, in sentences of at most 25 words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pixelwise.claims.checks import Measurement, Verdict
from pixelwise.claims.claim_schema import Register
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
PLAIN = {"generator": "the generator alone", "eager": "as published"}
"""Conditions that are told by their value alone."""
SILENT = frozenset({"height", "width", "task"})


def quantity(name: str) -> str:
    """A record's quantity in words."""
    return QUANTITIES.get(name, name.replace("_", " "))


def conditions(where: Mapping[str, Scalar]) -> str:
    """Conditions in words, such as ` at 256x512, sigma 25`; empty without any."""
    size = f" at {where['height']}x{where['width']}" if {"height", "width"} <= set(where) else ""
    others = [PLAIN.get(str(value), f"{name} {value}") for name, value in where.items() if name not in SILENT]
    return size + "".join(f", {text}" for text in others)


def names(model: str | Sequence[str]) -> str:
    """The first of alternative names."""
    return model if isinstance(model, str) else model[0]


def wanted(register: Register, check: Measurement) -> str:
    """What must be measured, as a phrase: `FID of asapnet and pix2pixhd on Cityscapes at 256x512`."""
    subject = " over ".join(names(check.model).split("/"))
    if check.against is not None:
        subject += f" and {names(check.against)}"
    need = register.datasets.get(check.dataset or "")
    place = f" on {need.title}" if need else ""
    where = {name: value for name, value in check.where.items() if name in ("height", "width", "sigma")}
    machine = f", on a {check.hardware['gpu']}" if "gpu" in check.hardware else ", on a GPU" if check.device else ""
    return f"{quantity(check.value)} of {subject}{place}{conditions(where)}{machine}"


def how_to_get(register: Register, check: Measurement) -> str:
    """How to get the data that a claim waits for, as a sentence; empty if it needs none."""
    need = register.datasets.get(check.dataset or "")
    return f" {need.title}: {need.get}." if need else ""


def join(sentences: Sequence[str]) -> str:
    """Sentences one after the other, each with a capital and a full stop."""
    cleaned = [text.strip().rstrip(".") for text in sentences if text.strip()]
    return " ".join(f"{text[0].upper()}{text[1:]}." for text in cleaned)
