"""A recorded run as a Workflow Run RO-Crate: what ran, in which order, on what, with the hash of every file.

All is read from the record: its run log, manifests and files; the same record gives the same bytes. The profile is
Provenance Run Crate 0.5, which stands on RO-Crate 1.1:
https://www.researchobject.org/workflow-run-crate/profiles/0.5/provenance_run_crate/
"""

from __future__ import annotations

import datetime
import mimetypes
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from pixelwise.artifacts import MANIFEST, files_below, read_manifest, sha256, write_json
from pixelwise.claims import ledger
from pixelwise.errors import PixelwiseError
from pixelwise.files import run_log
from pixelwise.files.run_log import LogLine
from pixelwise.planning.jobs import KINDS, RUN_LOG

NAME = "ro-crate-metadata.json"
WORKFLOW = "Snakefile"
BASE = "https://w3id.org/ro/crate/1.1"
PROFILES = {
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
}
BIOSCHEMAS = "https://bioschemas.org/profiles/{}/1.0-RELEASE"
TERMS = {name: f"https://w3id.org/ro/terms/workflow-run#{name}" for name in ("resourceUsage", "sha256")}
"""Terms of the profile that RO-Crate 1.1 lacks."""
DONE = "http://schema.org/CompletedActionStatus"
FORMS = {
    ".csv": "text/csv",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".smk": "text/plain",
    "": "text/plain",
}
"""Suffix -> media type, where systems differ."""


def write(folder: Path, run: str, date: str = "") -> Path:
    """Describe a record in its `ro-crate-metadata.json`.

    Args:
        folder: The record, with the workflow that made it.
        run: Name of the run.
        date: Day of its making, such as `2026-03-28`; that of its commit if not given, or today without a commit.

    Returns:
        The description.

    Raises:
        PixelwiseError: If the workflow is missing, its commit is not in this clone, or the run log or a manifest is
            damaged.
    """
    if not (folder / RUN_LOG.name).is_file():
        raise PixelwiseError(f"{folder}: no record of a run (it has no {RUN_LOG.name})")
    if not (folder / WORKFLOW).is_file():
        raise PixelwiseError(f"{folder / WORKFLOW}: missing; a record holds the workflow that made it")
    write_json(folder / NAME, _Description(folder, run).document(date or _day(folder / ledger.COMMIT)))
    return folder / NAME


def _day(file: Path) -> str:
    """Day of the commit that a file names, or today without one."""
    words = ledger.commit_in(file).split()
    if not words:
        return datetime.date.today().isoformat()
    shown = subprocess.run(["git", "show", "-s", "--format=%cs", words[0]], capture_output=True, text=True, check=False)
    if shown.returncode:
        raise PixelwiseError(f"{file}: commit {words[0][:80]} is not in this clone; fetch it")
    return shown.stdout.strip()


def _set(entity: Any, name: str, values: list[Any]) -> None:
    """Set a property to what it refers to: to nothing else than the one, if it is one."""
    if values:
        entity[name] = values if values[1:] else values[0]


