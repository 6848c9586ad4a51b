"""What a claim and a contradiction are; `register.yaml` is validated against these models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from pixelwise.claims.checks import Agreement, Arithmetic, Audit, Check, Measurement
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import line
from pixelwise.record import Scalar
from pixelwise.settings.base import Settings

REGISTER = Path(__file__).with_name("register.yaml")

Subject = Literal["speed", "quality", "denoising", "deblurring", "architecture", "data", "protocol", "document"]


class Source(Settings):
    """A document that makes claims, and how far it was read."""

    title: str
    made_by: str
    read: Literal["primary", "secondary", "digitised", "own computation", "unverified"]


class DatasetNeed(Settings):
    """A data set that claims speak about, and how a user gets it.

    Attributes:
        get: What to do, in a phrase.
        login: Site at which an account is needed; None if it is public.
        download_gb: Size of the download in 10^9 bytes.
        disk_gb: Disk needed with the prepared copy, in 10^9 bytes.
        sizes_from: Where the two sizes come from.
    """

    title: str
    get: str
    login: str | None = None
    download_gb: float
    disk_gb: float
    sizes_from: str


class Claim(Settings):
    """One published, checkable statement.

    Attributes:
        words: Short quotation; for a plotted point, what is plotted.
        value: The number, numbers or word claimed; None for a statement without one.
        reading_error: Error of a digitised value; None for printed numbers (half a unit of the last digit).
        condition: Data, size, hardware, noise under which it is said to hold, in words.
        model: Whose number it is, for figures.
        setting: Data set, height, width, sigma, for figures.
        place: Section, figure, page or file within the source.
        withdrawn_by: Claim by which the authors took it back.
        figure: Name of the report's figure that shows it.
    """

    id: str = Field(pattern=r"^[A-Z][A-Za-z0-9]*(-[A-Za-z0-9]+)+$")
    words: str
    quantity: str
    value: int | float | str | list[int | float] | None = None
    unit: str = ""
    reading_error: float | None = None
    condition: str = ""
    model: str | None = None
    setting: dict[str, Scalar] = Field(default_factory=dict)
    source: str
    place: str
    subject: Subject
    withdrawn_by: str | None = None
    note: str = ""
    figure: str | None = None
    check: Check


class Side(Settings):
    """One side of a contradiction: claims of the register, or a quotation."""

    claims: list[str] = Field(default_factory=list)
    words: str | None = None
    source: str | None = None
    place: str | None = None

    @model_validator(mode="after")
    def _quoted(self) -> Side:
        quoted = [self.words, self.source, self.place]
        if bool(self.claims) == any(quoted) or (any(quoted) and not all(quoted)):
            raise ValueError("a side is a list of claims, or words with source and place")
        return self


class Contradiction(Settings):
    """Two statements that cannot both hold, and the rule by which that is found.

    Attributes:
        rule: `differ`: some pair of values differs by more than its reading errors and `margin`. `short_of`: the
            ratio of the two right values stays below the left value. `order_flips`: the left pair and each right
            pair have opposite order. `worse`: the right pair shows the first value worse than the second, against
            the words on the left. `sets_differ`: the listed values are not the same. `quoted`: words against words.
        pairs: Compare left and right in pairs, and find only if each pair differs, for `differ`.
        better: Which way is better, for `worse`.
    """

    id: str = Field(pattern=r"^C-\d+$")
    between: str
    rule: Literal["differ", "short_of", "order_flips", "worse", "sets_differ", "quoted"]
    margin: float = 0.0
    pairs: bool = False
    better: Literal["lower", "higher"] | None = None
    left: Side
    right: Side
    supports: str


class Headline(Settings):
    """One sentence of the summary: what it is about, and the claim whose finding it tells."""

    lead: str
    claim: str


class Register(Settings):
    """Every claim, every contradiction, and the documents that they come from."""

    sources: dict[str, Source]
    datasets: dict[str, DatasetNeed]
    headlines: list[Headline]
    claims: list[Claim]
    contradictions: list[Contradiction]

    @model_validator(mode="after")
    def _closed(self) -> Register:
        _unique(claim.id for claim in self.claims)
        _unique(entry.id for entry in self.contradictions)
        ids, found = {claim.id for claim in self.claims}, {entry.id for entry in self.contradictions}
        sides = [side for entry in self.contradictions for side in (entry.left, entry.right)]
        _known("source", (claim.source for claim in self.claims), self.sources)
        _known("source", (side.source for side in sides if side.source), self.sources)
        _known("claim", (entry.claim for entry in self.headlines), ids)
        _known("claim", (claim.withdrawn_by for claim in self.claims if claim.withdrawn_by), ids)
        _known("claim", (name for side in sides for name in side.claims), ids)
        checks = [claim.check for claim in self.claims]
        _known(
            "claim",
            (name for check in checks if isinstance(check, Arithmetic | Agreement) for name in check.claims),
            ids,
        )
        gates = {check.after for check in checks if isinstance(check, Measurement) and check.after}
        _known("claim", gates, ids)
        for claim in self.claims:
            if claim.id in gates and not _is_gate(claim):
                raise ValueError(
                    f"{claim.id} cannot stand in 'after': a measurement with 'equals', without 'after', can"
                )
        _known("contradiction", (check.contradiction for check in checks if isinstance(check, Audit)), found)
        return self

    def claim(self, name: str) -> Claim:
        """The claim of this id.

        Raises:
            PixelwiseError: If there is none.
        """
        for claim in self.claims:
            if claim.id == name:
                return claim
        raise PixelwiseError(f"{REGISTER.name}: claim {name!r}; no such id (`pixelwise claims` lists all)")


def _is_gate(claim: Claim) -> bool:
    check = claim.check
    measured = isinstance(check, Measurement) and check.rule.equals is not None and check.after is None
    return measured and claim.withdrawn_by is None


def _unique(names: Iterable[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(f"id {twice[0]!r} occurs twice")


def _known(what: str, names: Iterable[str], allowed: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(allowed))
    if unknown:
        raise ValueError(f"{what} {unknown[0]!r} is not in the register")


def parse(document: Any, path: Path) -> Register:
    """Validate a parsed register.

    Raises:
        PixelwiseError: One line naming the claim and its first wrong field.
    """

    def by_id(place: list[str]) -> list[str]:
        if len(place) > 1 and place[0] in ("claims", "contradictions"):
            place[1] = str(document[place[0]][int(place[1])].get("id", place[1]))
        return place

    try:
        return Register.model_validate(document)
    except ValidationError as error:
        raise PixelwiseError(f"{path.name}: {line(error, Register, named=by_id)}") from None


@cache
def register(path: Path = REGISTER) -> Register:
    """Read and validate the register.

    Raises:
        PixelwiseError: If the file is missing, is not YAML, or breaks the schema.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError) as error:
        raise PixelwiseError(f"{path}: not readable as YAML ({' '.join(str(error).split())})") from None
    return parse(document, path)
