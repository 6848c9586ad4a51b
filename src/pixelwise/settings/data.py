"""Settings of the steps that obtain data: fetch, prepare, weights."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from pixelwise.data.declared_kinds import Folder, find, names
from pixelwise.files.reading import unknown
from pixelwise.settings.base import Flag, Settings, Side
from pixelwise.settings.names import Name

Options = TypeVar("Options", bound=Settings)


def _declared(name: str) -> str:
    if name not in names():
        raise ValueError(f"no such kind of data set; allowed are {', '.join(names())}")
    return name


class Dataset(Settings):
    """A data set and how it is to be prepared.

    Attributes:
        kind: Which data set: the name of a module in `pixelwise.data.kinds`, which says where it comes from, what the
            user must bring, and which further keys an entry takes.
        height: Rows after resizing, in pixels; None keeps every image as it is.
        width: Columns after resizing, in pixels; None keeps every image as it is.
        train: Number of training items, the first in natural order; None takes all.
        val: Number of validation items, the first in natural order; None takes all.
        at_most: Whether `train` and `val` are upper bounds, as in smoke runs; otherwise so many must be there.
        root: Folder of a data set that the user brings; the others take none.
        channels: 1 converts images to gray (ITU-R 601 luma), 3 to colour; None keeps what the files hold.
        resize: Filter for images. `bicubic` is PIL's, as in ASAP-Net and SPADE; `bilinear` is the student report's:
            four neighbours, no low-pass when shrinking, as OpenCV does. Label and instance maps take the nearest pixel.
    """

    model_config = ConfigDict(extra="allow")  # the further keys of its kind; any other is refused below

    kind: Annotated[str, AfterValidator(_declared)]
    height: Side | None = None
    width: Side | None = None
    train: Annotated[int, Field(ge=0, le=10_000_000, strict=True)] | None = None
    val: Annotated[int, Field(ge=0, le=10_000_000, strict=True)] | None = None
    at_most: Flag = False
    root: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    channels: Literal[1, 3] | None = None
    resize: Literal["bicubic", "bilinear"] = "bicubic"

    @model_validator(mode="after")
    def _complete(self) -> Dataset:
        kind, further = find(self.kind), self.__pydantic_extra__ or {}
        known = [*type(self).model_fields, *(kind.options.model_fields if kind.options else ())]
        for name in further:
            if name not in known:
                raise _no_parameter(name, unknown(name, sorted(known)))
        if (self.height is None) != (self.width is None):
            raise ValueError("height and width must be given together")
        if isinstance(kind.origin, Folder) and kind.origin.needs_root and self.root is None:
            raise ValueError(f"{self.kind} needs root, the folder that holds it")
        if self.root is not None and not isinstance(kind.origin, Folder):
            raise ValueError(f"{self.kind} takes no root: {kind.get}")
        if kind.options:
            further.update(self.more(kind.options).model_dump())  # the defaults too: a job file is complete
        if kind.check:
            kind.check(self)
        return self

    def more(self, options: type[Options]) -> Options:
        """The further keys of its kind, as the class that the kind declares for them."""
        return options.model_validate(self.__pydantic_extra__)


def _no_parameter(name: str, message: str) -> ValidationError:
    """The error of a key that nobody knows, at the place of that key."""
    about: Any = {"type": PydanticCustomError("no_such_parameter", "{said}", {"said": message}), "loc": (name,)}
    return ValidationError.from_exception_data("Dataset", [about | {"input": {}}])


class FetchSettings(Settings):
    """Step `fetch`: obtain the files of one data set, unchanged."""

    name: Name
    dataset: Dataset


class PrepareSettings(Settings):
    """Step `prepare`: check, resize and pack one data set."""

    name: Name
    dataset: Dataset


class WeightsSettings(Settings):
    """Step `weights`: obtain one file of published weights.

    Attributes:
        name: One of the names in `pixelwise.data.published_weights`, or any name together with `file`.
        file: A user's own checkpoint, used instead of a download; None downloads.
    """

    name: Name
    file: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
