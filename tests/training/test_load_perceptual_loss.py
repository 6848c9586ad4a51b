"""Which VGG19 a training used is said wherever it is not the published one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pixelwise.data.weights import CONVERTED
from pixelwise.training.load_perceptual_loss import PUBLISHED, STAND_INS, deviation


@pytest.mark.parametrize(
    ("variant", "source", "words"),
    [(PUBLISHED, "official", ""), ("normalised", "package", "AdaIN's"), (PUBLISHED, "own", "user's own")],
)
def test_a_stand_in_is_a_deviation(tmp_path: Path, variant: str, source: str, words: str) -> None:
    document = {"file": "vgg19.safetensors", "variant": variant, "source": source}
    (tmp_path / "source.json").write_text(json.dumps(document))
    found = deviation({"perceptual": tmp_path}, 10.0)
    assert len(found) == bool(words)
    assert not found or (found[0][0] == "perceptual_network" and words in found[0][2])
    assert deviation({}, 0.0) == []


def test_weights_without_a_word_of_their_origin_are_a_deviation(tmp_path: Path) -> None:
    assert "unknown origin" in deviation({"perceptual": tmp_path}, True)[0][2]


def test_every_variant_of_the_weights_step_is_known() -> None:
    assert {variant for _, variant in CONVERTED["vgg19"].values()} <= {PUBLISHED, *STAND_INS}
