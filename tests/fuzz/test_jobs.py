"""Job files and manifests: a step runs a job inside its own folders, or refuses the file in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelwise import artifacts
from tests.fuzz import oracle
from tests.fuzz.conftest import cases
from tests.fuzz.mutate import NAMES, changed, damaged, json_text
from tests.fuzz.sandbox import Sandbox

JOBS = "results/micro/jobs"
QUICK = (
    *("fetch/photos", "prepare/photos", "prepare/streets", "summarise", "restore/photos/dncnn/seed0"),
    *(
        "generate/streets/asapnet/seed0",
        "segment/streets/asapnet/seed0",
        "train/photos/dncnn/seed0",
    ),
    *("fid/streets/real/seed0", "time/denoising", "judge", "figures", "report", "inspect/dncnn"),
)
"""Jobs of the micro run whose files are changed."""
PLACES = (
    *(
        "../beside",
        "../../beside",
        "../home",
        "../clone/mine",
        "mine",
        "mine/new",
        ".",
        "",
        "./",
        "results",
        "results/micro",
    ),
    *(
        "results/micro/jobs",
        "data",
        "logs",
        "work",
        "results/../mine",
        "results/micro/../../mine",
        "results/micro/link",
    ),
    *("results/micro/inspect/../../../mine", "/", "//", "~", "$HOME", "results/other/x", "results/micro/\0", "src"),
    *("results/micro/train", "data/micro", "data/micro/photos", "results/micro//inspect", "results/./micro/inspect/"),
)
"""Where a job's output must not be written, whatever its file says."""
KEYS = ("out", "id", "kind", "modules", "code", "inputs", "settings")


@pytest.fixture(scope="module")
def box(finished: Sandbox) -> Sandbox:
    return finished


def step_of(document: Any) -> str:
    """The subcommand that a job file is meant for, as far as it says."""
    from pixelwise.planning.jobs import KINDS

    job = document.get("job") if isinstance(document, dict) else None
    kind = job.get("kind") if isinstance(job, dict) else None
    return KINDS[kind].step if isinstance(kind, str) and kind in KINDS else "fetch"


def run(box: Sandbox, name: str, content: bytes, step: str, case: object) -> None:
    """One job file under its step; what may change is the folder of that very job."""
    own = {"fetch": "data/micro", "prepare": "data/micro", "weights": "data/micro"}.get(step, f"results/micro/{step}")
    own = {"summarise": "results/micro/summary", "judge": "results/micro/claims"}.get(step, own)
    path = box.clone / JOBS / f"{name}.json"
    path.write_bytes(content)
    allowed = (own, "work", "logs")
    done = oracle.call(box, step, f"{JOBS}/{name}.json", allowed=allowed)
    oracle.check(done, f"{name}.json", *_inputs(content), case=case)
    if done.status == 0:
        out = Path(json.loads(content)["job"]["out"])
        if problems := artifacts.verify_manifest(box.clone / out / "manifest.json"):
            oracle.fail(f"NOT AS MADE: {problems[:2]}\ncase: {case!r:.1500}")


def _inputs(content: bytes) -> list[str]:
    try:
        return [str(folder) for folder in json.loads(content)["job"]["inputs"].values() if folder]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []


def original(box: Sandbox, name: str) -> Any:
    """A job file as planning wrote it."""
    return json.loads((box.kept / "clone" / JOBS / f"{name}.json").read_text())


@cases(20)
@given(st.sampled_from(QUICK), st.data())
def test_changed_values(box: Sandbox, name: str, data: st.DataObject) -> None:
    box.reset()
    document = data.draw(changed(original(box, name)))
    text = json_text(document).encode()
    run(box, name, text, step_of(document), {"job": name, "differs": different(original(box, name), document)})


@cases(10)
@given(st.sampled_from(QUICK), st.data())
def test_damaged_text(box: Sandbox, name: str, data: st.DataObject) -> None:
    box.reset()
    content = data.draw(damaged((box.kept / "clone" / JOBS / f"{name}.json").read_text()))
    run(box, name, content, step_of(original(box, name)), (name, content[:300]))


@pytest.mark.parametrize("place", PLACES)
def test_outputs_elsewhere(box: Sandbox, place: str) -> None:
    for absolute in (False, True):
        box.reset()
        (box.clone / "results/micro/link").symlink_to(box.beside)
        document = original(box, "fetch/photos")
        document["job"]["out"] = str(box.clone / place) if absolute and not place.startswith("/") else place
        run(box, "fetch/photos", json_text(document).encode(), "fetch", document["job"]["out"])


@pytest.mark.parametrize(
    "link", ["data/micro/photos/raw", "data/micro/photos", "data/micro", "work/data/micro", "logs", "work"]
)
def test_links_in_the_way(box: Sandbox, link: str) -> None:
    """A folder on the way to the output that leads elsewhere is not followed."""
    box.reset()
    path = box.clone / link
    Sandbox._remove(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(box.beside)
    done = oracle.call(box, "fetch", f"{JOBS}/fetch/photos.json", allowed=("data/micro", "work", "logs"))
    oracle.check(done, link, "fetch/photos", "data/micro/photos", case=link)


@cases(15)
@given(st.sampled_from(KEYS), st.sampled_from(NAMES), st.sampled_from(["value", "list", "key", "item"]))
def test_names_in_a_job(box: Sandbox, key: str, name: str, how: str) -> None:
    box.reset()
    document = original(box, "prepare/photos")
    value: Any = {"value": name, "list": [name], "key": {name: "data/micro/photos/raw"}, "item": {"raw": name}}[how]
    document["job"][key] = value
    run(box, "prepare/photos", json_text(document).encode(), "prepare", (key, value))


@cases(10)
@given(st.sampled_from(["prepare/photos", "restore/photos/dncnn/seed0", "summarise"]), st.data())
def test_manifests_of_inputs(box: Sandbox, name: str, data: st.DataObject) -> None:
    box.reset()
    folder = data.draw(st.sampled_from(sorted(original(box, name)["job"]["inputs"].values())))
    path = box.clone / folder / "manifest.json"
    text = path.read_text()
    new = (
        json_text(data.draw(changed(json.loads(text)))).encode()
        if data.draw(st.booleans())
        else data.draw(damaged(text))
    )
    path.write_bytes(new)
    run(
        box,
        name,
        (box.clone / JOBS / f"{name}.json").read_bytes(),
        step_of(original(box, name)),
        (name, folder, new[:200]),
    )


def different(old: Any, new: Any, place: str = "") -> list[str]:
    """Places at which two documents differ, with the new value."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted({*map(str, old), *map(str, new)})
        return [line for key in keys for line in different(old.get(key), new.get(key), f"{place}.{key}")]
    return [] if old == new and type(old) is type(new) else [f"{place} = {new!r:.200}"]
