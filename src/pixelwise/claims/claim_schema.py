"""The register as a whole: every entry is of its form, and every name that an entry uses is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path
from typing import Any, get_args

from pydantic import Field, ValidationError, model_validator

from pixelwise.claims import register_files
from pixelwise.claims.checks import Agreement, Arithmetic, Audit, Measurement
from pixelwise.claims.register_entries import (
    Claim,
    Contradiction,
    DatasetNeed,
    Entry,
    Reading,
    Reference,
    Source,
    Topic,
)
from pixelwise.claims.register_files import REGISTER
from pixelwise.errors import PixelwiseError
from pixelwise.files.reading import line
from pixelwise.settings.base import Settings

MOST_HEADLINES = 12


class Register(Settings):
    """Every claim, reading, reference value and contradiction, and the documents that they come from."""

    sources: dict[str, Source]
    datasets: dict[str, DatasetNeed]
    claims: list[Claim]
    readings: list[Reading] = Field(default_factory=list)
    references: list[Reference] = Field(default_factory=list)
    contradictions: list[Contradiction]

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Id -> claim, reading or reference value."""
        return {entry.id: entry for entry in (*self.claims, *self.readings, *self.references)}

    @property
    def checked(self) -> list[Claim | Reference]:
        """What has a check: the claims, then our own values."""
        return [*self.claims, *self.references]

    @property
    def headlines(self) -> list[Claim]:
        """The claims that are told first: those of the paper's authors before the others, each by subject."""
        chosen, topics = [claim for claim in self.claims if claim.weight == "headline"], get_args(Topic)
        return sorted(chosen, key=lambda claim: (not self.sources[claim.source].authors, topics.index(claim.subject)))

    @model_validator(mode="after")
    def _closed(self) -> Register:
        _unique([entry.id for entry in (*self.claims, *self.readings, *self.references)])
        _unique([entry.id for entry in self.contradictions])
        ids, found = set(self.entries), {entry.id for entry in self.contradictions}
        sides = [side for entry in self.contradictions for side in (entry.left, entry.right)]
        _known("source", (entry.source for entry in self.entries.values()), self.sources)
        _known("source", (side.source for side in sides if side.source), self.sources)
        _known("claim", (claim.withdrawn_by for claim in self.claims if claim.withdrawn_by), ids)
        _known("claim", (name for side in sides for name in side.claims), ids)
        _known("claim", (entry.of for entry in self.readings if entry.of), ids)
        named = [entry.check for entry in self.checked if isinstance(entry.check, Arithmetic | Agreement)]
        _known("claim", (name for check in named for name in check.claims), ids)
        gates = {check.after for entry in self.checked if isinstance(check := entry.check, Measurement) and check.after}
        _known("claim", gates, ids)
        for claim in self.claims:
            if claim.id in gates and not _is_gate(claim):
                raise ValueError(
                    f"{claim.id} cannot stand in 'after': a measurement with 'equals', without 'after', can"
                )
        audits = [claim.check.contradiction for claim in self.claims if isinstance(claim.check, Audit)]
        _known("contradiction", audits, found)
        self._honest(audits)
        return self

    def _honest(self, audits: list[str]) -> None:
        """Contradictions are published and decide one claim each; checks rest on what was read; headlines are few."""
        if twice := [name for name, count in Counter(audits).items() if count > 1]:
            raise ValueError(f"contradiction {min(twice)} decides two claims; a pair that disagrees is one finding")
        unread = {name for name, entry in self.entries.items() if self.sources[entry.source].read == "unverified"}
        for entry in self.checked:
            named = set(entry.check.claims) if isinstance(entry.check, Arithmetic | Agreement) else set()
            if entry.id in unread or named & unread:
                raise ValueError(f"{entry.id} rests on a source that nobody could read; a reading may, a check may not")
        ours = {entry.id for entry in self.references}
        for pair in self.contradictions:
            if own := ours & {*pair.left.claims, *pair.right.claims}:
                raise ValueError(
                    f"{pair.id}: {min(own)} is a value of our own, which contradicts no published statement"
                )
        if len(self.headlines) > MOST_HEADLINES:
            raise ValueError(f"{len(self.headlines)} headlines; at most {MOST_HEADLINES} are allowed")

    def entry(self, name: str) -> Entry:
        """The claim, reading or reference value of this id.

        Raises:
            PixelwiseError: If there is none.
        """
        if name not in self.entries:
            raise PixelwiseError(f"{REGISTER.name}: {name!r}; no such id (`pixelwise claims` lists all)")
        return self.entries[name]

    def claim(self, name: str) -> Claim:
        """The claim of this id.

        Raises:
            PixelwiseError: If there is none.
        """
        found = self.entries.get(name)
        if not isinstance(found, Claim):
            raise PixelwiseError(f"{REGISTER.name}: claim {name!r}; no such id (`pixelwise claims` lists all)")
        return found


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


def parse(document: Any, path: Path, origin: dict[str, str] | None = None) -> Register:
    """Validate a parsed register.

    Args:
        document: What `register_files.read` joined.
        path: The register's folder.
        origin: Id -> name of its file, for messages.

    Raises:
        PixelwiseError: One line naming the file, the entry and its first wrong field.
    """
    named: list[str] = []

    def by_id(place: list[str]) -> list[str]:
        if len(place) > 1 and place[0] in register_files.LISTED:
            place[1] = str(document[place[0]][int(place[1])].get("id", place[1]))
            named.append(place[1])
        return place

    try:
        return Register.model_validate(document)
    except ValidationError as error:
        text = line(error, Register, named=by_id)
        file = (origin or {}).get(named[-1] if named else "")
        raise PixelwiseError(f"{f'{path.name}/{file}' if file else path.name}: {text}") from None


@cache
def register(path: Path = REGISTER) -> Register:
    """Read and validate the register.

    Raises:
        PixelwiseError: If a file is missing, is not YAML, or breaks the schema.
    """
    document, origin = register_files.read(path)
    return parse(document, path, origin)
