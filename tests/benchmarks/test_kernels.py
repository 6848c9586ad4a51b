"""The command that compiles the kernels for cards: what it chooses, and what it says where nothing fits."""

import io

import pandas as pd
import pytest

pytest.importorskip("triton")
from benchmarks import kernels

CASES = {case.name: case for case in (*kernels.streams(), *kernels.fused())}


def test_where_no_program_fits_pytorchs_form_takes_its_place(monkeypatch):
    monkeypatch.setitem(kernels.SHARED_KIB, 75, 16)
    case = CASES["stream ieee gray tile 4"]
    rows = [row for row, good in kernels.rows(case, 75)]
    assert [row.outcome for row in rows[:-1]] == ["too much"] * len(case.programs)
    assert (rows[-1].program, rows[-1].outcome) == ("PyTorch's own form", "chosen")


def test_a_kernel_that_has_no_other_form_of_program_must_fit(monkeypatch):
    monkeypatch.setitem(kernels.SHARED_KIB, 75, 0)
    assert not all(good for _, good in kernels.rows(CASES["combine"], 75))


def test_the_command(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["kernels.py", "--cards", "75", "--words", "combine,stream ieee tile 16"])
    assert kernels.main() == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert list(table.shared_kib[:2]) == [72, 64] and list(table.limit_kib) == [64] * 3
    assert list(table.outcome) == ["too much", "chosen", "chosen"] and table.kernel[2] == "combine"
