"""What would stop a run is told before its first job, with the key to change, and never one that nobody wrote."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pixelwise.data import check
from pixelwise.errors import PixelwiseError
from pixelwise.planning import early, graph
from tests.data.builders import custom, png
from tests.pipeline.micro import PARAMS

SMALL = {"width": 4, "max_width": 8, "depth": 2, "mlp_width": 4}


def config(root: Path, data: dict[str, Any], entry: dict[str, Any], **profile: Any) -> dict[str, Any]:
    """A profile that trains one generator on a folder."""
    values = copy.deepcopy(PARAMS)
    values["profile"] = "mine"
    values["profiles"]["mine"] = {
        "title": "mine",
        "networks": {
            "mine_net": {"architecture": "asapnet", "options": SMALL},
            "reader": {"architecture": "segmenter"},
        },
        "datasets": {"mine": {"kind": "custom", "root": str(root), "num_labels": 4} | data},
        "train": {
            "net": {"task": "translation", "network": "mine_net", "dataset": "mine", "perceptual": 0} | entry,
            "segmenter": {"task": "segmentation", "network": "reader", "dataset": "mine", "batch": 1},
        },
    } | profile
    values["defaults"] = {}
    return values


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return custom(tmp_path / "mine", [f"n{number}" for number in range(8)], size=(40, 56))


def stopped(values: dict[str, Any]) -> str:
    run = graph.plan_of(values)
    with pytest.raises(PixelwiseError) as caught:
        graph.preflight(run, [job.id for job in run.jobs])
    assert "\n" not in str(caught.value)
    return str(caught.value)


SIZE = {"height": 32, "width": 32, "val": 2}


def test_a_run_that_fits_is_not_stopped(root: Path) -> None:
    run = graph.plan_of(config(root, SIZE, {"batch": 2}))
    graph.preflight(run, [job.id for job in run.jobs])


def test_a_batch_larger_than_the_folder(root: Path) -> None:
    assert stopped(config(root, SIZE, {"batch": 7})) == (
        "params.yaml: profiles.mine.train.net.batch: 7; the training split has 6 examples, so at most 6"
    )


def test_a_batch_that_nobody_wrote(root: Path) -> None:
    line = stopped(config(root, SIZE, {}))
    assert line.startswith("params.yaml: profiles.mine.train.net: set batch, which is 32 where nothing is said; ")
    assert "train.net.batch" not in line


def test_a_batch_that_is_inherited_is_named_where_it_stands(root: Path) -> None:
    values = config(root, SIZE, {}, defaults={"train": {"translation": {"batch": 7}}})
    assert stopped(values).startswith("params.yaml: profiles.mine.defaults.train.translation.batch: 7; ")


def test_sizes_that_a_network_does_not_take(root: Path) -> None:
    line = stopped(config(root, {"val": 2}, {"batch": 2}))
    assert line.startswith("params.yaml: profiles.mine.datasets.mine: set height and width; 40x56 with asapnet; ")
    assert "multiples of 16" in line
    with pytest.raises(PixelwiseError, match=r"datasets\.mine\.height: 40; 40x48 with asapnet; .*multiples of 16"):
        graph.plan_of(config(root, {"height": 40, "width": 48, "val": 2}, {"batch": 2}))


def test_pictures_of_several_sizes_kept_as_they_are(root: Path) -> None:
    for folder, deep in (("labels", ()), ("images", (3,))):
        png(root / folder / "n0.png", np.zeros((48, 64, *deep), np.uint8))
    assert "set height and width; pictures of 2 sizes, such as 40x56" in stopped(config(root, {"val": 2}, {"batch": 2}))


def test_no_segmenter(root: Path) -> None:
    values = config(root, SIZE, {"batch": 2})
    del values["profiles"]["mine"]["train"]["segmenter"]
    with pytest.raises(PixelwiseError, match=r"mine\.train: no entry 'segmenter', which reads .* of task segmentation"):
        graph.plan_of(values)
    values["profiles"]["mine"]["segment"] = {"segmenter": "net"}
    with pytest.raises(PixelwiseError, match=r"train\.net\.task: translation; segment\.segmenter names it, and needs"):
        graph.plan_of(values)


def test_names_that_no_table_can_carry(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    custom(root, ["a,b"], size=(40, 56))
    values = config(root, SIZE, {"batch": 2})
    assert "a,b.png: a comma in its name; rename it (and 1 more)" in stopped(values)
    with pytest.raises(PixelwiseError, match="2 defects"):
        check.show(graph.plan_of(values), "mine")
    assert "a comma in its name; rename it" in capsys.readouterr().out


def test_the_check_of_a_data_set_tells_what_does_not_fit(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PixelwiseError, match="data set mine: 1 defect, listed above"):
        check.show(graph.plan_of(config(root, SIZE, {"batch": 7})), "mine")
    printed = capsys.readouterr().out
    assert "train.net.batch: 7; the training split has 6 examples" in printed and "read by index" in printed


def test_damaged_and_unequal_pictures(root: Path) -> None:
    (root / "images" / "n1.png").write_bytes(b"broken")
    png(root / "labels" / "n2.png", np.zeros((8, 8), np.uint8))
    line = stopped(config(root, SIZE, {"batch": 2}))
    assert "n1.png: not a readable image" in line and "(and 1 more)" in line


def test_finished_data_are_not_looked_at_again(root: Path) -> None:
    run = graph.plan_of(config(root, SIZE, {"batch": 7}))
    early.check(run, set())


def test_published_sets_are_known_without_looking() -> None:
    values = config(Path(), SIZE, {"batch": 400})
    values["profiles"]["mine"]["datasets"]["mine"] = {"kind": "camvid", "height": 32, "width": 32}
    with pytest.raises(PixelwiseError, match=r"batch: 400; the training split has 367 examples"):
        graph.plan_of(values)
