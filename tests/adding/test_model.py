"""A model is one file: in a copy of the package, with one file more, it is trained, timed, scored and shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adding.toy_models import CONFIG, DENOISER, RIVAL
from tests.sharing import know_sources, package

ROOT = Path(__file__).parents[2]
FOLDER = "pixelwise/models/architectures"
PLAN = """
import json, sys
from pathlib import Path
from pixelwise.planning import code, graph
jobs = {job.id: job.description() for job in graph.plan(Path(sys.argv[1]), "paper").jobs}
code.keep()
print(json.dumps([jobs, "torch" in sys.modules]))
"""
PREPARE = """
import json
from pathlib import Path
from pixelwise.artifacts import write_json
from pixelwise.planning import graph
jobs = graph.plan_of(json.loads(Path("config.json").read_text())).jobs
for job in jobs:
    write_json(job.file, {"job": job.description()})
downloads = ("fid", "weights")
print(json.dumps([(job.file, job.step) for job in jobs if job.kind not in downloads]))
"""
RUN = """
import json, os, sys, traceback
from pathlib import Path
import jinja2, matplotlib.pyplot, pandas, PIL.Image, pydantic, safetensors.torch, scipy.linalg, scipy.stats, yaml
import skimage.data, skimage.metrics, torch._dynamo, torch.utils.flop_counter, torchvision  # once for all jobs
for file, step in json.loads(sys.argv[1]):
    if not (child := os.fork()):
        try:
            from pixelwise.planning import execute, jobs
            job = json.loads(Path(file).read_text())["job"]
            present = {role: folder for role, folder in job["inputs"].items() if os.path.exists(folder)}
            if present != job["inputs"]:
                job["inputs"] = present
                Path(file).write_text(json.dumps({"job": job}))
            execute.execute(Path(file), step)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(file)
