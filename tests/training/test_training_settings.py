"""Recipes fill what is left out; deviations list exactly what differs."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from pixelwise.models import declarations
from pixelwise.settings.training import (
    RECIPES,
    AdversarialSettings,
    DenoisingSettings,
    SegmentationSettings,
    TrainingSettings,
    deviations,
    published,
)

CLASSES = {"translation": AdversarialSettings, "restoration": DenoisingSettings, "segmentation": SegmentationSettings}
NAMED = [(group, name) for group, recipes in RECIPES.items() for name in recipes]


@pytest.mark.parametrize(("group", "name"), NAMED)
def test_a_recipe_deviates_from_itself_in_nothing(group: str, name: str) -> None:
    architecture = next(m.name for m in declarations.models().values() if name in m.recipes.get(group, {}))
    settings = CLASSES[group](architecture=architecture, recipe=name)
    recipe = CLASSES[group].RECIPES[name]
    assert deviations(settings) == list(recipe.gaps) and recipe.source


def test_published_values_of_the_recipes() -> None:
    asapnet, spade = AdversarialSettings(), AdversarialSettings(architecture="spade_pix2pixhd")
    assert (asapnet.batch, asapnet.epochs_constant, asapnet.epochs_decay) == (32, 200, 100)
    assert (spade.batch, spade.epochs_constant, spade.epochs_decay) == (16, 50, 0)
    assert (asapnet.betas, asapnet.ttur, asapnet.learning_rate, asapnet.gan_loss) == ((0.0, 0.9), True, 2e-4, "hinge")
    nvidia = AdversarialSettings(architecture="pix2pixhd_global")
    assert (nvidia.batch, nvidia.betas, nvidia.ttur, nvidia.gan_loss) == (1, (0.5, 0.999), False, "least_squares")
    dncnn = DenoisingSettings()
    assert (dncnn.batch, dncnn.patch, dncnn.stride, dncnn.epochs_per_rate) == (128, 40, 10, (30, 20))
    assert dncnn.scales == (1.0, 0.9, 0.8, 0.7) and dncnn.scales_cumulative
    drn = SegmentationSettings(architecture="drn_d_105")
    assert (drn.crop, drn.batch, drn.epochs, drn.schedule, drn.zoom) == (840, 16, 500, "poly", (0.5, 2.0))


def test_deviations_name_value_and_published_value() -> None:
    changes = {"batch": 8, "options": {"width": 16}, "presentations": 960, "device": "cpu", "seed": 3, "log_every": 1}
    settings = AdversarialSettings(architecture="asapnet", **changes)
    assert deviations(settings) == [
        ("options.width", "published network", 16),
        ("batch", 32, 8),
        ("presentations", "300 epochs", 960),
    ]
    assert published(settings).batch == 32


def test_the_reports_unequal_training_is_a_recipe() -> None:
    first = AdversarialSettings(architecture="asapnet", recipe="report_asapnet")
    second = AdversarialSettings(architecture="spade_pix2pixhd", recipe="report_pix2pixhd")
    assert [(s.batch, s.epochs_constant + s.epochs_decay) for s in (first, second)] == [(8, 300), (16, 50)]


@pytest.mark.parametrize(
    "settings",
    [DenoisingSettings(sigma=(0.0, 55.0)), AdversarialSettings(), SegmentationSettings()],
    ids=lambda settings: type(settings).__name__,
)
def test_settings_survive_json(settings: TrainingSettings) -> None:
    document = json.loads(json.dumps(settings.model_dump(mode="json")))
    assert type(settings).model_validate(document) == settings


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        (DenoisingSettings, {"learning_ratee": 1}, "Extra inputs are not permitted"),
        (
            DenoisingSettings,
            {"architecture": "unet"},
            "architecture unet has no recipe of its own; name one of .*dncnn_s",
        ),
        (AdversarialSettings, {"recipe": "best"}, "recipe best; known are asapnet"),
        (AdversarialSettings, {"batch": 6, "accumulate": 4}, "accumulate 4 does not divide batch 6"),
        (AdversarialSettings, {"batch": 6, "processes": 4}, "processes 4 does not divide batch 6"),
        (DenoisingSettings, {"batch": 6, "accumulate": 2, "processes": 2}, "accumulate 2 times processes 2 does not"),
        (AdversarialSettings, {"epochs_enhancer_only": 2}, "enhancers have pix2pixhd_local"),
        (DenoisingSettings, {"sigma": -1}, "greater than or equal to 0"),
    ],
)
def test_mistakes_are_named(model: type[TrainingSettings], values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        model.model_validate(values)
