"""Networks by name, and what entries take from `defaults`: who wins, and which place a message names."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pixelwise.errors import PixelwiseError
from pixelwise.planning import graph
from pixelwise.planning.jobs import Job
from tests.pipeline.micro import PARAMS

DNCNN = "train/photos/dncnn/seed0"


def changed(*changes: tuple[str, Any], smoke: bool = False) -> dict[str, Any]:
    """The micro configuration with values set at dotted paths; `~` stands for its profile."""
    config: Any = copy.deepcopy(PARAMS) | {"smoke": smoke}
    for path, value in changes:
        *parents, last = path.replace("~", "profiles.micro").split(".")
        node = config
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    return config


def planned(*changes: tuple[str, Any], smoke: bool = False) -> dict[str, Job]:
    return {job.id: job for job in graph.plan_of(changed(*changes, smoke=smoke)).jobs}


def message(*changes: tuple[str, Any]) -> str:
    with pytest.raises(PixelwiseError) as caught:
        graph.plan_of(changed(*changes))
    return str(caught.value)


def test_the_nearest_value_wins() -> None:
    shared, own = ("defaults.train.denoising.stride", 5), ("~.defaults.train.denoising.stride", 6)
    for changes, stride in (
        ((), 10),
        ((shared,), 5),
        ((shared, own), 6),
        ((shared, own, ("~.train.dncnn.stride", 7)), 7),
    ):
        assert planned(*changes)[DNCNN].settings.stride == stride  # type: ignore[attr-defined]


def test_only_the_same_task_inherits() -> None:
    before, after = planned(), planned(("defaults.train.denoising.stride", 5))
    different = [name for name in before if before[name].settings != after[name].settings]
    assert sorted(different) == ["train/photos/asapnet_denoise/seed0", DNCNN]
    timed = planned(("defaults.time.denoising.calls", 4), ("~.time.denoising.calls", 5))["time/denoising"]
    assert timed.settings.calls == 5  # type: ignore[attr-defined]


def test_published_weights_inherit_only_what_a_conversion_takes() -> None:
    changes = (
        ("~.defaults.train.denoising", {"stride": 5, "sigma": 15}),
        ("~.networks.merged", {"architecture": "dncnn", "options": {"variant": "merged"}}),
        ("~.train.released", {"task": "denoising", "network": "merged", "dataset": "photos", "checkpoint": "dncnn_25"}),
    )
    job = planned(*changes)["train/photos/released/seed0"]
    assert job.kind == "convert" and job.settings.sigma == 15  # type: ignore[attr-defined]


def test_what_is_scored_is_what_is_timed() -> None:
    jobs = planned(("~.networks.dncnn.options.depth", 5))
    timed = jobs["time/denoising"].settings.models["dncnn"]  # type: ignore[attr-defined]
    assert timed.options == {"channels": 1, "depth": 5, "width": 8}
    assert jobs[DNCNN].settings.options == {"depth": 5, "width": 8}  # type: ignore[attr-defined]


def test_a_group_fills_in_what_follows_from_the_data() -> None:
    jobs = planned(
        ("~.time.denoising.networks", ["asapnet"]),
        ("~.time.denoising.channels", 3),
        ("~.time.labels", {"task": "translation", "networks": ["asapnet"], "num_labels": 13, "instance_edge": False}),
    )
    gray = jobs["time/denoising"].settings.models["asapnet"].options  # type: ignore[attr-defined]
    assert gray["dense_channels"] == gray["output_channels"] == 3 and gray["instance_edge"] is False
    labels = jobs["time/labels"].settings.models["asapnet"].options  # type: ignore[attr-defined]
    assert labels["instance_edge"] is False and "dense_channels" not in labels


def test_a_network_is_described_once() -> None:
    config = changed(("networks.dncnn", {"architecture": "dncnn"}))
    with pytest.raises(
        PixelwiseError, match=r"profiles\.micro\.networks\.dncnn: one of the top-level networks already"
    ):
        graph.plan_of(config)


def test_the_shrunk_form_inherits_too() -> None:
    jobs = planned(("defaults.train.denoising.stride", 5), ("defaults.train.denoising.steps", 1000), smoke=True)
    assert jobs[DNCNN].settings.stride == 5 and jobs[DNCNN].settings.steps == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("defaults.train.denoising.stride", 0),
        ("~.defaults.train.denoising.stride", 0),
        ("~.train.dncnn.stride", 0),
        ("defaults.train.denoising.strid", 5),
        ("defaults.time.denoising.calls", "x"),
        ("defaults.fid.batch", 0),
        ("defaults.compute.threads", 0),
        ("defaults.titel", "x"),
        ("networks.other.options.tile", 3),
        ("~.networks.asapnet.options.tile", 3),
        ("~.summarise.resamples", 1),
        ("~.figures.dpi", 1),
    ],
)
def test_a_message_names_the_place_that_the_user_wrote(path: str, value: Any) -> None:
    changes = [(path, value)]
    if path.startswith("networks"):
        changes.insert(0, ("networks.other", {"architecture": "asapnet"}))
    if path == "defaults.time.denoising.calls" or path == "defaults.compute.threads":
        config = changed(*changes)
        micro: Any = config["profiles"]["micro"]
        micro["time"]["denoising"].pop("calls")
        config["defaults"]["compute"].pop("device")
        with pytest.raises(PixelwiseError) as caught:
            graph.plan_of(config)
        said = str(caught.value)
    else:
        said = message(*changes)
    *place, last = path.replace("~", "profiles.micro").split(".")
    if "options" in place:  # a network is checked as a whole
        place = place[:-1]
    assert said.startswith("params.yaml: " + ".".join(place)), said
    assert last in said and "\n" not in said
