"""Whether a training fits its data, as far as the settings of both tell before anything is fetched."""

from __future__ import annotations

from pixelwise.settings import architectures
from pixelwise.settings.base import Settings
from pixelwise.settings.data import Dataset
from pixelwise.settings.training import AdversarialSettings, DenoisingSettings, SegmentationSettings
from pixelwise.settings.training_base import TrainingSettings


def problem(settings: Settings, dataset: Dataset) -> str | None:
    """What the step would refuse: one line, or None if nothing is known to be wrong."""
    if not isinstance(settings, TrainingSettings):
        return None
    train = dataset.train
    if train is not None and settings.images is not None and settings.images > train:
        return f"images: {settings.images}; the data set has {train} training images"
    size = None if dataset.height is None or dataset.width is None else (dataset.height, dataset.width)
    if isinstance(settings, DenoisingSettings):
        if train is not None and settings.held_out >= train:
            return f"held_out: {settings.held_out}; the data set has {train} training images, one must be left"
        if size is not None and settings.patch > min(size):
            return f"patch: {settings.patch}; the images of the data set are {size[0]}x{size[1]}"
        return None
    count = settings.images if train is None else min(train, settings.images or train)
    if count is not None and count < settings.batch:
        return f"batch: {settings.batch}; the training split has {count} examples, so at most {count}"
    whole = isinstance(settings, AdversarialSettings) or (
        isinstance(settings, SegmentationSettings) and settings.crop is None
    )
    if size is None or not whole:
        return None
    try:
        architectures.check_size(settings.architecture, settings.options, *size)
    except ValueError as error:
        return str(error)
    return None
