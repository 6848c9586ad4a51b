"""What a check is: the quantity that tests a claim, and the rule that decides."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from pixelwise.record import Kind, Scalar, Task
from pixelwise.settings.base import Settings

Verdict = Literal[
    "confirmed",
    "direction only",
    "contradicted",
    "other machine",
    "underspecified",
    "not testable here",
    "superseded",
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""`other machine`: measured, but on another class of device than the claim is about; it decides nothing."""
Basis = Literal["measured here", "rebuilt and counted", "documents compared", "own sums"]
BASES: tuple[Basis, ...] = get_args(Basis)
"""What a verdict rests on; numbers of different bases are never added up."""
Combine = Literal["value", "difference", "ratio"]
Treatment = Literal["published", "optimised"]


class Bound(Settings):
    """A direction: the quantity lies above or below a number."""

    greater_than: float | None = None
    less_than: float | None = None

    @model_validator(mode="after")
    def _one(self) -> Bound:
        if (self.greater_than is None) == (self.less_than is None):
            raise ValueError("exactly one of greater_than, less_than is allowed")
        return self


class Rule(Settings):
    """How a measured interval decides a claim: exactly one of the four tests, and a weaker direction to fall back on.

    Attributes:
        within: The quantity lies in [low, high].
        equals: The quantity equals this number up to `tolerance` (default: the claim's own reading error).
        greater_than: The quantity lies above this number.
        less_than: The quantity lies below this number.
        direction: What remains true when the size does not hold; gives `direction only`.
    """

    within: tuple[float, float] | None = None
    equals: float | None = None
    tolerance: float | None = None
    greater_than: float | None = None
    less_than: float | None = None
    direction: Bound | None = None

    @model_validator(mode="after")
    def _one(self) -> Rule:
        named = [self.within, self.equals, self.greater_than, self.less_than]
        if sum(test is not None for test in named) != 1:
            raise ValueError("exactly one of within, equals, greater_than, less_than is allowed")
        if self.tolerance is not None and self.equals is None:
            raise ValueError("tolerance is allowed beside equals only")
        if self.within is not None and self.within[0] > self.within[1]:
            raise ValueError("within must be [low, high] with low <= high")
        return self


class Ran(Settings):
    """What must have been run for a record to speak of a claim; what is left out is left open.

    Where the source does not say which of several it was, all that it may have been are listed, the likeliest first; of
    as many recipes as architectures, each belongs to the architecture in its place.

    Attributes:
        architecture: Name of the network.
        options: Its options, where they are not its defaults; in scores, those that follow from the data are left open.
        recipe: How it was trained, without any deviation.
        data: Kind of the data set on which it was trained; of translation it is the claim's own data set.
        checkpoint: Published weights that it was, instead of a training: a name in `data.published_weights`, whose hash
            decides.
        method: A method without weights, such as BM3D.
    """

    architecture: str | list[str] | None = None
    options: dict[str, Scalar] = Field(default_factory=dict)
    recipe: str | list[str] | None = None
    data: str | None = None
    checkpoint: str | None = None
    method: str | None = None


class Measurement(Settings):
    """A check by a quantity that this pipeline measures.

    Attributes:
        kind: Kind of the deciding records.
        model: What entries for it are usually called, for records that do not say what was run: these decide nothing.
            Only where `subject` leaves everything open does the name decide.
        against: The same of a second subject; `combine` says whether their difference or ratio (model over against) is
            tested.
        subject: What must have been run; of a ratio of times `a/b`, what is `a`.
        rival: The same for `against`, or for the `b` of a ratio of times `a/b`.
        treatment: How both sides of a timed pair must have been run.
        dataset: The only data set that can decide; records on others are shown beside the verdict. None: any.
        protocol: Name of the protocol; None: any, and protocols that disagree make the claim underspecified.
        where: Conditions that a record must have.
        device: Class of device that the claim is about; a record of another class decides nothing.
        hardware: Text that a hardware entry must contain.
        value: Name of the quantity in the record.
        floor: Quantity of the same record that is taken off first, such as the clean pictures' own blockiness.
        rule: The test.
        min_n: Least number of images or timed calls.
        min_seeds: Least number of training seeds.
        exact: The quantity is computed, not sampled, and needs no interval.
        repeatability: 95 % half width, in the unit of the value, over another draw of the noise on the same images,
            for claims about a fixed list of images; it takes the place of the interval over images. 0 where the claim
            fixes the noise too. (All images of BSD68 share one draw: 4.34 sqrt(2 / 154401) * 1.96 = 0.03 dB.)
        after: A claim whose number, less its tolerance, must be reached first: a comparison with DnCNN says nothing
            where the run's own DnCNN is worse than the published one.
    """

    by: Literal["measurement"]
    kind: Kind
    task: Task | None = None
    model: str | list[str]
    against: str | list[str] | None = None
    subject: Ran = Ran()
    rival: Ran | None = None
    treatment: Treatment | None = None
    combine: Combine = "value"
    dataset: str | None = None
    protocol: str | None = None
    where: dict[str, Scalar] = Field(default_factory=dict)
    device: Literal["gpu"] | None = None
    hardware: dict[str, str] = Field(default_factory=dict)
    value: str
    floor: str | None = None
    rule: Rule
    min_n: int = 1
    min_seeds: int = 1
    exact: bool = False
    repeatability: float | None = None
    after: str | None = None

    @model_validator(mode="after")
    def _pair(self) -> Measurement:
        if (self.against is None) != (self.combine == "value"):
            raise ValueError("against and combine (difference or ratio) belong together")
        return self


class Arithmetic(Settings):
    """A check by the register's own numbers: value, difference or ratio of published values, within their errors.

    Several pairs are tested one after the other; all must hold.
    """

    by: Literal["arithmetic"]
    claims: list[str] = Field(min_length=1)
    combine: Combine
    rule: Rule

    @model_validator(mode="after")
    def _pair(self) -> Arithmetic:
        if self.combine == "value" and len(self.claims) != 1:
            raise ValueError("combine: value takes one claim")
        if self.combine != "value" and len(self.claims) % 2:
            raise ValueError("combine: difference and ratio take claims in pairs")
        return self


class Agreement(Settings):
    """A check of a number or a word against the same elsewhere: equal, numbers within both reading errors."""

    by: Literal["agreement"]
    claims: list[str] = Field(min_length=1)


class Audit(Settings):
    """A check by a contradiction between documents: found, the claim gets `verdict`; not found, it is confirmed."""

    by: Literal["audit"]
    contradiction: str
    verdict: Literal["contradicted", "underspecified"] = "contradicted"


class Underspecified(Settings):
    """The claim lacks a condition without which nothing can test it."""

    by: Literal["nothing: underspecified"]
    lacks: str


class Untestable(Settings):
    """The pipeline has no quantity that tests the claim."""

    by: Literal["nothing: not testable"]
    missing: str


Check = Annotated[Measurement | Arithmetic | Agreement | Audit | Underspecified | Untestable, Field(discriminator="by")]


def basis_of(check: Check) -> Basis | None:
    """What a verdict by this check rests on; None where nothing can ever test the claim."""
    if isinstance(check, Measurement):
        return "rebuilt and counted" if check.kind in ("architecture", "flops") else "measured here"
    if isinstance(check, Arithmetic):
        return "own sums"
    return "documents compared" if isinstance(check, Agreement | Audit) else None
