"""Random sequences of what people do to a run, with the truth checked after each step.

    python -m tests.pipeline.sequences 200 [FIRST_SEED] [FOLDER]

After every step: an output that planning calls valid has the bytes that a run from nothing gives for the present
settings; `verify` names just the outputs that differ from their manifests; nothing is damaged but on purpose.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, assume, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.pipeline.cut import DVC, ENTRY, PARAMS, SNAKEMAKE, Place, Tree, clone, tree, wanted
from tests.pipeline.forks import Server, at_work

BUSY = ("is being worked on by", "is busy", "Unable to acquire lock", "cannot be locked", "held by another process")
WHEN = {"now": 0.0, "long ago": -86400.0, "tomorrow": 86400.0}
tools = st.sampled_from([SNAKEMAKE, DVC])
choices = st.integers(0, 10**6)


class World:
    """What all sequences share: the server, a place in which everything has run, and reference bytes."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server, self.count = folder, server, Counter[str]()
        self.nothing = clone(folder / "nothing", self.server)
        self.done = self.copy(self.nothing, "done")
        for command in (SNAKEMAKE, DVC):
            status, output = self.done.go(*command)
            assert status == 0, output
        self.done.commit("ran")
        self.references: dict[str, Tree] = {}
        self._keep(self.done)

    def copy(self, place: Place, name: str) -> Place:
        shutil.rmtree(self.folder / name, ignore_errors=True)
        return Place(place.copy(self.folder / name).folder, self.server)

    def _keep(self, place: Place) -> None:
        for out, causes in wanted(place.read()).items():
            found = tree(place.folder / out)
            assert self.references.setdefault(causes, found) == found, f"{out}: two runs from nothing differ"

    def reference(self, params: dict[str, Any], causes: str) -> Tree:
        """Bytes of an output in a run from nothing."""
        if causes not in self.references:
            place = self.copy(self.nothing, "reference")
            place.write(params)
            status, output = place.go(*SNAKEMAKE)
            assert status == 0, output
            self._keep(place)
            self.count["references"] += 1
        return self.references[causes]


