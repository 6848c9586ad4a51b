"""Timing on an emulated card: graphs, what waits, what a card cannot do, and what is kept when a later step fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pixelwise.artifacts import read_json
from pixelwise.data import semantics
from pixelwise.evaluation import card_state, scopes, timed_conditions, timing
from pixelwise.models import build, registry
from pixelwise.models.fast import engine_cuda, kernel_choice, pixelwise_triton
from pixelwise.models.fast.optimised import optimise
from pixelwise.models.network_options import for_images
from pixelwise.record import Record, read_records
from pixelwise.settings.evaluation import TimeSettings
from tests.gpu_emulated import made
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
TRANSLATORS = {"asapnet": SMALL, "spade_pix2pixhd": PIX}
TRANSLATORS |= {name: made.OPTIONS[name] for name in ("spade", "pix2pixhd_global", "pix2pixhd_local")}
DENOISERS = {"asapnet": SMALL | for_images("asapnet", 1), "dncnn": {"depth": 3, "width": 4}}
CARD = torch.device("cuda")
KNOWN = {
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


def timed_forms(name: str, module: nn.Module, precision: Any) -> Iterator[tuple[str, Any]]:
    """A network in every form that a timing runs, but the compiled one."""
    published = registry.function(name, "published")
    yield "published", published(module) if published else module
    yield "eager", module
    yield "optimised", optimise(module, precision)


def check_waits(form: str, call: Any) -> None:
    found = waits_of(call)
    assert not found, (form, found)
    assert (form == "optimised") == any(kind == "graph" for kind, _ in state.log)


@pytest.mark.parametrize("name", TRANSLATORS)
@pytest.mark.parametrize("scope", list(scopes.SCOPES))
def test_nothing_waits_inside_what_is_timed(scope, name):
    with emulated(), kernels(), torch.no_grad():
        module = build(name, **TRANSLATORS[name]).eval().to("cuda")
        drawn = scopes.draw(2, (64, 128), 35, 3, seed=1)
        for form, network in timed_forms(name, module, "tf32"):
            check_waits(form, scopes.translation_call(scope, network, drawn, 35, True, CARD))


@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize("scope", ["generator", "transfer"])
def test_nothing_waits_inside_a_timed_denoiser(scope, name):
    with emulated(), kernels(), torch.no_grad():
        module = build(name, **DENOISERS[name]).eval().to("cuda")
        drawn = scopes.draw(2, (32, 64), 35, 1, seed=1)
        for form, network in timed_forms(name, module, "tf32"):
            check_waits(form, scopes.denoising_call(scope, network, drawn, CARD))


@pytest.mark.parametrize("name", TRANSLATORS)
def test_every_timed_form_makes_the_picture_of_the_processor(name):
    torch.manual_seed(0)
    module = build(name, **TRANSLATORS[name]).eval()
    drawn = scopes.draw(2, (64, 128), 35, 3, seed=1)
    with torch.no_grad():
        expected = module(semantics(drawn.labels, drawn.instances, 35))
        with emulated(), kernels():
            for form, network in timed_forms(name, module.to("cuda"), "fp32"):
                found = scopes.translation_call("generator", network, drawn, 35, True, CARD)()
                assert (found.inner - expected).abs().max() < 1e-3, form


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


def test_the_memory_of_a_call_is_measured_before_a_graph_keeps_its_own(tmp_path, monkeypatch):
    prepare, graphs = timed_conditions.optimise, list[bool]()

    def noted(module: nn.Module, precision: Any, cuda_graph: bool) -> Any:
        graphs.append(cuda_graph)
        return prepare(module, precision, cuda_graph)

    monkeypatch.setattr(timed_conditions, "optimise", noted)
    with emulated(), kernels():
        records, _ = timed(tmp_path, modes=["optimised"])
    assert graphs == [False, True, False, True]
    assert all("peak_memory" in record.values for record in records if "/" not in record.model)
