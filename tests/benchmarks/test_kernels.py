"""The command that compiles the kernels for cards: what it chooses, and what it says where nothing fits."""

import pytest

pytest.importorskip("triton")
from benchmarks import kernels

CASES = {case.name: case for case in (*kernels.streams(), *kernels.fused())}


def test_where_no_program_fits_pytorchs_form_takes_its_place(monkeypatch):
    monkeypatch.setitem(kernels.SHARED_KIB, 75, 16)
    case = CASES["stream ieee gray tile 4"]
    lines = [line for line, good in kernels.rows(case, 75)]
    assert [line.rsplit(": ", 1)[-1] for line in lines[:-1]] == ["too much"] * len(case.programs)
    assert lines[-1].endswith("PyTorch's own form")


def test_a_kernel_that_has_no_other_form_of_program_must_fit(monkeypatch):
    monkeypatch.setitem(kernels.SHARED_KIB, 75, 0)
    assert not all(good for _, good in kernels.rows(CASES["combine"], 75))


def test_the_command(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["kernels.py", "--cards", "75", "--words", "combine,stream ieee tile 16"])
    assert kernels.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and "72.0 of 64 KiB" in lines[0] and lines[0].endswith("too much")
    assert "64.0 of 64 KiB" in lines[1] and lines[1].endswith("chosen") and "combine" in lines[2]
