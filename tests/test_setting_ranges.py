"""Settings: every number has a range, and what planning accepts the step accepts."""

from __future__ import annotations

import copy
import importlib
import inspect
import json
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from pixelwise.errors import PixelwiseError
from pixelwise.planning import execute, graph, jobs
from pixelwise.settings.architectures import OPTIONS
from tests.pipeline.micro import PARAMS, ROOT

INF, NAN = float("inf"), float("nan")
RESTORE, DENOISER, GENERATOR = "restore.photos", "train.dncnn", "train.asapnet"
NETWORK = "networks.asapnet"
WRONG: list[tuple[str, Any]] = [
    *[("compute.threads", value) for value in (0, -1, 1025, 1.5, "2", True, None)],
    *[("compute.device", value) for value in ("gpu", 1, "")],
    *[("seeds", value) for value in ([], [-1], [2**32], [0, 0], ["0"], [True], 0, [[0]], list(range(100)))],
    *[(f"{GENERATOR}.betas", value) for value in ([0, 1], [-0.1, 0.9], [0.5], [0.5, 0.5, 0.5], [NAN, 0.9], 0.5)],
    *[(f"{GENERATOR}.learning_rate", value) for value in (0, -1, INF, NAN, 1e9, "fast", [1])],
    *[(f"{GENERATOR}.batch", value) for value in (0, -4, 1.5, 10**9, "many", True)],
    *[(f"{GENERATOR}.presentations", value) for value in (0, 10**10, 1.5)],
    *[(f"{GENERATOR}.perceptual", value) for value in (-1, INF, NAN, 1e9)],
    *[(f"{NETWORK}.options.tile", value) for value in (0, 1, 3, 48, 4096, "16", 16.0)],
    *[(f"{NETWORK}.options.depth", value) for value in (-1, 10**6, 1.5, True)],
    *[(f"{NETWORK}.options.width", value) for value in (0, 10**6, -1, "64")],
    (f"{NETWORK}.options.deph", 3),
    (f"{NETWORK}.options.padding", "mirror"),
    (f"{NETWORK}.options.learned_factor", 512),
    (f"{GENERATOR}.discriminator_options.scales", 0),
    *[(f"{DENOISER}.sigma", value) for value in (-1, 256, INF, NAN, [55, 0], [0, 300], [1], [1, 2, 3], "loud")],
    *[(f"{DENOISER}.scales", value) for value in ([], [0], [1.5], [NAN], [-0.5], [1e-9], [1.0] * 17, 0.5)],
    *[(f"{DENOISER}.patch", value) for value in (0, -1, 10**6, 1.5)],
    *[(f"{DENOISER}.stride", value) for value in (0, 10**6)],
    *[(f"{DENOISER}.steps", value) for value in (0, -1, 10**12)],
    *[(f"{DENOISER}.epochs_per_rate", value) for value in ([], [0], [1] * 101)],
    *[(f"{DENOISER}.blur_length", value) for value in ([15, 5], [0, 5], [5, 1000])],
    *[(f"{DENOISER}.ema", value) for value in (0, 1, 1.5, NAN)],
    *[("train.segmenter.zoom", value) for value in ([2, 0.5], [0, 1], [1, INF], [1, 1e6])],
    *[("train.segmenter.crop", value) for value in (0, -1, 10**6, 8)],
    *[("train.segmenter.momentum", value) for value in (1, -0.1, NAN)],
    *[("train.segmenter.rotation", value) for value in (-1, 181, NAN)],
    *[(f"{RESTORE}.sigmas", value) for value in ([], [0], [-1], [256], [INF], [25, 25.0], 25)],
    *[(f"{RESTORE}.tile", value) for value in (0, 1, 10**6)],
    *[(f"{RESTORE}.more_tiles", value) for value in ([16], [8, 8], [1], [8.5])],
    *[(f"{RESTORE}.resamples", value) for value in (0, 1, 10**9)],
    *[(f"{RESTORE}.limit", value) for value in (0, -1, 1.5)],
    (f"{RESTORE}.task", "deblurring"),
    (f"{RESTORE}.baselines", ["identity", "wiener_known_blur"]),
    *[("fid.resamples", value) for value in (1, 10**9, "100")],
    *[("fid.protocols", value) for value in ([], ["fid"], ["kid", "kid"], "kid")],
    *[("fid.batch", value) for value in (0, 10**9)],
    *[("segment.enlarge", value) for value in (1, 17, 2.5)],
    *[("generate.batch", value) for value in (0, "8")],
    *[
        ("inspect.sizes", value)
        for value in ([], [[256]], [[256, 300]], [[0, 0]], [[256, 256], [256, 256]], [[-256, -256]])
    ],
    *[("datasets.streets.height", value) for value in (0, 8, 10**6, 1.5)],
    *[("datasets.streets.train", value) for value in (-1, 10**9, "all")],
    *[("datasets.streets.seed", value) for value in (-1, 2**32)],
    *[("figures.dpi", value) for value in (1, 10_000, "high")],
    *[("summarise.resamples", value) for value in (1, 10**9)],
    *[("summarise.reference", value) for value in ("dncnn", [1], ["dncnn", "dncnn"])],
    *[("report.max_bytes", value) for value in (1, 10**9)],
]


def changed(path: str, value: Any) -> dict[str, Any]:
    config = copy.deepcopy(PARAMS)
    *parents, last = path.split(".")
    node: Any = config["profiles"]["micro"]
    for parent in parents:
        node = node.setdefault(parent, {})
    node[last] = value
    return config


