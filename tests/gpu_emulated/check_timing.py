"""Timing on an emulated card: graphs, what waits, what a card cannot do, and what is kept when a later step fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import device_checks, gpu, precision_limits
from pixelwise.artifacts import read_json
from pixelwise.data import semantics
from pixelwise.evaluation import card_state, scopes, timed_conditions, timing
from pixelwise.models import build
from pixelwise.models.fast import engine_cuda, kernel_choice, pixelwise_triton
from pixelwise.models.fast.optimised import optimise
from pixelwise.record import Record, read_records
from pixelwise.settings.evaluation import TimeSettings
from tests.gpu_emulated.card import state
from tests.gpu_emulated.check_training import WAITING
from tests.gpu_emulated.machine_stubs import emulated
from tests.gpu_emulated.stand_ins import kernels

SMALL = {"tile": 16, "width": 8, "max_width": 16, "depth": 1, "mlp_width": 16}
PIX = {"width": 8, "downsamplings": 2, "blocks": 1}
MODELS = {
    "asapnet": {"architecture": "asapnet", "options": SMALL},
    "pix2pixhd": {"architecture": "spade_pix2pixhd", "options": PIX},
}
KNOWN = {
    "models/architectures/asapnet.py:exact_labels": "eager ASAP-Net looks for label ids in its one-hot input",
    "evaluation/scopes.py:transfer": "the scope is from host to host",
    "evaluation/scopes.py:paper": "the scope begins at the host",
}
"""What may make the host wait inside a timed call."""


def settings(**changes: Any) -> TimeSettings:
    given = {"name": "small", "task": "translation", "models": MODELS, "ratios": [["pix2pixhd", "asapnet"]]}
    given |= {
        "sizes": [[32, 64]],
        "warmup": 1,
        "calls": 3,
        "processes": 1,
        "device": "cuda",
        "modes": ["eager", "optimised"],
    }
    return TimeSettings(**(given | changes))


def timed(folder: Path, **changes: Any) -> tuple[list[Record], list[dict[str, Any]]]:
    out, work = folder / "out", folder / "work"
    out.mkdir(exist_ok=True)
    timing.run(settings(**changes), {}, out, work)
    return [r for r in read_records(out / "metrics.json") if r.kind == "latency"], read_json(out / "skipped.json")


@pytest.fixture(autouse=True)
def fresh():
    kernel_choice.obstacle.cache_clear()
    kernel_choice.tell.cache_clear()
    yield
    kernel_choice.obstacle.cache_clear()


def test_every_precision_is_timed_eager_and_optimised(tmp_path):
    with emulated(), kernels():
        records, skipped = timed(tmp_path, precisions=["fp32", "tf32", "bf16"])
    assert len(records) == 3 * 2 * 3 and skipped == []
    assert {r.hardware["gpu"] for r in records} == {"NVIDIA H100 80GB HBM3"}


def test_a_turing_card_runs_smaller_programs_and_says_what_it_cannot(tmp_path):
    with emulated("T4"), kernels():
        records, skipped = timed(tmp_path, precisions=["fp32", "tf32", "bf16"])
        chosen = {program for program in pixelwise_triton._chosen.values()}
    conditions = {(r.condition["precision"], r.condition["mode"]) for r in records}
    assert conditions == {("fp32", "eager"), ("fp32", "optimised")}
    assert {row["reason"] for row in skipped} == {"this GPU has no TF32 units", "this GPU has no bfloat16 units"}
    assert chosen == {pixelwise_triton.Program(32, 8)}


def test_where_no_program_fits_pytorchs_form_is_timed_and_noted(tmp_path, capsys):
    models = {"asapnet": {"architecture": "asapnet", "options": SMALL | {"tile": 32, "learned_factor": 16}}}
    with emulated("T4"), kernels():
        records, skipped = timed(tmp_path, models=models, ratios=[], sizes=[[64, 64]], modes=["optimised"])
        assert not state.log["kernel", "stream"] and state.log["kernel", "instance_norm"]
    assert len(records) == 1
    (row,) = skipped
    assert "needs more than the 64 KiB of shared memory" in row["note"] and row["model"] == "asapnet"
    assert capsys.readouterr().err.count("64 KiB") == 1


@pytest.mark.parametrize("missing", ["compiler", "headers"])
def test_without_compiler_or_headers_pytorchs_forms_are_timed(missing, tmp_path, monkeypatch):
    if missing == "compiler":
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("CC", raising=False)
    else:
        monkeypatch.setattr(kernel_choice.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    with emulated(), kernels():
        records, skipped = timed(tmp_path, modes=["optimised"])
        assert not any(kind == "kernel" for kind, _ in state.log)
    assert len(records) == 3 and {row["model"] for row in skipped} == {"asapnet", "pix2pixhd"}
    assert all(("no C compiler" in row["note"]) == (missing == "compiler") for row in skipped)


def test_a_kernel_that_the_card_refuses_costs_one_model(tmp_path, monkeypatch):
    from triton.runtime.errors import OutOfResources

    def refused(*args: Any, **kwargs: Any) -> torch.Tensor:
        raise OutOfResources(131072, 101376, "shared memory")

    with emulated(), kernels():
        monkeypatch.setattr(engine_cuda, "pixelwise_mlp_triton", refused)
        records, (row,) = timed(tmp_path)
    assert [(r.model, r.condition["mode"]) for r in records if "/" not in r.model] == [
        ("asapnet", "eager"), ("pix2pixhd", "eager"), ("pix2pixhd", "optimised")
    ]  # fmt: skip
    assert row["model"] == "asapnet" and row["reason"].startswith("OutOfResources: out of resource: shared memory")


def test_finished_conditions_outlive_an_error(tmp_path, monkeypatch):
    prepare = timed_conditions.optimise
    with emulated(), kernels():
        monkeypatch.setattr(timed_conditions, "optimise", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            timed(tmp_path)
        monkeypatch.setattr(timed_conditions, "optimise", prepare)
        kept = [read_json(file)["found"] for file in (tmp_path / "work/process-0").iterdir()]
        assert [state["mode"] for found in kept for state in found["states"]] == ["eager"]
        monkeypatch.setattr(card_state, "interleave", counted := Counted(card_state.interleave))
        records, _ = timed(tmp_path)
    assert counted.calls == [2], "the optimised forms"
    assert {r.condition["mode"] for r in records} == {"eager", "optimised"} and len(records) == 6


class Counted:
    """A function, and how many subjects it got each time."""

    def __init__(self, function: Any) -> None:
        self.function, self.calls = function, []

    def __call__(self, calls: Any, *rest: Any) -> Any:
        self.calls.append(len(calls))
        return self.function(calls, *rest)


def waits_of(call: Any) -> set[tuple[str, str]]:
    call()  # what is kept from the first call on
    state.log.clear()
    call()
    return {key for key in state.log if key[0] in WAITING and key[1] not in KNOWN}


@pytest.mark.parametrize("scope", list(scopes.SCOPES))
def test_nothing_waits_inside_what_is_timed(scope):
    with emulated(), kernels(), torch.no_grad():
        for name, options in (("asapnet", SMALL), ("spade_pix2pixhd", PIX)):
            module = build(name, **options).eval().to("cuda")
            drawn = scopes.draw(2, (32, 64), 35, 3, seed=1)
            for form in (module, optimise(module, "tf32")):
                call = scopes.translation_call(scope, form, drawn, 35, True, torch.device("cuda"))
                assert not (found := waits_of(call)), found
                assert (form is module) == (not any(kind == "graph" for kind, _ in state.log))


def test_a_graph_gives_what_the_processor_gives_for_new_inputs():
    torch.manual_seed(0)
    module = build("asapnet", **SMALL).eval()
    with torch.no_grad():
        inputs = [scopes.draw(1, (32, 64), 35, 3, seed) for seed in (1, 2)]
        edges = [torch.zeros(1, 1, 32, 64), torch.ones(1, 1, 32, 64)]
        expected = [
            module(torch.cat([semantics(drawn.labels, None, 35), edge], 1), drawn.labels)
            for drawn, edge in zip(inputs, edges, strict=True)
        ]
        with emulated(), kernels():
            fast = optimise(module.to("cuda"))
            found = [fast(d.labels.to("cuda"), e.to("cuda")).inner for d, e in zip(inputs, edges, strict=True)]
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=0)
    assert not torch.equal(*found)


def test_the_gpu_command_in_small(tmp_path, monkeypatch):
    arguments = ["--out", str(tmp_path), "--device", "cuda", "--quick", "--jobs", "0", "--seconds", "0.1"]
    arguments += ["--minutes", "60"]  # nothing is left out on a busy machine
    monkeypatch.setattr(
        "sys.argv", ["gpu.py", *arguments, "--sections", "stream,generator,denoiser", "--skip", "sweep"]
    )
    with emulated(), kernels():
        status = gpu.main()
    document = json.loads((tmp_path / "checks.json").read_text())
    assert status == 0, document
    names = {entry["check"].split()[0] for entry in document["checks"]}
    assert names == {"asapnet", "spade_pix2pixhd", "kernel", "input", "norm", "dncnn"} and not document["problems"]


def test_every_check_has_a_limit():
    with emulated(), kernels():
        checks = [
            c
            for narrow in (True, False)
            for g in device_checks.groups(torch.device("cuda"), narrow).values()
            for c in g
        ]
    assert {check.name for check in checks} <= set(precision_limits.known())


def test_a_card_with_less_shared_memory_is_not_offered_three_products(tmp_path):
    from benchmarks.subjects import Condition, streams

    def offered(card: str) -> set[str]:
        with emulated(card), kernels(), torch.no_grad():
            made = streams(Condition(32, 64, 1, torch.device("cuda")))
            return {s.precision for s in made if s.name == "pixelwise kernel"}

    assert offered("RTX 3060") == {"ieee", "tf32", "bf16"} and "tf32x3" in offered("H100")
