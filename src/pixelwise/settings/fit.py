"""Whether a training fits its data, as far as the settings of both and the files that are there tell."""

from __future__ import annotations

from dataclasses import dataclass

from pixelwise.data.declared_kinds import Folder, find
from pixelwise.settings import architectures
from pixelwise.settings.base import Settings
from pixelwise.settings.data import Dataset
from pixelwise.settings.training import AdversarialSettings, DenoisingSettings, SegmentationSettings
from pixelwise.settings.training_base import TrainingSettings

Size = tuple[int, int]


@dataclass(frozen=True)
class Misfit:
    """What the step would refuse.

    Attributes:
        key: The setting to change: of the training, or `height` of its data set.
        value: What it is, in words.
        why: What is the matter, and what is allowed.
        of_data: Whether the key is one of the data set.
    """

    key: str
    value: str
    why: str
    of_data: bool = False


def problem(
    settings: Settings, dataset: Dataset, count: int | None = None, sizes: set[Size] | None = None
) -> Misfit | None:
    """The first thing that does not fit, or None if nothing is known to be wrong.

    Args:
        settings: Of a training; others always fit.
        dataset: Its data.
        count: Training images that are there; None if nobody has looked.
        sizes: Heights and widths of the pictures that are there.
    """
    if not isinstance(settings, TrainingSettings):
        return None
    train = _images(dataset, count)
    if train is not None and settings.images is not None and settings.images > train:
        return Misfit("images", str(settings.images), f"the data set has {train} training images")
    shapes = sizes if dataset.height is None or dataset.width is None else {(dataset.height, dataset.width)}
    if isinstance(settings, DenoisingSettings):
        return _patch(settings, train, shapes or set())
    used = settings.images if train is None else min(train, settings.images or train)
    if used is not None and used < settings.batch:
        return Misfit("batch", str(settings.batch), f"the training split has {used} examples, so at most {used}")
    return _shape(settings, shapes or set())


def _images(dataset: Dataset, count: int | None) -> int | None:
    """Training images, as far as they are known: those that are there, that are asked for, or that are published."""
    kind = find(dataset.kind)
    if count is None and kind.counts is not None and not isinstance(kind.origin, Folder):
        count = kind.counts.get("train", 0)
    known = [number for number in (dataset.train, count) if number is not None]
    return min(known) if known else None


def _patch(settings: DenoisingSettings, train: int | None, shapes: set[Size]) -> Misfit | None:
    if train is not None and settings.held_out >= train:
        why = f"the data set has {train} training images, one must be left"
        return Misfit("held_out", str(settings.held_out), why)
    small = min(shapes, key=min, default=None)
    if small is None or settings.patch <= min(small):
        return None
    return Misfit("patch", str(settings.patch), f"a picture of the data set is {small[0]}x{small[1]}")


def _shape(settings: TrainingSettings, shapes: set[Size]) -> Misfit | None:
    if len(shapes) > 1:
        (height, width), *_ = sorted(shapes)
        why = f"pictures of {len(shapes)} sizes, such as {height}x{width}; a batch needs one height and width"
        return Misfit("height", "none", why, of_data=True)
    whole = isinstance(settings, AdversarialSettings) or (
        isinstance(settings, SegmentationSettings) and settings.crop is None
    )
    for height, width in shapes if whole else ():
        try:
            architectures.check_size(settings.architecture, settings.options, height, width)
        except ValueError as error:
            return Misfit("height", str(height), str(error), of_data=True)
    return None
