"""Commands that write where the user says: no input and no other file is lost, and new files obey the umask."""

from __future__ import annotations

import os
import resource
import stat
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pixelwise.artifacts import write_json, write_text
from pixelwise.cli import app
from pixelwise.errors import PixelwiseError
from pixelwise.files import outputs
from pixelwise.models import build, checkpoint

LABELS = {"num_labels": 5, "tile": 8, "learned_factor": 8, "width": 8, "max_width": 16, "depth": 1, "mlp_width": 8}
DENOISER = {"channels": 1, "depth": 3, "width": 4}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A picture, a label map, a denoiser, a generator and a denoiser's weights as others release them."""
    folder = tmp_path_factory.mktemp("made")
    torch.manual_seed(0)
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(folder / "in.png")
    Image.fromarray(np.zeros((16, 40), np.uint8)).save(folder / "labels.png")
    denoiser = build("dncnn", **DENOISER)
    checkpoint.save(folder / "denoiser.safetensors", denoiser, "dncnn", DENOISER)
    options = LABELS | {"instance_edge": False}
    checkpoint.save(folder / "generator.safetensors", build("asapnet", **options), "asapnet", options)
    return folder


@pytest.fixture
def here(made, tmp_path, monkeypatch):
    for path in made.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


COMMANDS = {
    "denoise": (["denoise", "in.png"], ["--checkpoint", "denoiser.safetensors"], ["in.png", "denoiser.safetensors"]),
    "translate": (["translate", "labels.png"], ["--checkpoint", "generator.safetensors"], ["labels.png"]),
    "convert": (["convert", "denoiser.safetensors"], ["--model", "dncnn"], ["denoiser.safetensors"]),
}


def run(command, out, *more):
    """Run a command as the command line does, with `out` as its output."""
    first, options, _ = COMMANDS[command]
    place = ["--out", str(out)] if command == "convert" else [str(out)]
    return app([*first, *place, *options, *more], standalone_mode=False)


def snapshot(folder):
    return {p.name: (p.is_symlink(), p.read_bytes()) for p in folder.rglob("*") if p.is_file() and not p.is_fifo()}


def refused(here, command, out, match, *more):
    before = snapshot(here)
    with pytest.raises(PixelwiseError, match=match) as caught:
        run(command, out, *more)
    assert "\n" not in str(caught.value) and snapshot(here) == before


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_an_input_is_never_replaced_by_whatever_name(here, command, force):
    (here / "sub").mkdir()
    (here / "again").symlink_to(here, target_is_directory=True)
    for name in COMMANDS[command][2]:
        os.link(name, f"hard-{name}")
        os.symlink(name, f"soft-{name}")
        for spelled in (name, here / name, f"sub/../{name}", f"again/{name}", f"hard-{name}"):
            refused(here, command, spelled, "is the input .*, which is never replaced", *force)
        refused(here, command, f"soft-{name}", "a link to ", *force)


def test_convert_without_out_never_writes_over_its_input(here):
    before = snapshot(here)
    with pytest.raises(PixelwiseError, match=r"denoiser\.safetensors: is the input"):
        app(["convert", "denoiser.safetensors", "--model", "dncnn"], standalone_mode=False)
    assert snapshot(here) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_another_file_is_replaced_with_force_only(here, command):
    out = here / "old.png"
    out.write_bytes(b"dear")
    refused(here, command, out, r"old\.png: exists; --force replaces it")
    if command == "convert":  # reads a file of its own format only where it is an official one
        return
    run(command, out, "--force")
    assert Image.open(out).size == ((8, 8) if command == "denoise" else (40, 16))
    assert not [path for path in here.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_what_is_no_file_is_refused(here, command, force):
    (here / "folder.png").mkdir()
    os.mkfifo(here / "pipe.png")
    (here / "dead.png").symlink_to("nowhere.png")
    refused(here, command, "folder.png", r"folder\.png: a folder; name the file to write", *force)
    refused(here, command, "pipe.png", r"pipe\.png: a device, pipe or socket", *force)
    refused(here, command, "dead.png", r"dead\.png: a link to nowhere\.png; name the file itself", *force)
    refused(here, command, "/dev/null", "/dev/null: a device", *force)
    refused(here, command, "missing/out.png", "missing: no such folder", *force)
    refused(here, command, "in.png/out.png", r"in\.png: not a folder", *force)


@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_lost_when_writing_fails(here, force):
    out = here / "old.png"
    if force:
        out.write_bytes(b"dear")
    before, limits = snapshot(here), resource.getrlimit(resource.RLIMIT_FSIZE)
    Image.effect_noise((200, 200), 50).save("large.png")
    before |= {"large.png": (False, (here / "large.png").read_bytes())}
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            app(
                ["denoise", "large.png", "old.png", "--checkpoint", "denoiser.safetensors", *["--force"] * force],
                standalone_mode=False,
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert snapshot(here) == before


def test_a_file_that_appears_meanwhile_is_kept(tmp_path):
    out = tmp_path / "out.txt"
    with pytest.raises(PixelwiseError, match=r"out\.txt: exists"), outputs.written(out, [], False) as temporary:
        temporary.write_text("ours")
        out.write_text("theirs")
    assert out.read_text() == "theirs" and list(tmp_path.iterdir()) == [out]


def test_without_hard_links_a_new_file_is_still_written(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)  # as on FAT
    out = tmp_path / "out.txt"
    with outputs.written(out, [], False) as temporary:
        temporary.write_text("ours")
    assert out.read_text() == "ours" and list(tmp_path.iterdir()) == [out]
    with pytest.raises(PixelwiseError, match="exists"), outputs.written(tmp_path / "b", [], False) as temporary:
        (tmp_path / "b").write_text("theirs")
    assert (tmp_path / "b").read_text() == "theirs"


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664), (0o027, 0o640)])
def test_new_files_obey_the_umask(here, umask, mode):
    old = os.umask(umask)
    try:
        run("denoise", "out.png")
        run("denoise", "out.tif")
        write_json(here / "a.json", {})
        write_text(here / "in.png", "replaced")
        checkpoint.save(here / "m.safetensors", build("dncnn", **DENOISER), "dncnn", DENOISER)
    finally:
        os.umask(old)
    for name in ("out.png", "out.tif", "a.json", "in.png", "m.safetensors"):
        assert stat.S_IMODE((here / name).stat().st_mode) == mode, name


def test_readme_refuses_what_it_cannot_rewrite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("latin.md").write_bytes(b"caf\xe9")
    Path("link.md").symlink_to("latin.md")
    for name, line in (("latin.md", "byte 3 is not UTF-8"), ("link.md", "a link to"), ("none.md", "no such file")):
        with pytest.raises(PixelwiseError, match=rf"{name}: {line}"):
            app(["readme", name], standalone_mode=False)
    Path("dos.md").write_bytes(b"a\r\nb\r\n")
    app(["readme", "dos.md"], standalone_mode=False)
    assert Path("dos.md").read_bytes() == b"a\r\nb\r\n"
