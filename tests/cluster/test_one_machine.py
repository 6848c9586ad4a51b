"""What the script does without a Slurm."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).with_name("one_machine.sh")


def call(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PIXELWISE_CLUSTER": str(folder)}
    return subprocess.run([SCRIPT, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_down_removes_only_what_up_wrote(tmp_path: Path) -> None:
    for name in ("state", "spool", "log", "munge"):
        (tmp_path / name).mkdir()
    for name in ("slurm.conf", "gres.conf", "mine.txt"):
        (tmp_path / name).touch()
    assert call("down", folder=tmp_path).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "mine.txt").unlink()
    for _ in range(2):  # the second time there is nothing left
        assert call("down", folder=tmp_path).returncode == 0 and not tmp_path.exists()


def test_anything_else_is_refused(tmp_path: Path) -> None:
    done = call("sideways", folder=tmp_path)
    assert done.returncode == 2 and "up|down" in done.stderr