@pytest.mark.parametrize(("path", "value"), WRONG, ids=[f"{path}={value}"[:60] for path, value in WRONG])
def test_planning_refuses_what_is_out_of_range(path: str, value: Any) -> None:
    with pytest.raises(PixelwiseError) as caught:
        graph.plan_of(changed(path, value))
    message = str(caught.value)
    assert message.startswith("params.yaml: profiles.micro.") and "\n" not in message
    assert path.split(".")[0] in message and len(message) < 500


def numbers(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [place for key, value in node.items() for place in numbers(value, (*path, key))]
    if isinstance(node, list):
        return [place for key, value in enumerate(node) for place in numbers(value, (*path, key))]
    return [path] if isinstance(node, int | float) and not isinstance(node, bool) else []


def test_the_step_refuses_every_number_out_of_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number of every kind of job file: 10^400, -10^18, text and a list are one line, before anything is done."""
    monkeypatch.chdir(tmp_path)
    tried, kinds = 0, set()
    for job in graph.plan_of(PARAMS).jobs:
        if job.kind in kinds:
            continue
        kinds.add(job.kind)
        settings = job.settings.model_dump(mode="json")
        step, module = jobs.KINDS[job.kind].step, job.description()
        for place in numbers(settings):
            for value in (10**18, -(10**18), "x", [1]):
                wrong = copy.deepcopy(module)
                node = wrong["settings"]
                for key in place[:-1]:
                    node = node[key]
                node[place[-1]] = value
                Path("job.json").write_text(json.dumps({"job": wrong}))
                with pytest.raises(PixelwiseError, match=r"^job\.json: job\.settings"):
                    execute.load(Path("job.json"), step)
                tried += 1
    assert tried > 300 and len(kinds) > 10


def test_what_is_planned_is_what_the_step_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for job in graph.plan_of(PARAMS).jobs:
        Path("job.json").write_text(json.dumps({"job": job.description()}))
        assert execute.load(Path("job.json"), job.step)[1] == job.settings


def test_the_options_are_those_of_the_networks() -> None:
    from pixelwise.models.registry import NAMES, factory

    assert set(OPTIONS) == set(NAMES)
    for name in NAMES:
        assert set(OPTIONS[name].model_fields) == set(inspect.signature(factory(name)).parameters), name


def test_the_sizes_are_those_of_the_networks() -> None:
    from pixelwise.models.registry import skeleton

    for name, options in {
        "asapnet": [{}, {"tile": 32}, {"padding": "reflection", "tile": 64}],
        "pix2pixhd_global": [{}, {"downsamplings": 2}],
        "spade_pix2pixhd": [{"downsamplings": 3}],
        "pix2pixhd_local": [{}, {"enhancers": 2, "downsamplings": 3}],
    }.items():
        for given in options:
            legal = skeleton(name, **given).legal
            assert OPTIONS[name].model_validate(given).least() == (legal.multiple, legal.smallest), (name, given)  # type: ignore[attr-defined]


def test_the_protocols_tasks_are_those_of_the_settings() -> None:
    from pixelwise.evaluation.protocols import PROTOCOLS
    from pixelwise.settings.restoration import DEBLURRED, ProtocolName

    assert set(PROTOCOLS) == set(get_args(ProtocolName))
    assert {name for name, protocol in PROTOCOLS.items() if protocol.task == "deblurring"} == DEBLURRED


@pytest.mark.parametrize(
    ("dataset", "entry", "changes", "message"),
    [
        ("streets", "asapnet", {"batch": 64, "presentations": 64}, "so at most"),
        ("streets", "asapnet", {"images": 10_000}, "training images"),
        ("photos", "dncnn", {"patch": 4096}, "patch: 4096"),
    ],
)
def test_a_training_must_fit_its_data(dataset: str, entry: str, changes: dict[str, Any], message: str) -> None:
    config = copy.deepcopy(PARAMS)
    config["profiles"]["micro"]["train"][entry] |= changes
    if dataset == "photos":
        config["profiles"]["micro"]["datasets"]["photos"] |= {"height": 64, "width": 64}
    with pytest.raises(PixelwiseError, match=message):
        graph.plan_of(config)


def bounded(model: type[BaseModel]) -> list[str]:
    """Numbers of a schema without two ends."""
    schema = model.model_json_schema(mode="validation")
    places: list[str] = []

    def walk(node: Any, path: str) -> None:
        if isinstance(node, dict):
            if node.get("type") in ("integer", "number"):
                low = {"minimum", "exclusiveMinimum"} & set(node)
                high = {"maximum", "exclusiveMaximum"} & set(node)
                if not (low and high) and "enum" not in node and "const" not in node:
                    places.append(path)
            for key, value in node.items():
                walk(value, f"{path}.{key}")
        elif isinstance(node, list):
            for value in node:
                walk(value, path)

    walk(schema, model.__name__)
    return places


def test_every_number_of_every_settings_class_has_two_ends() -> None:
    classes: set[type[BaseModel]] = set()
    for kind in jobs.KINDS.values():
        module, name = kind.settings.split(":")
        classes.add(getattr(importlib.import_module(module), name))
    classes |= set(OPTIONS.values())
    assert [place for model in classes for place in bounded(model)] == []


def test_shipped_profiles_are_within_the_ranges() -> None:
    for profile in yaml.safe_load((ROOT / "params.yaml").read_text())["profiles"]:
        assert graph.plan(ROOT / "params.yaml", profile).jobs
