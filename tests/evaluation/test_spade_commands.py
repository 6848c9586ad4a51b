"""SPADE by the commands: a published file is converted and makes a picture; profiles that name it are planned."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from pixelwise.cli import app
from pixelwise.errors import PixelwiseError
from pixelwise.models import build
from pixelwise.models.official.official_keys import official_keys
from pixelwise.planning import graph
from tests.pipeline.micro import PARAMS, ROOT

OPTIONS = {"width": 2, "num_upsampling_layers": "normal", "norm_hidden": 4}


def test_convert_and_translate(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = build("spade", **OPTIONS)
    keys = official_keys(source)
    torch.save({keys[key]: value for key, value in source.state_dict().items()}, "200_net_G.pth")
    rng = np.random.default_rng(0)
    for name, high in (("labels", 35), ("instances", 200)):
        coarse = rng.integers(0, high, (4, 8), dtype=np.uint8)
        Image.fromarray(coarse.repeat(16, 0).repeat(16, 1)).save(f"{name}.png")
    given = [f"--option={name}={value}" for name, value in OPTIONS.items()]
    command = ["convert", "200_net_G.pth", "--out", "spade.safetensors", "--model", "spade", *given]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 0, found.output
    command = ["translate", "labels.png", "made.png", "--checkpoint", "spade.safetensors", "--instances"]
    found = CliRunner().invoke(app, [*command, "instances.png"])
    assert found.exit_code == 0, (found.output, found.exception)
    assert Image.open("made.png").size == (128, 64)


def planned(options=OPTIONS, **changes):
    """The micro profile with SPADE in the place of ASAP-Net."""
    config = copy.deepcopy(PARAMS)
    micro = config["profiles"]["micro"]
    micro["networks"]["spade"] = {"architecture": "spade", "options": options}
    micro["train"]["asapnet"] |= {"network": "spade"} | changes
    return graph.plan_of(config)


def test_a_profile_is_planned():
    (job,) = [job for job in planned().jobs if job.id.startswith("train/") and job.settings.architecture == "spade"]
    assert job.settings.recipe == "spade" and job.settings.initialisation == "official"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_upsampling_layers": "least"}, r"num_upsampling_layers.*'least'"),
        ({"norm": "layer"}, "norm"),
        ({"norm_kernel": 4}, "norm_kernel 4; it must be odd"),
        ({"width": 1, "num_upsampling_layers": "most"}, "width 1 with num_upsampling_layers most"),
        ({"num_upsampling_layers": "most"}, "multiples of 128"),
        ({"depth": 3}, "depth"),
    ],
)
def test_refused_in_one_line(options, message):
    with pytest.raises(PixelwiseError, match=message) as caught:
        planned(options=OPTIONS | options)
    assert "\n" not in str(caught.value)


def test_street_and_paper_name_it():
    for name in ("street", "paper"):
        jobs = graph.plan(ROOT / "params.yaml", name).jobs
        recipes = {job.id.split("/")[2]: job.settings.recipe for job in jobs if job.kind == "adversarial"}
        assert recipes["spade"] == recipes["pix2pixhd"]
        for group in (job.settings for job in jobs if job.kind == "time" and job.settings.task == "translation"):
            slow = dict(group.ratios)
            assert group.models["spade"].architecture == "spade" and slow["spade"] == slow["pix2pixhd"]
