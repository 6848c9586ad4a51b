"""What the register holds: claims, readings, reference values and contradictions, and where they come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pixelwise.claims.checks import Agreement, Arithmetic, Check, Measurement
from pixelwise.record import Scalar
from pixelwise.settings.base import Settings

Topic = Literal["speed", "quality", "denoising", "deblurring", "architecture", "data", "protocol", "document"]
Weight = Literal["headline", "supporting", "detail"]
MOST_WORDS = 12
"""Words of a quotation."""
MOST_PLAIN = 14
"""Words of a headline."""


class Source(Settings):
    """A document that makes claims, and how far it was read.

    Attributes:
        authors: Whether the authors of the ASAP-Net paper made it: their headlines come first.
    """

    title: str
    made_by: str
    read: Literal["primary", "secondary", "digitised", "own computation", "unverified"]
    authors: bool = False


class DatasetNeed(Settings):
    """A data set that claims speak about, and how a user gets it.

    Attributes:
        get: What to do, in a phrase.
        login: Site at which an account is needed; None if it is public.
        download_gb: Size of the download in 10^9 bytes.
        disk_gb: Disk needed with the prepared copy, in 10^9 bytes.
        sizes_from: Where the two sizes come from.
        images: Pictures on which claims about it are tested; None if the claims do not say which.
    """

    title: str
    get: str
    login: str | None = None
    download_gb: float
    disk_gb: float
    sizes_from: str
    images: int | None = None


class Entry(Settings):
    """One published statement, or one value.

    Attributes:
        quote: Words of the source, exactly; None if `paraphrase` tells them in our words.
        fragment: Place of the quotation in `docs/reference/report_fragments.yaml` or `quoted_words.yaml`.
        value: The number, numbers or word; None for a statement without one.
        reading_error: Error of a digitised value; None for printed numbers (half a unit of the last digit).
        condition: Data, size, hardware, noise under which it is said to hold, in words.
        model: Whose number it is, for figures.
        setting: Data set, height, width, sigma, for figures; megapixels where a point was read at another size.
        place: Section, figure, page or file within the source.
    """

    id: str = Field(pattern=r"^[A-Z][A-Za-z0-9]*(-[A-Za-z0-9]+)+$")
    quote: str | None = None
    paraphrase: str | None = None
    fragment: str | None = None
    quantity: str
    value: int | float | str | list[int | float] | None = None
    unit: str = ""
    reading_error: float | None = None
    condition: str = ""
    model: str | None = None
    setting: dict[str, Scalar] = Field(default_factory=dict)
    source: str
    place: str
    note: str = ""

    @model_validator(mode="after")
    def _quoted(self) -> Entry:
        worded(self.quote, self.paraphrase, self.fragment)
        return self

    @property
    def words(self) -> str:
        """The quotation or the paraphrase."""
        return self.quote or self.paraphrase or ""

    def said(self, where: str) -> str:
        """The words as a sentence shows them: only a quotation stands in quotation marks.

        Args:
            where: What follows in brackets, such as source and place.
        """
        return f"\u201c{self.quote}\u201d ({where})" if self.quote else f"{self.paraphrase} (our words; {where})"


def worded(quote: str | None, paraphrase: str | None, fragment: str | None) -> None:
    """Refuse what is not exactly one quotation with its fragment, or one paraphrase."""
    if (quote is None) == (paraphrase is None):
        raise ValueError("exactly one of quote, paraphrase is allowed")
    if (quote is None) != (fragment is None):
        raise ValueError("quote and fragment belong together: the fragment says where the words stand")
    if quote is not None and len(quote.split()) > MOST_WORDS:
        raise ValueError(f"quote has {len(quote.split())} words; at most {MOST_WORDS} are allowed")


class Claim(Entry):
    """One published, checkable statement.

    Attributes:
        subject: What it is about; the register's files follow it.
        weight: `headline` (told first, at most 12), `supporting` or `detail`.
        plain: A headline in plain words, as a visitor would say it; headlines alone have it.
        withdrawn_by: Claim or reading by which the authors took it back.
        figure: Name of the report's figure that shows it.
    """

    subject: Topic
    weight: Weight
    plain: str | None = None
    withdrawn_by: str | None = None
    figure: str | None = None
    check: Check

    @model_validator(mode="after")
    def _headline(self) -> Claim:
        if (self.weight == "headline") != (self.plain is not None):
            raise ValueError("plain belongs to headlines, and every headline has it")
        if self.plain is not None and len(self.plain.split()) > MOST_PLAIN:
            raise ValueError(f"plain has {len(self.plain.split())} words; at most {MOST_PLAIN} are allowed")
        return self

    @model_validator(mode="after")
    def _conditions(self) -> Claim:
        check = self.check
        if not isinstance(check, Measurement):
            return self
        if check.kind == "latency" and not check.device:
            raise ValueError("check.device: a claim about time names the class of device that it needs")
        if check.kind == "segmentation" and not ("segmenter" in check.where and check.protocol):
            raise ValueError("check: a claim about mean IoU or accuracy names segmenter and protocol")
        if check.kind == "architecture" and str(check.model).startswith("recipe"):
            raise ValueError("check.model: our own settings decide no published claim; compare documents")
        return self


class Reading(Entry):
    """A value or a fact read in a document, to compare others with; it has no verdict of its own.

    Attributes:
        of: The claim whose statement this is another reading of.
    """

    of: str | None = None


class Reference(Entry):
    """A value that this project counted or computed and nobody published, with a check of ours."""

    subject: Topic
    check: Annotated[Measurement | Arithmetic | Agreement, Field(discriminator="by")]


class Side(Settings):
    """One side of a contradiction: entries of the register, or words."""

    claims: list[str] = Field(default_factory=list)
    quote: str | None = None
    paraphrase: str | None = None
    fragment: str | None = None
    source: str | None = None
    place: str | None = None

    @model_validator(mode="after")
    def _quoted(self) -> Side:
        told = self.quote or self.paraphrase
        words = [told, self.source, self.place]
        if bool(self.claims) == any(words) or (any(words) and not all(words)):
            raise ValueError("a side is a list of claims, or a quote or paraphrase with source and place")
        if told:
            worded(self.quote, self.paraphrase, self.fragment)
        return self


class Contradiction(Settings):
    """Two statements that cannot both hold, and the rule by which that is found: one finding.

    Attributes:
        rule: `differ`: some pair of values differs by more than its reading errors and `margin`. `short_of`: the
            ratio of the two right values stays below the left value. `order_flips`: the left pair and each right
            pair have opposite order. `worse`: the right pair shows the first value worse than the second by more than
            `margin`, against the words on the left. `sets_differ`: the listed values are not the same. `quoted`: words
            against words.
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