"""


def python(folder: Path, program: str, *arguments: str) -> str:
    """Run a program with the copy of the package below `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adding")
    package(folder / "src/pixelwise")
    know_sources(tmp_path_factory, folder)
    return folder


def descriptions(folder: Path) -> dict[str, object]:
    """Job -> description of profile `paper`, planned by the copy; no planning imports torch."""
    jobs, heavy = json.loads(python(folder, PLAN, str(ROOT / "params.yaml")).splitlines()[-1])
    assert not heavy
    return jobs


@pytest.fixture(scope="module")
def before(copy: Path) -> dict[str, object]:
    """What the copy plans as it is."""
    return descriptions(copy)


Changed = Callable[[str, str, str], set[str]]


@pytest.fixture
def changed(copy: Path, before: dict[str, object]) -> Changed:
    """Jobs that change with one text of a model's file; the file is then as before."""

    def change(file: str, old: str, new: str) -> set[str]:
        path = copy / "src" / FOLDER / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        after = descriptions(copy)
        path.write_text(text)
        return {job for job in before if before[job] != after[job]}

    return change


def test_one_file_more_makes_no_job_stale(copy: Path, before: dict[str, object]) -> None:
    path = copy / "src" / FOLDER / "rival.py"
    path.write_text(RIVAL)
    assert descriptions(copy) == before
    path.unlink()


def test_a_label_or_colour_changes_what_shows_it_alone(changed: Changed) -> None:
    assert changed("asapnet.py", '"#0072B2", "o"', '"#0072B3", "o"') == {"figures", "report"}
    assert changed("pix2pixhd.py", 'Look("pix2pixHD"', 'Look("Pix2PixHD"') == {"figures", "report"}


def test_a_comment_changes_nothing_and_a_line_of_the_network_its_own_jobs(changed: Changed) -> None:
    assert changed("dncnn.py", "import torch\n", "import torch  # why\n") == set()
    found = changed("dncnn.py", "return noisy - self.noise(noisy)", "return self.noise(noisy)")
    assert "train/train400/dncnn/seed0" in found and "inspect/dncnn" in found
    assert not [job for job in found if "asapnet" in job or "spade" in job or "pix2pixhd" in job or job == "figures"]


def test_a_recipe_changes_the_trainings_that_follow_it(changed: Changed) -> None:
    found = changed("dncnn.py", "50 * 128 * 3000", "50 * 128 * 3001")
    assert {job for job in found if job.startswith("train/")} == {f"train/train400/dncnn_b/seed{n}" for n in range(3)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MODEL = 1 / 0\n", "ZeroDivisionError"),
        ("x = (\n", "SyntaxError"),
        ("import math\n", "declares no MODEL"),
        (RIVAL.replace('name="rival"', 'name="dncnn"'), "is declared in dncnn.py already"),
    ],
)
def test_an_error_in_a_file_is_one_line_that_names_it(copy: Path, text: str, words: str) -> None:
    path = copy / "src" / FOLDER / "wrong.py"
    path.write_text(text)
    program = (
        "from pixelwise.errors import PixelwiseError\ntry:\n    from pixelwise.models import declarations\n"
        "    declarations.models()\nexcept PixelwiseError as error:\n    print(error)"
    )
    told = python(copy, program)
    path.unlink()
    assert "wrong.py" in told and words in told and told.count("\n") == 1


@pytest.fixture(scope="module")
def run(copy: Path) -> Path:
    """Both newcomers, planned, trained, timed, scored and drawn by the copy."""
    for name, text in {"rival": RIVAL, "smoother": DENOISER}.items():
        (copy / "src" / FOLDER / f"{name}.py").write_text(text)
    (copy / "config.json").write_text(json.dumps(CONFIG))
    python(copy, RUN, python(copy, PREPARE))
    return copy / "results/toy"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("label", "colour", "figures"),
    [
        (
            "Toy rival",
            "#12ab56",
            {"inference_time", "runtime_resolution", "arithmetic", "miou_runtime", "class_iou", "loss_curves"},
        ),
        (
            "Toy smoother",
            "#ab1256",
            {"denoising_photos", "denoising_runtime", "denoising_differences", "blockiness", "loss_curves"}
            | {"psnr_samples"},
        ),
    ],
)
def test_a_newcomer_stands_in_every_figure_and_in_the_report(
    run: Path, label: str, colour: str, figures: set[str]
) -> None:
    index = json.loads((run / "figures/figures.json").read_text())["figures"]
    panels = {
        "loss_curves"
    }  # whose colours tell losses apart, whose titles are models, and whose words are the first few
    found = {figure["name"] for figure in index if label in figure["alt"]}
    assert found >= figures - panels, found
    drawn = {name for name in figures - panels if colour in (run / f"figures/{name}.svg").read_text()}
    assert drawn == figures - panels
    assert all(label in (run / f"figures/{name}.svg").read_text() for name in panels)
    assert label in (run / "report/index.html").read_text()


@pytest.mark.slow
def test_a_newcomer_is_trained_timed_scored_and_counted(run: Path) -> None:
    def metrics(folder: str) -> list[dict[str, object]]:
        return json.loads((run / folder / "metrics.json").read_text())["records"]

    assert json.loads((run / "train/streets/newcomer/seed0/training.json").read_text())["architecture"] == "rival"
    assert {record["model"] for record in metrics("segment/streets/newcomer/seed0")} == {"newcomer"}
    assert {record["model"] for record in metrics("restore/photos/smoother/seed0")} == {"smoother"}
    assert "newcomer/asapnet" in {record["model"] for record in metrics("time/translation")}
    assert {record["model"] for record in metrics("inspect/rival")} >= {"rival", "rival/asapnet", "recipe rival"}
    for group, name, model in (("translation", "newcomer", "rival"), ("denoising", "smoother", "smoother")):
        (skipped,) = json.loads((run / f"time/{group}/skipped.json").read_text())
        assert skipped["model"] == name
        assert skipped["reason"] == f"not optimised: {model} declares no optimised form"
