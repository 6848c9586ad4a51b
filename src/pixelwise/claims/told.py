"""What a visitor is told first: answers, the headline table, and the numbers in it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pixelwise.claims.checks import Verdict
from pixelwise.claims.register_entries import Topic
from pixelwise.settings.base import Settings

Subject = Literal["speed", "quality", "denoising", "open"]
Scale = Literal["ratio", "difference", "value"]


class Interval(Settings):
    """A number tested against the claim's rule, or one for context (then `reasons_excluded` says why).

    Attributes:
        seeds: Training seeds; 0 where nothing was trained.
        runs: Recorded runs and benchmarks that it rests on, where several are judged together.
        dataset: Data set that it speaks about.
        machine: Of a timing, what it was timed on.
        synthetic: Whether the pictures were drawn by a program.
        short: Whether a training was shorter than the published one.
        ran: Architectures that were run, of two sides in the claim's order; empty where a record does not say.
    """

    value: float
    low: float
    high: float
    unit: str
    n: int
    seeds: int
    basis: str
    setting: str = ""
    reasons_excluded: list[str] = Field(default_factory=list)
    runs: list[str] = Field(default_factory=list)
    dataset: str = ""
    machine: str = ""
    synthetic: bool = False
    short: bool = False
    ran: list[str] = Field(default_factory=list)


class Answer(Settings):
    """One question of a visitor's with its answer.

    Attributes:
        question: As a visitor asks it.
        sentences: The answer, each of at most 25 words, with the numbers' units, intervals and origin.
        claims: Ids of the headline claims that it is about.
    """

    topic: Subject
    question: str
    sentences: list[str]
    claims: list[str]

    @property
    def text(self) -> str:
        """The question and its answer in one line."""
        return " ".join([self.question, *self.sentences])


class Row(Settings):
    """One headline claim as a row of the table.

    Attributes:
        id: Id of the claim; its evidence stands on the page at `claim-<id>`.
        plain: The claim in plain words.
        said: The words of the source, in quotation marks only where they are its own.
        who: Who says so.
        withdrawn: Whether its authors took it back.
        published: The published value with unit and reading error; `no number` of a claim in words alone.
        verdict: The verdict's name.
        told: The verdict with its reason as a sentence, and the nearest number of an undecided claim.
        here: The numbers measured here that were tested; of an undecided claim the nearest one.
        decides: Whether `here` was tested; otherwise it only stands beside the claim.
        scale: `ratio`: how many times, 1 is no difference; `difference`: 0 is none; `value`: the quantity itself.
        unit: Unit of the quantity, `times` for ratios.
        direction: `lower is better` or `higher is better` of the quantity; empty for ratios of times.
        claimed: The claimed range [low, high] on that scale; None for an open end.
        needs: What an undecided claim waits for, in a few words.
    """

    id: str
    subject: Topic
    plain: str
    said: str
    who: str
    withdrawn: bool
    published: str
    verdict: Verdict
    told: str
    here: list[Interval] = Field(default_factory=list)
    decides: bool
    scale: Scale
    unit: str
    direction: str
    claimed: tuple[float | None, float | None] | None = None
    needs: str = ""