class _Description:
    """The graph of one record, entity by entity."""

    def __init__(self, folder: Path, run: str) -> None:
        from rocrate.model.contextentity import ContextEntity
        from rocrate.rocrate import ROCrate

        self.folder, self.context_entity = folder, ContextEntity
        self.crate: Any = ROCrate(version="1.1")
        self.crate.metadata.extra_terms = TERMS
        self.run, self.files, self.needs = run, dict[str, Any](), dict[str, dict[str, Any]]()
        self.version = ledger.commit_in(folder / ledger.COMMIT) or metadata.version("pixelwise")

    def add(self, key: str, kind: str, **values: Any) -> Any:
        """The entity with this `@id`, made at the first call."""
        known = self.crate.dereference(key)
        return known or self.crate.add(self.context_entity(self.crate, key, {"@type": kind, **values}))

    def document(self, date: str) -> dict[str, Any]:
        """The content of `ro-crate-metadata.json`."""
        for path in sorted({*files_below(self.folder), *self.folder.rglob(MANIFEST)} - {self.folder / NAME}):
            self._file(path)
        actions = [self._job(line) for line in self._log()]
        run = self._workflow(actions)
        self._root(date, [run, *actions])
        found: dict[str, Any] = self.crate.metadata.generate()
        return found

    def _file(self, path: Path) -> None:
        name = path.relative_to(self.folder).as_posix()
        form = FORMS.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        facts = {"name": name, "contentSize": str(path.stat().st_size), "sha256": sha256(path), "encodingFormat": form}
        kinds = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"] if name == WORKFLOW else "File"
        self.files[name] = self.crate.add_file(path, name, properties={"@type": kinds, **facts})

    def _log(self) -> list[LogLine]:
        """The last good end of each job, in the order of time."""
        lines, problems = run_log.read(self.folder / RUN_LOG.name)
        problems += [
            f"{RUN_LOG.name}: {x.job}: kind {x.kind!r}; allowed: {', '.join(KINDS)}"
            for x in lines
            if x.kind not in KINDS
        ]
        if problems:
            raise PixelwiseError(problems[0])
        last = {line.job: line for line in lines if line.status == "done"}
        return [line for line in lines if line is last.get(line.job)]

    def _job(self, line: LogLine) -> Any:
        """One job: its tool and step, what it read, what the record keeps of what it wrote, and the time it took."""
        step, name = KINDS[line.kind].step, line.job
        root, _, *inner = line.out.split("/")
        manifest = self.folder.joinpath(*inner, MANIFEST)
        made = read_manifest(manifest) if root == "results" and manifest.is_file() else None
        tool = self.add(
            f"#pixelwise-{step}", "SoftwareApplication", name=f"pixelwise {step}", softwareVersion=self.version
        )
        rule = self.add(f"#step-{step}", "HowToStep", name=step, workExample={"@id": tool.id})
        action = self.add(f"#{name}", "CreateAction", name=name)
        action["description"] = f"pixelwise {step} results/{self.run}/jobs/{name}.json"
        action["instrument"], action["actionStatus"] = tool, DONE
        if made is not None:
            needs = self.needs.setdefault(step, {})
            needs |= {name: self._package(name, version) for name, version in made["job"].get("packages", {}).items()}
            _set(tool, "softwareRequirements", [needs[name] for name in sorted(needs)])
            _set(action, "object", [self._output(*entry) for entry in sorted(made["inputs"].items())])
        below = "/".join([*inner, ""])
        kept = [entity for path, entity in self.files.items() if path.startswith(below)] if made is not None else []
        _set(action, "result", kept or [self._output(line.out)])
        action["resourceUsage"] = self.add(
            f"#seconds-{name}",
            "PropertyValue",
            name="wall-clock time",
            propertyID="https://schema.org/duration",
            value=str(line.seconds),
            unitCode="SEC",
        )
        control = self.add(f"#control-{name}", "ControlAction", name=f"Snakemake runs {name}")
        control["instrument"], control["object"] = rule, action
        return action

    def _package(self, name: str, version: str) -> Any:
        url = f"https://pypi.org/project/{name}/{version.partition('+')[0]}/"
        return self.add(url, "SoftwareApplication", name=name, softwareVersion=version, url=url)

    def _output(self, folder: str, digest: str = "") -> Any:
        """Outputs of a job: their manifest, or a word for what the record does not keep, with its manifest's hash."""
        root, _, *inner = folder.split("/")
        kept = self.files.get("/".join([*inner, MANIFEST])) if root == "results" else None
        entity = kept or self.add(f"#{folder}", "CreativeWork", name=folder, description="Not kept in this record.")
        if kept is None and digest:
            entity["sha256"] = digest
            entity["description"] = "Not kept in this record; sha256 is that of its manifest."
        return entity

    def _workflow(self, actions: list[Any]) -> Any:
        """The whole run: the workflow with its parameter, and what it ended with."""
        workflow = self.files[WORKFLOW]
        of_type = {
            kind: [e for e in self.crate.get_entities() if e.type == kind] for kind in ("HowToStep", "ControlAction")
        }
        tools = [self.crate.dereference(step["workExample"].id) for step in of_type["HowToStep"]]
        profile = self.add("#profile", "PropertyValue", name="profile", value=self.run)
        parameter = self.add("#parameter-profile", "FormalParameter", name="profile", additionalType="Text")
        parameter["workExample"], profile["exampleOfWork"] = profile, parameter
        parameter["conformsTo"] = {"@id": BIOSCHEMAS.format("FormalParameter")}
        language = self.add(
            "https://w3id.org/workflowhub/workflow-ro-crate#snakemake",
            "ComputerLanguage",
            name="Snakemake",
            url={"@id": "https://snakemake.github.io"},
        )
        workflow["name"], workflow["version"] = "pixelwise: data, training, timing, evaluation, report", self.version
        workflow["programmingLanguage"], workflow["input"] = language, parameter
        workflow["conformsTo"] = {"@id": BIOSCHEMAS.format("ComputationalWorkflow")}
        workflow["hasPart"], workflow["step"] = tools, of_type["HowToStep"]
        run = self.add("#run", "CreateAction", name=f"make reproduce PROFILE={self.run}")
        run["description"] = f"snakemake --cores all all --config profile={self.run} smoke=false"
        run["instrument"], run["object"] = workflow, profile
        run["actionStatus"] = DONE
        run["result"] = [self.files[f"{name}/{MANIFEST}"] for name in ("summary", "claims", "figures", "report")]
        engine = self.add("https://snakemake.github.io", "SoftwareApplication", name="Snakemake")
        engine["url"] = "https://snakemake.github.io"
        order = self.add("#snakemake", "OrganizeAction", name="Snakemake runs the workflow")
        order["instrument"], order["object"], order["result"] = engine, of_type["ControlAction"], run
        return run

    def _root(self, date: str, mentions: list[Any]) -> None:
        """The record as a whole."""
        about, root = metadata.metadata("pixelwise"), self.crate.root_dataset
        descriptor = self.crate.metadata
        descriptor["conformsTo"] = [{"@id": BASE}, {"@id": next(iter(PROFILES))}]
        licence = self.add(f"https://spdx.org/licenses/{about['License-Expression']}", "CreativeWork")
        licence["name"] = about["License-Expression"]
        root["name"] = f"pixelwise: recorded run {self.run}"
        root["description"] = f"{about['Summary']} Numbers, figures, page and manifests of one run."
        root["datePublished"], root["license"] = date, licence
        root["author"] = self.add("#authors", "Organization", name=about["Author"])
        root["conformsTo"] = [
            self.add(uri, "CreativeWork", name=name, version=uri.rpartition("/")[2]) for uri, name in PROFILES.items()
        ]
        root["mainEntity"], root["mentions"] = self.files[WORKFLOW], mentions
