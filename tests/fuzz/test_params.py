"""Configurations: whatever params.yaml says, it is planned safely or refused in one line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pixelwise.planning import execute, graph, staleness
from tests.fuzz import oracle
from tests.fuzz.conftest import cases
from tests.fuzz.guard import RefusedError, watched
from tests.fuzz.mutate import DATES, anything, changed, damaged, names
from tests.fuzz.sandbox import OUTPUTS, Sandbox, listing
from tests.pipeline.micro import PARAMS, ROOT

REAL = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
SAFE = re.compile(r"(data|results)(/[A-Za-z0-9][A-Za-z0-9._-]*)+")
COMMANDS = (["verify"], ["verify", "--smoke"], ["table"], ["claims"], ["data", "check", "photos"])
YAML = (
    "__use_yte__: true\n__definitions__:\n- import os\n- os.system('touch STARTED')\n",
    "profile: !!python/object/apply:os.system ['touch STARTED']\n",
    "profile: !!python/name:os.system\nprofiles: {}\n",
    "profile: micro\nprofile: other\nprofiles: {micro: {}}\n",
    "profile: &a micro\nsmoke: false\nprofiles: {micro: *a}\n",
    "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1 or str()}'] * 9)}]\n" for i in range(1, 9)),
    "profile: &a [*a]\nprofiles: {}\n",
    "? [a, b]\n: c\n",
    "profiles: !!set {a, b}\nprofile: a\n",
    "profile: !!binary aGVsbG8=\nprofiles: {}\n",
    "--- {}\n--- {}\n",
    "%YAML 9.9\n--- {}\n",
    "<<: [{}, 1]\nprofile: x\n",
    "<<: {profile: x, profiles: {x: {}}}\n",
    "profile: 2020-01-01\nprofiles: {2020-01-01: {title: x, datasets: {}, train: {}}}\n",
    "profile: 2020-99-99\n",
    "profile: 12:30:45\nprofiles: {12:30:45: {title: x, datasets: {}, train: {}}}\n",
    "profile: yes\nprofiles: {yes: {title: x, datasets: {}, train: {}}}\n",
)
"""What YAML can say beyond plain values."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return Sandbox(tmp_path_factory.mktemp("params"))


def judged(box: Sandbox, content: bytes, *command: str) -> None:
    """One configuration: refused in a line that names it, or planned into safe jobs that every step accepts."""
    box.reset()
    (box.clone / "params.yaml").write_bytes(content)
    done = oracle.call(box, *command)
    oracle.check(done, "params.yaml", "results/", "data/", "data set", "--profile", case=content)
    if command[0] == "verify" and "no outputs here" in done.line:
        planned(box, Path("params.yaml"), "--smoke" in command or None, content)


def planned(box: Sandbox, file: Path, smoke: bool | None, case: object) -> None:
    """What planning accepted has safe folders, is plain JSON, and is accepted by the step that runs it."""
    before, where = listing(box.root), "planning"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(box.clone)
        try:
            with watched(str(box.clone)):
                plan = graph.plan(file, None, smoke)
                for path in [path for job in plan.jobs for path in (job.out, job.file, *job.inputs.values())]:
                    if not SAFE.fullmatch(path):
                        oracle.fail(f"UNSAFE PATH: {path!r}\ncase: {case!r:.2000}")
                        return
                staleness.prepare(plan.jobs)
                for job in plan.jobs:
                    where = job.file
                    execute.load(Path(job.file), job.step)
        except (Exception, RefusedError) as error:
            oracle.fail(f"ACCEPTED BUT: {type(error).__name__}: {where}: {str(error)[:300]}\ncase: {case!r:.2000}")
    if changed_too := box.changed(before, OUTPUTS):
        oracle.fail(f"OUTSIDE: planning changed {changed_too}\ncase: {case!r:.2000}")


class Plain(yaml.SafeDumper):
    """Writes a value that occurs twice as often as it occurs, since an alias is refused."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def dumped(document: Any) -> bytes:
    """As YAML; values that a safe document cannot hold are left to the text cases."""
    return yaml.dump(document, Dumper=Plain, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")


@st.composite
def configurations(draw: st.DrawFn) -> Any:
    """The real configuration with another active profile, or the micro one, changed here and there."""
    if draw(st.booleans()):
        return draw(changed(PARAMS))
    profile = draw(st.sampled_from(sorted(REAL["profiles"])))
    small = {**REAL, "profile": profile, "profiles": {profile: REAL["profiles"][profile]}}
    return draw(changed(small, st.one_of(anything, st.sampled_from(DATES))))


@cases(60)
@given(configurations(), st.sampled_from(COMMANDS[:2]))
def test_changed_values(box: Sandbox, document: Any, command: list[str]) -> None:
    judged(box, dumped(document), *command)


@cases(15)
@given(configurations(), st.sampled_from(COMMANDS[2:]))
def test_other_commands(box: Sandbox, document: Any, command: list[str]) -> None:
    judged(box, dumped(document), *command)


@cases(25)
@given(
    st.sampled_from(["micro", "real"]).flatmap(
        lambda w: damaged(dumped(PARAMS).decode() if w == "micro" else REAL_TEXT)
    )
)
def test_damaged_text(box: Sandbox, content: bytes) -> None:
    judged(box, content, "verify")


@cases(40)
@given(
    names,
    st.sampled_from(
        ["profile", "dataset", "model", "protocol", "group", "checkpoint", "segmenter", "network", "option"]
    ),
)
def test_names(box: Sandbox, name: str, what: str) -> None:
    document = yaml.safe_load(dumped(PARAMS))
    micro = document["profiles"]["micro"]
    if what == "profile":
        document.update({"profile": name, "profiles": {name: micro}})
    elif what == "dataset":
        micro["datasets"][name] = micro["datasets"].pop("photos")
        for entry in (*micro["train"].values(), *micro["restore"].values()):
            entry["dataset"] = name if entry["dataset"] == "photos" else entry["dataset"]
    elif what == "model":
        micro["train"][name] = micro["train"].pop("dncnn")
        micro["time"]["denoising"]["trained"] = [name]
    elif what == "network":
        micro["networks"][name] = micro["networks"].pop("dncnn")
        micro["train"]["dncnn"]["network"] = name
        micro["time"]["denoising"] |= {"networks": [name], "trained": []}
    elif what == "protocol":
        micro["restore"][name] = micro["restore"].pop("photos") | {"protocol": "photos"}
    elif what == "group":
        micro["time"][name] = micro["time"].pop("denoising")
    elif what == "checkpoint":
        micro["checkpoints"] = {name: "x.pth"}
        micro["train"]["dncnn"] = {
            "task": "denoising",
            "dataset": "photos",
            "network": "dncnn",
            "checkpoint": name,
        }
    elif what == "segmenter":
        micro["train"][name] = micro["train"].pop("segmenter")
        micro["segment"]["segmenter"] = name
    else:
        box.reset()
        (box.clone / "params.yaml").write_bytes(dumped(document))
        oracle.check(oracle.call(box, "verify", f"--profile={name}"), "params.yaml", "--profile", case=name)
        return
    judged(box, dumped(document), "verify")


@pytest.mark.parametrize("text", YAML)
def test_what_yaml_can_say(box: Sandbox, text: str) -> None:
    judged(box, text.encode(), "verify")


REAL_TEXT = (ROOT / "params.yaml").read_text(encoding="utf-8")
