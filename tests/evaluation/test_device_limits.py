"""What a card cannot do is told apart from mistakes, and what would fit is named."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from pixelwise import net
from pixelwise.artifacts import write_json
from pixelwise.claims import dividing
from pixelwise.claims.fitting import advice
from pixelwise.claims.predicted_records import Datasets
from pixelwise.errors import PixelwiseError
from pixelwise.evaluation.device_limits import device_limit, device_lost
from pixelwise.evaluation.restorer import Restorer
from pixelwise.models import build, checkpoint
from pixelwise.models.fast import kernel_choice
from pixelwise.planning.graph import plan
from pixelwise.planning.jobs import Job
from pixelwise.settings.models import ConvertSettings
from pixelwise.settings.restoration import RestorationSettings
from pixelwise.settings.training import AdversarialSettings

ROOT = Path(__file__).parents[2]
CUDA = torch.device("cuda")
FULL = torch.OutOfMemoryError(
    "CUDA out of memory. Tried to allocate 1.50 GiB. GPU 0 has a total capacity of 14.58 GiB of which 812.00 MiB is "
    "free. Of the allocated memory 12.1 GiB is allocated by PyTorch."
)
ILLEGAL = torch.AcceleratorError("CUDA error: an illegal memory access was encountered", 700)
STARTING = torch.AcceleratorError("CUDA error: out of memory\nSearch for")


@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (FULL, "OutOfMemoryError: CUDA out of memory"),
        (RuntimeError("Failed to find C compiler. Please specify via CC environment variable"), "RuntimeError: Failed"),
        (subprocess.CalledProcessError(1, ["gcc", "main.c"]), "CalledProcessError: Command"),
        (STARTING, "AcceleratorError: CUDA error: out of memory"),
        (RuntimeError("Triton Error [CUDA]: out of memory"), "RuntimeError: Triton Error"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"), "RuntimeError: CUDA"),
        (RuntimeError("FIND was unable to find an engine to execute this computation"), "RuntimeError: FIND was"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_NOT_SUPPORTED when calling `cublasGemmEx`"), "RuntimeError: CUDA"),
        (ILLEGAL, None),
        (RuntimeError("Triton Error [CUDA]: an illegal memory access was encountered"), None),
        (RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`"), None),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), None),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), None),
    ],
)
def test_device_limits(error, limit):
    found = device_limit(error)
    assert (found is None) if limit is None else found.startswith(limit)
    assert device_lost(error) is (limit is None and "mat1" not in str(error))


def test_tritons_errors_are_device_limits():
    pytest.importorskip("triton")
    from triton.compiler.errors import CompilationError
    from triton.runtime.errors import OutOfResources

    assert device_limit(OutOfResources(131072, 101376, "shared memory")).startswith("OutOfResources: out of resource")
    assert device_limit(CompilationError("", None, "no"))


def test_an_illegal_access_is_not_told_as_a_full_memory(tmp_path, monkeypatch):
    assert net.judge(FULL, "x")[0] == 2 and net.judge(ILLEGAL, "x") == (1, None)
    options = {"depth": 3, "width": 4}
    checkpoint.save(tmp_path / "n.safetensors", build("dncnn", **options), "dncnn", options)
    restorer = Restorer(tmp_path / "n.safetensors")
    for error, seen in ((FULL, PixelwiseError), (ILLEGAL, torch.AcceleratorError)):

        def failing(batch, error=error):
            raise error

        monkeypatch.setattr(restorer, "module", failing)
        with pytest.raises(seen) as caught:
            restorer(np.zeros((16, 16), np.float32))
    assert "illegal" in str(caught.value)


def test_out_of_memory_is_one_line_with_what_would_fit(tmp_path: Path):
    write_json(tmp_path / "dataset.json", {"height": 256, "width": 512})
    settings = AdversarialSettings(architecture="spade_pix2pixhd", batch=16)
    line = advice(FULL, "adversarial", settings, tmp_path)
    assert line.startswith("out of memory: 1.50 GiB asked for, 812.00 MiB of the card's 14.58 GiB free; by 'pixel")
    assert "batch 16 with accumulate 1 needs" in line and ", accumulate: " in line and "\n" not in line
    assert advice(RuntimeError("cannot allocate memory"), "fid", object(), None) == "out of memory; use smaller images"
    assert net.judge(STARTING, "x") == (2, "x: out of memory; use a smaller batch or image size")


def test_what_would_fit_is_what_plan_proposes(tmp_path: Path):
    run = plan(ROOT / "params.yaml", "facades")
    datasets, job = Datasets(list(run.jobs)), next(job for job in run.jobs if job.id == "train/facades/pix2pixhd/seed0")
    height, width = datasets.size(job)
    write_json(tmp_path / "dataset.json", {"height": height, "width": width})
    card = 40.0
    full = torch.OutOfMemoryError(str(FULL).replace("14.58 GiB", f"{card * 1e9 / 2**30:.2f} GiB"))
    (proposed,) = [line for line in dividing.proposals([job], datasets, card) if "pix2pixhd" in line]
    told = advice(full, job.kind, job.settings, tmp_path)
    for name in ("accumulate", "processes"):
        wanted = re.search(rf"set {name}: (\d+)", proposed)
        assert wanted and f" {name}: {wanted[1]} " in told, (proposed, told)
    assert f"needs {dividing.needed_gb(job, job.settings, datasets):.1f} GB" in told


def test_kernels_need_a_card_a_compiler_and_headers(tmp_path, monkeypatch):
    pytest.importorskip("triton")
    obstacle = kernel_choice.obstacle.__wrapped__
    assert "CUDA device" in obstacle(torch.device("cpu"))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert obstacle(CUDA) == "no C compiler (gcc or clang), which Triton needs"
    monkeypatch.setenv("CC", sys.executable)
    monkeypatch.setattr(kernel_choice.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    assert "install the headers of Python" in obstacle(CUDA)
    (tmp_path / "Python.h").touch()
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    assert obstacle(CUDA) is None
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (6, 1))
    assert obstacle(CUDA) == "Triton needs a card from sm_70 on, this one is sm_61"


def test_without_a_card_triton_is_not_even_imported():
    code = (
        "import sys, torch; from pixelwise.models import build; from pixelwise.models.fast.optimised import optimise; "
        "optimise(build('dncnn', depth=3, width=4).eval())(torch.rand(1, 1, 32, 32)); print('triton' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_jobs_that_compute_on_the_processor_ask_for_no_card():
    def job(kind, settings):
        return Job("", kind, settings, "", "").on_gpu

    assert job("adversarial", AdversarialSettings(architecture="asapnet", batch=1))
    assert not job("adversarial", AdversarialSettings(architecture="asapnet", batch=1, device="cpu"))
    assert not job("convert", ConvertSettings.model_construct())
    scored = {"dataset": "photos", "protocol": "set12"}
    assert job("restore", RestorationSettings(name="dncnn", **scored))
    assert not job("restore", RestorationSettings(name="baselines", **scored))
