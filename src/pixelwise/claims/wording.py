"""The package's words: quantities, conditions and needs in plain English, in sentences of at most 25 words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pixelwise.claims.checks import Measurement, Ran, Verdict
from pixelwise.claims.claim_schema import Register
from pixelwise.claims.findings import Finding
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
    "ratio": "ratio of times",
    "median": "median time",
    "gmacs": "number of multiply-adds",
    "gmacs_ratio": "ratio of multiply-adds",
    **{f"gmacs_{part}": f"number of multiply-adds in the {part}" for part in ("stem", "blocks", "head")},
    "gmacs_pixelwise": "number of multiply-adds per pixel network",
    "parameters": "number of parameters",
}
MOST = 25
"""Words of a sentence."""
NAME_WORDS, NAME_LETTERS = 4, 40
"""What a sentence shows of a name that somebody gave."""
VERBS: dict[Verdict, str] = {
    "confirmed": "it holds",
    "direction only": "it holds in direction only",
    "contradicted": "it does not hold",
    "other machine": "only a GPU decides it",
    "underspecified": "it cannot be tested as stated",
    "not testable here": "not tested",
    "superseded": "withdrawn by its authors",
}
WORDS: dict[Verdict, str] = {
    "confirmed": "holds",
    "direction only": "direction holds",
    "contradicted": "does not hold",
    "other machine": "open",
    "underspecified": "cannot be tested",
    "not testable here": "not tested",
    "superseded": "withdrawn",
}
"""Verdict -> what the headline table says."""
ON_A_GPU = "Needs the same timing on a GPU."
"""What a claim about a GPU needs that a processor alone has timed."""
TOO_LITTLE = "Too little evidence."
"""Reason of a claim whose data, protocol and conditions are right, and that lacks images or seeds."""
PUBLISHED = {
    **{"asapnet": "ASAP-Net", "pix2pixhd_global": "pix2pixHD", "spade_pix2pixhd": "SPADE's pix2pixHD"},
    **{"spade": "SPADE", "dncnn": "DnCNN", "drn_d_105": "DRN-D-105", "drn_d_22": "DRN-D-22"},
    **{"pix2pixhd_local": "pix2pixHD with its local enhancer"},
}
"""Architecture -> the name that its authors gave it; the claims speak of these alone."""
METHODS = {
    "bm3d": "BM3D",
    "identity": "the noisy input",
    "identity_8bit": "the noisy input in 8 bit",
    "identity_minmax": "the noisy input stretched to its extremes",
    "tile_mean": "the mean of each tile",
    "tile_wiener": "the affine map per tile",
    "tile_wiener_oracle": "the affine map per tile that knows the original",
    "pointwise_oracle": "the curve per pixel that knows the original",
}
"""Methods without training."""
SENTENCE = re.compile(r"(?<!\bal)(?<!\bp)[.?!]\s+(?=[A-Z|\u201c\d+-])")
PLAIN = {"generator": "the generator alone", "published": "as published"}
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


def headline_word(row: Mapping[str, Any]) -> str:
    """The verdict of a row of the headline table in a word or two; an open claim that was tested is `not decided`."""
    verdict: Verdict = row["verdict"]
    if verdict == "other machine":
        return f"open: needs {row['needs']}"
    tested = verdict == "not testable here" and row["told"].startswith("Not decided")
    return "not decided" if tested else WORDS[verdict]


def verb(finding: Finding) -> str:
    """A verdict in words; what was measured, and is open all the same, is `not decided`."""
    tried = finding.measured or finding.reason == TOO_LITTLE
    return "not decided" if finding.verdict == "not testable here" and tried else VERBS[finding.verdict]


def first(names: str | Sequence[str] | None) -> str:
    """The first of alternative names; empty without any."""
    return names if isinstance(names, str) else names[0] if names else ""


def ran(what: Ran) -> str:
    """What was run, in words: `DnCNN (released weights dncnn_25)`."""
    recipe = first(what.recipe)
    if what.checkpoint:
        return f"{named(what)} (released weights {what.checkpoint.partition(',')[0]})"
    return f"{named(what)} (recipe {recipe})" if recipe else named(what)


def named(what: Ran) -> str:
    """What was run, by its name alone: `DnCNN`, `BM3D`."""
    architecture, method = first(what.architecture), what.method or ""
    return PUBLISHED.get(architecture, architecture) or METHODS.get(method, method) or "anything"


def subjects(check: Measurement) -> str:
    """Both sides of a check in words: `pix2pixHD over ASAP-Net`, `ASAP-Net (recipe asapnet) and pix2pixHD (...)`."""
    told = ran(check.subject)
    if check.rival is None:
        return told
    return f"{told} {'over' if '/' in str(check.model) else 'and of'} {ran(check.rival)}"


def direction(check: Measurement) -> str:
    """Which direction is better, such as ` (lower is better)`; empty where none is, or for a ratio."""
    told = "" if check.combine == "ratio" else better(check.kind, check.value)
    return f" ({told})" if told else ""


def found(check: Measurement, shown: str) -> str:
    """A measured number as a clause: `the FID of ASAP-Net is 67.1 (lower is better)`.

    Args:
        check: What was measured.
        shown: The number with unit and interval.
    """
    name, subject = quantity(check.value), named(check.subject)
    if check.rival is not None:
        rival = named(check.rival)
        if check.value == "ratio":
            return f"{rival} is {shown} times as fast as {subject}"
        joint = "minus" if check.combine == "difference" else "over"
        return f"the {name} of {subject} {joint} that of {rival} is {shown}{direction(check)}"
    owner = "" if subject == "anything" else f" of {subject}"
    return f"the {name}{owner} is {shown}{direction(check)}"


def wanted(register: Register, check: Measurement) -> str:
    """What must be measured, as a phrase: `the FID of ASAP-Net (recipe asapnet) and of ... on Cityscapes`."""
    need = register.datasets.get(check.dataset or "")
    place = f" on {brief(need.title)}" if need else ""
    where = {name: value for name, value in check.where.items() if name in ("height", "width", "sigma")}
    machine = f", on a {check.hardware['gpu']}" if "gpu" in check.hardware else ", on a GPU" if check.device else ""
    segmenter = str(check.where.get("segmenter", ""))
    judge = f", by {PUBLISHED.get(segmenter, segmenter)}" if segmenter else ""
    return f"the {quantity(check.value)} of {subjects(check)}{place}{conditions(where)}{judge}{machine}"


def shortened(name: str) -> str:
    """A name that somebody gave, cut where it is too long for a sentence."""
    told = " ".join(name.split()[:NAME_WORDS])[:NAME_LETTERS]
    return told if told == name else f"{told}\u2026"


def brief(title: str) -> str:
    """The title of a data set without what stands in brackets."""
    return title.partition(" (")[0]


def how_to_get(register: Register, check: Measurement) -> str:
    """How to get the data that a claim waits for, as a sentence; empty if it needs none."""
    need = register.datasets.get(check.dataset or "")
    if need is None:
        return ""
    return f" {brief(need.title)}{' is ' if need.get.startswith('downloaded') else ': '}{need.get}."


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
