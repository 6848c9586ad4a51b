"""What both tools refuse before anything is written, and clones in odd places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.pipeline.micro import Clone


def listing(folder: Path) -> dict[str, bytes]:
    """Every file, those of Snakemake, Git and the interpreter apart."""
    files = (path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {
        name: content
        for name, content in found.items()
        if not {".snakemake", ".git", "__pycache__"} & set(name.split("/"))
    }


def test_nothing_is_run_or_written(new_clone: Callable[[str], Clone], tmp_path: Path) -> None:
    clone = new_clone("clone")
    before = listing(tmp_path)
    refused = clone.snakemake("-n", "all", "--config", "profile=../../x", check=False)
    assert refused.returncode == 2 and "pixelwise: error: params.yaml: profile: a name is" in refused.stderr
    assert "Traceback" not in refused.stderr
    refused = clone.snakemake("-n", "all", "--config", "defaults=5", check=False)
    assert refused.returncode == 2 and "--config defaults: only profile, smoke, environment" in refused.stderr
    assert listing(tmp_path) == before
    params = clone.folder / "params.yaml"
    template = "__use_yte__: true\n__definitions__:\n  - import pathlib; pathlib.Path('x').touch()\n"
    params.write_text(template + params.read_text())
    refused = clone.snakemake("-n", "all", check=False)
    assert refused.returncode == 2 and "__use_yte__: no such parameter" in refused.stderr
    assert not (clone.folder / "x").exists()


def test_linked_results_are_refused_by_both_tools(new_clone: Callable[[str], Clone], tmp_path: Path) -> None:
    clone = new_clone("clone")
    (tmp_path / "disk").mkdir()
    (clone.folder / "results").symlink_to(tmp_path / "disk")
    for command in (["snakemake", "--cores", "1", "all"], ["dvc", "repro"]):
        refused = clone.run(*command, check=False)
        assert refused.returncode != 0
        assert f"results: a link to {tmp_path}/disk; nothing is written through links" in refused.stderr
    assert not list((tmp_path / "disk").iterdir())


def test_a_clone_in_an_odd_folder_plans(new_clone: Callable[[str], Clone]) -> None:
    clone = new_clone("a b$(touch x){run}} #ü'\"`touch x`;&")
    planned = clone.snakemake("-n", "all")
    assert "This was a dry-run" in planned.stdout + planned.stderr
    assert [path.name for path in (clone.folder / "results" / "micro").iterdir()] == ["jobs"]