class Sequence(RuleBasedStateMachine):
    """One sequence; each rule is one thing that somebody does."""

    world: World

    @initialize(variety=st.integers(0, 99))
    def begin(self, variety: int) -> None:
        assume(variety)  # the simplest example, always the first, is the same thing six times
        self.place = self.world.copy(self.world.done, "work")
        self.damaged: set[str] = set()
        self.trace: list[str] = []
        self.world.count["begun"] += 1

    # What somebody does.

    @rule(value=st.sampled_from([0.001, 0.01]))
    def edit_a_training(self, value: float) -> None:
        self._edit(f"learning rate {value}", lambda profile: self._first(profile).update(learning_rate=value))

    @rule(value=st.sampled_from([25, 50]))
    def edit_a_score(self, value: int) -> None:
        self._edit(f"sigma {value}", lambda profile: profile["restore"]["photos"].update(sigmas=[value]))

    @rule(value=st.sampled_from([1, 2]))
    def edit_the_data(self, value: int) -> None:
        self._edit(f"val {value}", lambda profile: profile["datasets"]["photos"].update(val=value))

    @rule()
    def add_an_entry(self) -> None:
        self._edit("add second", lambda profile: profile["train"].update(second={**ENTRY, "steps": 1}))

    @rule()
    def remove_an_entry(self) -> None:
        self._edit("remove", lambda profile: len(profile["train"]) > 1 and profile["train"].popitem())

    @rule()
    def rename_an_entry(self) -> None:
        def rename(profile: dict[str, Any]) -> None:
            name, entry = profile["train"].popitem()
            profile["train"]["renamed" if name != "renamed" else "dncnn"] = entry

        self._edit("rename", rename)

    @rule()
    def revert(self) -> None:
        self._say("revert")
        self.place.write(PARAMS)
        self._check()

    @rule(name=st.sampled_from(["a", "b"]))
    def switch(self, name: str) -> None:
        self._say(f"switch to {name}")
        self.place.write({**self.place.read(), "profile": name})
        self._check()

    @rule(choice=choices, when=st.sampled_from(sorted(WHEN)))
    def touch(self, choice: int, when: str) -> None:
        files = [*self._outputs(), self.place.folder / "params.yaml", self.place.folder / "Snakefile"]
        files += sorted(self.place.folder.glob("results/*/jobs/**/*.json"))
        files += sorted(self.place.folder.glob("src/pixelwise/evaluation/*.py"))
        file = files[choice % len(files)]
        self._say(f"touch {file.relative_to(self.place.folder)} {when}")
        os.utime(file, (time.time() + WHEN[when],) * 2)
        self._check()

    @rule(choice=choices, up=st.integers(0, 3))
    def delete(self, choice: int, up: int) -> None:
        files = self._outputs()
        if not files:
            return
        target = files[choice % len(files)]
        for _ in range(up):
            target = target.parent if target.parent.parent != self.place.folder else target
        self._say(f"delete {target.relative_to(self.place.folder)}")
        self.damaged |= {str(path.relative_to(self.place.folder)) for path in files if path.is_relative_to(target)}
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        self._check()

    @rule(what=st.sampled_from(["work", "logs", ".snakemake", "results/a/jobs", ".dvc/tmp"]))
    def delete_what_is_not_tracked(self, what: str) -> None:
        self._say(f"delete {what}")
        shutil.rmtree(self.place.folder / what, ignore_errors=True)
        self._check()

    @rule(choice=choices, where=choices)
    def corrupt(self, choice: int, where: int) -> None:
        files = self._outputs()
        if not files:
            return
        file = files[choice % len(files)]
        content = bytearray(file.read_bytes())
        if not content:
            return
        content[where % len(content)] ^= 1 << where % 7
        name = file.relative_to(self.place.folder)
        self._say(f"corrupt byte {where % len(content)} of {name}")
        when = file.stat().st_mtime_ns
        file.write_bytes(content)
        if where % 2:
            os.utime(file, ns=(when, when))
        self.damaged.add(str(name))
        self._check()

    @rule(command=tools)
    def run(self, command: tuple[str, ...]) -> None:
        self._say(" ".join(command[:2]))
        self._run(command)
        self._check()

    @rule(command=tools, whom=st.sampled_from(["orchestrator", "group", "job"]), later=st.floats(0, 0.4))
    def kill(self, command: tuple[str, ...], whom: str, later: float) -> None:
        self._say(f"kill {whom} of {command[0]} after {later:.2f} s")
        running = self.place.start(*command)
        end = time.monotonic() + 120
        while not (found := at_work(self.place.folder, "pixelwise")) and time.monotonic() < end:
            if running.ended():
                break
            time.sleep(0.02)
        time.sleep(later)
        try:
            if whom == "group":
                os.killpg(running.pid, signal.SIGKILL)
            elif whom == "orchestrator":
                os.kill(running.pid, signal.SIGKILL)
            elif found:
                os.kill(found[0], signal.SIGKILL)
        except ProcessLookupError:
            pass
        running.wait()
        if whom == "orchestrator" and at_work(self.place.folder, "pixelwise", "snakemake"):
            self.world.count["runs beside what outlived its orchestrator"] += 1
            self._both([SNAKEMAKE], must=False)
        self._quiet()
        self._unlock()
        self._mend_record()
        self._check()

    @rule(first=tools, second=tools, later=st.floats(0, 3))
    def two_at_once(self, first: tuple[str, ...], second: tuple[str, ...], later: float) -> None:
        self._say(f"{first[0]} and {second[0]} after {later:.1f} s")
        self._both([first, second], later, must=not self.damaged)
        self._check()

    @rule()
    def checkout(self) -> None:
        self._say("dvc checkout")
        status, output = self.place.go("dvc", "checkout", "-f")
        assert status == 0 or "No file hash info found" in output or "missing" in output, output
        self._check()

    @rule()
    def gc(self) -> None:
        self._say("dvc gc")
        status, output = self.place.go("dvc", "gc", "-w", "-f")
        assert status == 0, output
        self._check()

    @rule(value=st.sampled_from([0.001, 0.01]))
    def experiment(self, value: float) -> None:
        self._say(f"dvc exp run -S learning_rate={value}")
        params = self.place.read()
        name = next(iter(params["profiles"][params["profile"]]["train"]))
        option = f"profiles.{params['profile']}.train.{name}.learning_rate={value}"
        self._run(("dvc", "exp", "run", "-S", option, "evaluate"))
        self._check()

    def teardown(self) -> None:
        """The way back: what is damaged is deleted, and either tool makes a whole run."""
        if not hasattr(self, "place") or sys.exc_info()[0] is not None:
            return
        self.world.count["sequences"] += 1
        command, other = (SNAKEMAKE, DVC) if self.world.count["sequences"] % 2 else (DVC, SNAKEMAKE)
        self._say(f"mend, {command[0]}, {other[0]}")
        outs, _, _ = self.place.planned()
        for out in outs:
            if (self.place.folder / out / "manifest.json").is_file() and self._damage(out):
                (self.place.folder / out / "manifest.json").unlink()
        self.damaged.clear()
        self._run(command)
        self._check(whole=True)
        before = len(self.place.log())
        self._run(other)
        assert len(self.place.log()) == before, f"{other[0]} ran {self.place.log()[before:]} after {command[0]}"
        self._check(whole=True)
        status, output = self.place.go("pixelwise", "verify")
        assert status == 0, output
        status, output = self.place.go("dvc", "status", "evaluate")
        assert "up to date" in output, output

    # What is then true.

    def _check(self, whole: bool = False) -> None:
        outs, valid, lines = self.place.planned()
        params = self.place.read()
        causes = wanted(params)
        assert outs == set(causes), outs ^ set(causes)
        made = {out for out in outs if (self.place.folder / out / "manifest.json").is_file()}
        wrong = {out: self._damage(out) for out in made}
        for out in made:
            assert bool(wrong[out]) == any(f"{out}/" in line for line in lines), (out, wrong[out], lines)
        for out in valid:
            assert wrong[out] <= self.damaged, f"damaged, and not on purpose: {wrong[out] - self.damaged}"
            if not wrong[out] and f"{out}/manifest.json" not in self.damaged:
                assert tree(self.place.folder / out) == self.world.reference(params, causes[out]), f"{out}: stale"
        if whole:
            assert valid == outs, f"not made: {outs - valid}"
            assert not any(wrong.values()), wrong

    def _damage(self, out: str) -> set[str]:
        try:
            return self.place.damage(out)
        except (ValueError, KeyError, AttributeError):
            return {f"{out}/manifest.json"}

    def _run(self, command: tuple[str, ...]) -> None:
        outs, valid, _ = self.place.planned()
        before = len(self.place.log())
        status, output = self.place.go(*command)
        if status:
            assert any(name in output for name in self.damaged), f"{command}: {status}\n{output[-6000:]}"
            self._unlock()
            return
        ran = self.place.log()[before:]
        self.world.count["jobs"] += len(ran)
        if "-S" not in command and not self.damaged:
            assert bool(ran) == (valid != outs), f"{command} ran {ran}; not valid were {outs - valid}"
        outs, valid, _ = self.place.planned()
        assert valid == outs, f"{command} ended well without {outs - valid}"
        if command[0] == "dvc":
            wrong = {name for out in outs for name in self._damage(out)}
            assert not wrong, f"recorded although damaged: {wrong}"

    def _both(self, commands: list[tuple[str, ...]], later: float = 0, must: bool = True) -> None:
        running = []
        for command in commands:
            running.append(self.place.start(*command))
            time.sleep(later)
        ended = [one.wait() for one in running]
        for status, output in ended:
            assert not status or any(word in output for word in BUSY) or any(name in output for name in self.damaged), (
                output
            )
            self.world.count["refused" if status else "not refused"] += 1
        assert not must or any(not status for status, _ in ended), ended
        self._quiet()

    def _quiet(self) -> None:
        end = time.monotonic() + 120
        while found := at_work(self.place.folder, "pixelwise", "snakemake", "dvc"):
            assert time.monotonic() < end, found
            time.sleep(0.05)

    def _unlock(self) -> None:
        if any((self.place.folder / ".snakemake/locks").glob("*")):
            status, output = self.place.go("snakemake", "--unlock")
            assert status == 0, output

    def _mend_record(self) -> None:
        """DVC writes dvc.lock in place, so a kill may leave a part of it, which DVC then refuses: Git has it whole."""
        try:
            whole = set(yaml.safe_load((self.place.folder / "dvc.lock").read_text())) == {"schema", "stages"}
        except (TypeError, yaml.YAMLError):
            whole = False
        if not whole:
            self.world.count["dvc.lock cut short by a kill"] += 1
            self.place.run("git", "checkout", "-q", "dvc.lock")

    def _edit(self, what: str, change: Any) -> None:
        self._say(what)
        params = copy.deepcopy(self.place.read())
        change(params["profiles"][params["profile"]])
        self.place.write(params)
        self._check()

    @staticmethod
    def _first(profile: dict[str, Any]) -> dict[str, Any]:
        return next(iter(profile["train"].values()))

    def _outputs(self) -> list[Path]:
        return [
            self.place.folder / out / name
            for out in sorted(wanted(self.place.read()))
            for name in tree(self.place.folder / out)
        ]

    def _say(self, what: str) -> None:
        self.trace.append(what)
        self.world.count[f"operation {what.split()[0]}"] += 1
        (self.world.folder / "trace").write_text("\n".join(self.trace))


def play(world: World, number: int, sequences: int, steps: int) -> None:
    """Play some sequences; the same number gives the same ones."""
    machine = seed(number)(type("Sequence", (Sequence,), {"world": world}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=sequences,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def main(sequences: int, first: int = 0, folder: str | None = None) -> None:
    """Play sequences, a few for each seed, go on after a failure, and count."""
    place = Path(folder or tempfile.mkdtemp())
    world = World(place, Server(place / "server"))
    failed: list[int] = []
    number = first
    while world.count["begun"] < sequences:
        try:
            play(world, number, 5, 6)
        except Exception as error:
            failed.append(number)
            causes = [error, *getattr(error, "exceptions", ())]
            print(
                *(f"{number}: {cause}" for cause in causes), (world.folder / "trace").read_text(), sep="\n", flush=True
            )
        print(json.dumps({"seed": number, "failed": failed, **world.count}), flush=True)
        number += 1
    world.server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(int, sys.argv[2:3]), *sys.argv[3:4])
