"""A disk that takes no more: one line that names the file, whichever library was writing."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from pixelwise.planning import graph
from tests.pipeline.micro import PARAMS, ROOT, fresh

WRITERS = {
    "bytes": "artifacts.write_bytes(out, bytes(200_000))",
    "torch": "import torch\nwith artifacts.atomic(out) as path: torch.save({'a': torch.zeros(50_000)}, path)",
    "safetensors": (
        "import numpy\nfrom safetensors.numpy import save_file\n"
        "with artifacts.atomic(out) as path: save_file({'a': numpy.zeros(50_000)}, path)"
    ),
    "numpy": "import numpy\nwith artifacts.atomic(out) as path: numpy.save(path.open('wb'), numpy.zeros(50_000))",
    "pillow": (
        "import os\nfrom PIL import Image\n"
        "with artifacts.atomic(out) as path: Image.frombytes('L', (500, 500), os.urandom(250_000)).save(path)"
    ),
    "tifffile": (
        "import numpy, tifffile\nwith artifacts.atomic(out) as path: tifffile.imwrite(path, numpy.zeros((500, 500)))"
    ),
    "pandas": (
        "import pandas\nwith artifacts.atomic(out) as path: pandas.DataFrame({'a': range(50_000)}).to_csv(path)"
    ),
    "append": "from pixelwise.files.disk import append\nappend(out, 'x' * 200_000)",
}
SUFFIX = {"pillow": ".png", "tifffile": ".tif", "numpy": ".npy"}
LIMIT = 50_000


def limited(size: int = LIMIT) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.slow
@pytest.mark.parametrize("writer", WRITERS)
def test_every_writer_names_the_file(writer: str, tmp_path: Path) -> None:
    name = f"made/out{SUFFIX.get(writer, '.bin')}"
    body = "\n    ".join(f"out = Path({name!r})\n{WRITERS[writer]}".split("\n"))
    code = f"from pathlib import Path\nfrom pixelwise import artifacts, net\ndef command():\n    {body}\n"
    (tmp_path / "made").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code + "net.run(command)"],
        cwd=tmp_path,
        env=environment,
        preexec_fn=limited,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (2, f"pixelwise: error: {name}: File too large\n")
    assert writer == "append" or list((tmp_path / "made").iterdir()) == []


def test_an_error_of_the_writer_itself_stays_what_it_is(tmp_path: Path) -> None:
    from pixelwise.artifacts import atomic

    with pytest.raises(ValueError, match="ours"), atomic(tmp_path / "out") as path:
        path.write_bytes(b"x")
        raise ValueError("ours")
    with pytest.raises(FileNotFoundError) as caught, atomic(tmp_path / "out"):
        (tmp_path / "absent").read_bytes()
    assert caught.value.filename == str(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_planning_on_a_full_disk_is_one_line(tmp_path: Path) -> None:
    clone = fresh(tmp_path / "clone")
    files = {job.file: {"job": job.description()} for job in graph.plan_of(PARAMS).jobs}
    largest = max(len(json.dumps(content, indent=1, ensure_ascii=False)) for content in files.values())
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["snakemake", "-n", "all"],
        cwd=clone.folder,
        env={**os.environ, "PYTHONPATH": "", "PATH": path},
        preexec_fn=lambda: limited(largest),  # one byte too few, for the newline
        capture_output=True,
        text=True,
    )
    said = [line for line in done.stderr.splitlines() if line.startswith("pixelwise: error: ")]
    assert done.returncode == 2, done.stderr
    assert len(said) == 1 and said[0].endswith(".json: File too large"), done.stderr
    assert said[0].startswith("pixelwise: error: results/micro/jobs/") and "Traceback" not in done.stderr
    written = {path.relative_to(clone.folder).as_posix() for path in (clone.folder / "results").rglob("*.json")}
    assert written < set(files) and said[0].split(": ")[2] not in written
