"""Settings of trainings that take milliseconds per step."""

from __future__ import annotations

from pixelwise.settings.training import AdversarialSettings, DenoisingSettings, SegmentationSettings

NARROW = {"width": 4, "max_width": 8, "depth": 1, "mlp_width": 8}


def gan_settings(**changes: object) -> AdversarialSettings:
    """A GAN that takes milliseconds per step."""
    values = {
        "architecture": "asapnet",
        "options": NARROW,
        "discriminator_options": {"width": 4, "layers": 3},
        "batch": 2,
        "presentations": 16,
        "perceptual": 0,
        "learning_rate": 1e-3,
        "device": "cpu",
        "log_every": 5,
        "checkpoint_every": 3,
    }
    return AdversarialSettings.model_validate(values | changes)


def denoising_settings(**changes: object) -> DenoisingSettings:
    """A DnCNN that takes milliseconds per step."""
    values = {
        "architecture": "dncnn",
        "options": {"depth": 4, "width": 8},
        "batch": 4,
        "steps": 12,
        "patch": 16,
        "stride": 5,
        "scales": [1.0, 0.8],
        "device": "cpu",
        "log_every": 5,
        "checkpoint_every": 3,
    }
    return DenoisingSettings.model_validate(values | changes)


def segmentation_settings(**changes: object) -> SegmentationSettings:
    """A segmenter of one stage."""
    values = {
        "architecture": "segmenter",
        "options": {"stages": 1, "width": 8},
        "batch": 3,
        "images": 6,
        "crop": 32,
        "presentations": 24,
        "device": "cpu",
        "log_every": 5,
        "checkpoint_every": 3,
    }
    return SegmentationSettings.model_validate(values | changes)
