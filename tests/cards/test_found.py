from __future__ import annotations

import time

import pytest

from pixelwise.cards import builds, found, smi
from pixelwise.cards.builds import Installed
from tests.cards.machine import CARD, OLD
from tests.cards.machine import smi as program

CU13, CPU = Installed("2.11.0+cu130", "13.0"), Installed("2.11.0+cpu", None)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Returns a function that gives this machine cards; without a call it has no nvidia-smi."""
    monkeypatch.delenv(found.VISIBLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "none"))

    def give(cards, **options):
        monkeypatch.setenv("PATH", program(tmp_path / "bin", cards, **options))

    return give


@pytest.fixture
def dev(tmp_path):
    """A folder of device files; returns a function that adds some."""

    def make(*names):
        (tmp_path / "dev").mkdir(exist_ok=True)
        for name in names:
            (tmp_path / "dev" / name).touch()
        return tmp_path / "dev"

    return make


def test_what_nvidia_smi_says(machine, dev):
    machine(
        [CARD, CARD | {"index": "1", "uuid": "GPU-bbbb", "memory.total": "[N/A]", "memory.free": "[Not Supported]"}]
    )
    first, second = found.cards(dev())
    assert (first.name, first.driver, first.capability) == ("NVIDIA H200", "580.65", (9, 0))
    assert first.memory == 143771 * 2**20 and first.free == 143000 * 2**20
    assert second.memory is None and second.free is None and second.uuid == "GPU-bbbb"


def test_the_version_of_a_driver_is_text(machine, dev):
    machine([OLD])
    assert found.cards(dev())[0].driver == "560.70"


def test_an_old_driver_knows_no_capability(machine, dev):
    machine([OLD | {"driver_version": "460.1"}], refused=("compute_cap",))
    (card,) = found.cards(dev())
    assert card.capability is None and card.driver == "460.1"
    assert "driver 460.1 is too old" in builds.problem([card], CU13)


def test_a_hung_program_is_given_up(machine, dev, monkeypatch):
    machine([CARD], hang=True)
    monkeypatch.setattr(smi, "PATIENCE", 0.3)
    start = time.monotonic()
    assert [card.name for card in found.cards(dev("nvidia1"))] == ["graphics card 1"]
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("nvidia0",), 1),
        (("nvidia1", "nvidiactl", "nvidia-uvm"), 1),
        (("nvidia0", "nvidia10"), 2),
        (("nvidiactl",), 0),
        (("dxg",), 1),
    ],
)
def test_cards_are_found_by_their_files(machine, dev, names, wanted):
    folder = dev(*names)
    assert len(found.cards(folder)) == found.count(folder) == wanted


@pytest.mark.parametrize(
    ("visible", "wanted"),
    [("", []), ("-1", []), ("1", [1]), ("1,0", [1, 0]), ("0,-1,1", [0]), ("GPU-bb", [1]), ("none", []), ("7", [])],
)
def test_only_what_cuda_is_offered_counts(machine, dev, monkeypatch, visible, wanted):
    machine([CARD, CARD | {"index": "1", "uuid": "GPU-bbbb"}])
    monkeypatch.setenv(found.VISIBLE, visible)
    folder = dev("nvidia0", "nvidia1")
    assert [card.index for card in found.cards(folder)] == wanted
    assert found.count(folder) == (1 if visible == "7" else len(wanted))


def test_the_driver_of_the_kernel(tmp_path):
    file = tmp_path / "version"
    file.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n")
    assert found.driver(file) == "535.183.01" and found.driver(tmp_path / "none") is None
    file.write_text("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build\n")
    assert found.driver(file) == "580.65.06"


def card(name="card", driver="580.65", capability=(9, 0)):
    return found.Card(0, name, "GPU-aaaa", driver, capability)


@pytest.mark.parametrize(
    ("cards", "torch", "said"),
    [
        ([card()], CU13, None),
        ([], CU13, None),
        ([card(driver=None, capability=None)], CU13, None),
        ([card("GTX 1080 Ti", "580.65", (6, 1))], CU13, "sm_61.*needs sm_75; install another build: .*cu126"),
        ([card("GTX 1080 Ti", "560.70", (6, 1))], CU13, "560.70 is too old.*needs 580; install another build: .*cu126"),
        ([card("A100", "550.1", (8, 0))], CU13, "too old.*cu128.*torch=="),
        ([card("A100", "470.1", (8, 0))], CU13, "470.1 is too old.*update the driver to 525 or newer"),
        ([card("K80", "470.1", (3, 7))], CU13, "no build of this PyTorch has code for it"),
        ([card()], CPU, "built without CUDA; install another build: .*cu130"),
        ([card("GTX", "580.65", (6, 1)), card()], CU13, None),
    ],
)
def test_why_pytorch_cannot_use_a_card(cards, torch, said):
    line = builds.problem(cards, torch)
    if said is None:
        assert line is None
    else:
        import re

        assert re.search(said, line) and "\n" not in line


def test_the_installed_build_is_read_without_pytorch():
    import torch

    assert builds.installed() == Installed(torch.__version__, torch.version.cuda)
    line = builds.install("cu126")
    assert f"torch=={torch.__version__.partition('+')[0]}" in line and "--torch-backend=cu126" in line
