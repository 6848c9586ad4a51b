"""params.yaml is data: nothing is evaluated, nothing is large, every mistake is one line; names are plain."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from pixelwise.errors import PixelwiseError
from pixelwise.planning import configuration, graph
from pixelwise.settings import names
from tests.pipeline.micro import PARAMS, ROOT

NINE = "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9))
REFUSED = {
    "a: 1\na: 2\n": "line 2: the key 'a' for a second time",
    "a: &a {b: 1}\nc: *a\n": "line 1: the alias 'a'; what entries share goes into defaults",
    f"a: &a [x,x,x,x,x,x,x,x,x]\n{NINE}": "the alias 'a'",
    "a: &a [*a]\n": "the alias 'a'",
    "a: *b\n": "the alias 'b'",
    "a: " + "[" * 100_000: "nested deeper than 32 levels",
    "{a: " * 10_000: "nested deeper than 32 levels",
    "a:\n" + "".join(" " * i + "- \n" for i in range(1, 1000)): "nested deeper than 32 levels",
    "a: [" + "1," * 200_000 + "]\n": "more than 100000 values",
    "a: " + "x" * (1 << 20): "more than 1048576 bytes",
    "a: !!python/object/apply:os.system ['touch x']\n": "the tag tag:yaml.org,2002:python/object/apply:os.system",
    "%TAG ! tag:yaml.org,2002:python/\n---\na: !name:os.system x\n": "python/name:os.system",
    "a: !!set {b}\n": "the tag",
    "a: !!bool x\n": "the tag",
    "a: 2020-01-01\n": "looks like a date",
    "a: .inf\n": "must be finite",
    "a: .nan\n": "must be finite",
    "a: 1.0e+999\n": "must be finite",
    "a: " + "9" * 30: "must fit into 64 bits",
    "a: " + "9" * 5000: "not readable as YAML",
    "1: 2\n": "a key that is no text",
    "on: 2\n": "a key that is no text",
    "? {a: 1}\n: 2\n": "a key that is no text",
    '"a\\nb": 1\n': "a key is one line of text",
    'a: "b\\0c"\n': "control character",
    'a: "\\e[31m"\n': "control character",
    "a: 1\n---\nb: 2\n": "expected a single document",
    "a: {<<: {b: 1}}\n": "a key that is no text",
    "a:\n\t- b\n": "not readable as YAML",
    "": "holds no parameters",
    "[1]": "holds no parameters",
}


def refused(path: Path, overrides: dict[str, Any] | None = None) -> str:
    with pytest.raises(PixelwiseError) as caught:
        configuration.read(path, overrides)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 500
    return message


@pytest.mark.parametrize(("text", "message"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_is_no_plain_table_is_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(text)
    assert message in refused(file)


def test_what_is_no_text_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    assert "no such file" in refused(file)
    file.write_bytes(b"a: \xff\n")
    assert "not readable as text" in refused(file)
    assert "not a file" in refused(tmp_path)
    assert "not a file" in refused(Path("/dev/zero"))


def test_a_configuration_is_read_as_yaml_says() -> None:
    assert configuration.read(ROOT / "params.yaml") == yaml.safe_load((ROOT / "params.yaml").read_text())


def test_the_command_line_sets_three_values(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("profile: a\nother: 1\n")
    assert configuration.read(file, {"profile": "b", "smoke": True}) == {"profile": "b", "smoke": True, "other": 1}
    for key in ("defaults", "profiles", "other", "__use_yte__"):
        assert "only profile, smoke, environment are taken" in refused(file, {key: {}})


def test_templates_are_values_like_others() -> None:
    with pytest.raises(PixelwiseError, match="__use_yte__: no such parameter"):
        graph.plan_of({"__use_yte__": True, "__definitions__": ["import os"], **PARAMS})


EVIL = ["$(touch x)", "a;b", "a b", "../x", "/x", "", ".", "..", ".x", "-x", "a/b", "a\\b", "é", "a\n", "{a}", "a" * 65]
RESERVED = [
    "real",
    "shuffled",
    "mean_colour",
    "baselines",
    "raw",
    "weights",
    "recorded",
    "bench",
    "a-smoke",
    "Recorded",
    "prepared",
]
TABLES = [
    "profiles",
    *(f"profiles.micro.{table}" for table in ("networks", "datasets", "checkpoints", "train", "restore", "time")),
]


def planned_with(table: str, name: str) -> PixelwiseError:
    """What planning says to one more entry, or to the first entry under another name."""
    config: Any = copy.deepcopy(PARAMS)
    node = config
    for key in table.split("."):
        node = node.setdefault(key, {})
    node[name] = copy.deepcopy(next(iter(node.values()), None))
    with pytest.raises(PixelwiseError) as caught:
        graph.plan_of(config)
    return caught.value


@pytest.mark.parametrize("table", TABLES)
def test_names_are_plain_and_not_reserved(table: str) -> None:
    for name in EVIL:
        message = str(planned_with(table, name))
        assert names.ALLOWED in message and message.isprintable(), name
    for name in RESERVED:
        message = str(planned_with(table, name))
        assert f"{table}.{name}: a reserved name" in message
    other = next(iter(PARAMS["profiles"]["micro"]["datasets"])) if table.endswith("datasets") else "micro"
    if table in ("profiles", "profiles.micro.datasets"):
        assert "differ in case alone" in str(planned_with(table, other.upper()))


@pytest.mark.parametrize("name", EVIL)
def test_the_active_profile_is_a_name(name: str) -> None:
    with pytest.raises(PixelwiseError, match=r"params\.yaml: profile: a name is"):
        graph.plan_of({**PARAMS, "profile": name})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("restore.photos.dataset", ["photos"]),
        ("restore.photos.task", ["denoising"]),
        ("segment.segmenter", ["segmenter"]),
        ("segment.protocols", 5),
        ("segment.protocols", [["U"]]),
        ("train.dncnn.task", {}),
        ("train.dncnn.seeds", 5),
        ("train.dncnn.seeds", [-1]),
        ("train.dncnn.checkpoint", [1]),
        ("train.dncnn.checkpoint", "../../x"),
        ("train.dncnn.dataset", "../../x"),
        ("train.dncnn.protocols", ["absent"]),
        ("train.dncnn.protocols", ["$(touch x)"]),
        ("time.denoising.task", []),
        ("time.denoising.networks", ["$(touch x)"]),
        ("time.denoising.trained", {"dncnn": 1}),
        ("train.dncnn.network", ["dncnn"]),
        ("networks", {"$(touch x)": {"architecture": "dncnn"}}),
        ("networks.dncnn.options", [1]),
        ("networks.dncnn.architecture", {}),
        ("defaults", {"train": {"sleeping": {}}}),
        ("defaults", {"train": {"denoising": 5}}),
        ("seeds", [2**40]),
    ],
)
@pytest.mark.parametrize("smoke", [False, True])
def test_values_of_another_type_are_named(path: str, value: Any, smoke: bool) -> None:
    config: Any = copy.deepcopy(PARAMS) | {"smoke": smoke}
    *parents, last = path.split(".")
    node = config["profiles"]["micro"]
    for parent in parents:
        node = node[parent]
    node[last] = value
    with pytest.raises(PixelwiseError) as caught:
        graph.plan_of(config)
    assert str(caught.value).startswith("params.yaml: profiles.micro.")
