"""A user's own pairs of label maps and photographs, in any layout.

Where the files lie is said by patterns (`patterns`), or found among the known layouts (`layouts`). Files belong
together if their names agree where a pattern has `{stem}`, and the folders where it has `*`; never by their order.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from pixelwise.data.declared_kinds import Folder, Kind
from pixelwise.data.examples import CAMVID, CITYSCAPES, IGNORE, LabelTable, Listing
from pixelwise.data.layout import distinct_colours
from pixelwise.data.patterns import problem
from pixelwise.settings.base import Flag, Inside, Settings
from pixelwise.settings.data import Dataset

if TYPE_CHECKING:
    from pixelwise.data.read_images import Reading

NAME, NONE = __name__.rsplit(".", 1)[1], "none"


def _pattern(text: str) -> str:
    if wrong := problem(text):
        raise ValueError(wrong)
    return text


def _lists(text: str) -> str:
    if "{split}" not in text or set("{}") & set(text.replace("{split}", "")):
        raise ValueError("needs {split}, and no other braces, such as {split}.txt")
    return text


Pattern = Annotated[str, Field(max_length=1000), AfterValidator(_pattern)]
Level = Annotated[int, Field(ge=0, le=255, strict=True)]


class Options(Settings):
    """What an entry takes more.

    Attributes:
        num_labels: Number of label ids, 0 to num_labels - 1; a palette gives it too.
        dontcare: Whether id 255 is legal; it becomes one more label, num_labels, which no evaluation counts.
        images: Pattern of photographs below root; None finds all patterns among the known layouts.
        labels: Pattern of label maps.
        instances: Pattern of instance maps; `none` leaves out those that are there.
        lists: Pattern of text files that name the examples of each split.
        direction: Where each picture of `images` holds both side by side: `AtoB`, the left half is the label map, or
            `BtoA`, the right half is.
        palette: Names and colours of ids: a file below root with lines `r g b name`, `Cityscapes`, `CamVid`, or a list.
        coded: How label maps hold ids: as gray levels or indices (`index`), or as colours of the palette (`colour`).
            None: `colour` with a palette, except `Cityscapes` and `CamVid`.
        nearest: Whether a colour that the palette lacks becomes the nearest; in JPEG and WebP it always does.
        leave_out: Names of examples that are not used; case does not matter.
    """

    num_labels: int | None = Field(default=None, ge=1, le=255, strict=True)
    dontcare: Flag = False
    images: Pattern | None = None
    labels: Pattern | None = None
    instances: Pattern | Literal["none"] | None = None
    lists: Annotated[Inside, AfterValidator(_lists)] | None = None
    direction: Literal["AtoB", "BtoA"] | None = None
    palette: Inside | Annotated[tuple[tuple[Level, Level, Level], ...], Field(min_length=2, max_length=255)] | None = (
        None
    )
    coded: Literal["index", "colour"] | None = None
    nearest: Flag = False
    leave_out: Annotated[tuple[str, ...], Field(max_length=10_000)] = ()

    @property
    def by_colour(self) -> bool:
        """Whether colours of the palette stand for ids."""
        return self.coded == "colour" or (self.coded is None and self.palette not in (None, CITYSCAPES, CAMVID))

    @model_validator(mode="after")
    def _complete(self) -> Options:
        if self.num_labels is None and self.palette is None:
            raise ValueError("custom needs num_labels, the number of label ids, or a palette")
        if self.num_labels is not None and self.palette is not None:
            raise ValueError("num_labels beside a palette, which gives the number; leave one of them out")
        if self.dontcare and self.by_colour:
            raise ValueError("dontcare is for ids; with colours, a palette entry named void is not counted")
        if self.coded == "colour" and self.palette is None:
            raise ValueError("coded: colour needs a palette")
        if self.direction and not self.by_colour:
            raise ValueError("direction needs a palette, since half of a picture holds colours")
        if self.direction and (self.labels or self.instances not in (None, NONE)):
            raise ValueError("direction is for halves of one picture; it takes images, and no labels or instances")
        if (self.images is None) != (self.labels is None) and not self.direction:
            raise ValueError("images and labels must be given together")
        if self.images is not None and self.images == self.labels:
            raise ValueError("images and labels are one pattern; for halves of one picture set direction")
        if (self.instances not in (None, NONE) or self.lists) and self.images is None:
            raise ValueError("instances and lists are given together with images and labels")
        return self


def labels(dataset: Dataset) -> LabelTable:
    """The ids: those of the palette, or as many as the settings say, where each is a class and 255, if legal, none."""
    from pixelwise.data.own_pairs import palette_table

    options = dataset.more(Options)
    if options.palette is not None:
        return palette_table(dataset, options)
    count = options.num_labels or 0
    names = tuple(f"label {number}" for number in range(count))
    void = 1 if options.dontcare else 0
    return LabelTable(
        names=names + ("don't care",) * void,
        palette=distinct_colours(count + void),
        eval_map=(*range(count), *([IGNORE] * void)),
        eval_names=names,
        dontcare=options.dontcare,
    )


def listing(root: Path, split: str, dataset: Dataset) -> Listing:
    """The examples of a split.

    Raises:
        PixelwiseError: If the root has no known layout, or nothing fits the patterns.
    """
    from pixelwise.data.own_pairs import split_of

    return split_of(root, split, dataset, dataset.more(Options))


def _reading(dataset: Dataset) -> Reading:
    from pixelwise.data.own_pairs import OwnReading

    return OwnReading(dataset, dataset.more(Options))


def _besides(root: Path, dataset: Dataset) -> list[Path]:
    from pixelwise.data.own_pairs import besides

    return besides(root, dataset.more(Options))


KIND = Kind(
    title="Label maps and images of the user's own",
    origin=Folder(bring="give the folder of your label maps and images as root"),
    listing=listing,
    labels=labels,
    licence="the user's own",
    options=Options,
    reading=_reading,
    besides=_besides,
)
