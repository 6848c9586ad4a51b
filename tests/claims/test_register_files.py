"""The register is a folder of files by subject, read together."""

from __future__ import annotations

import shutil

import pytest
import yaml

from pixelwise.claims.claim_schema import register
from pixelwise.claims.register_files import LISTED, REGISTER, read
from pixelwise.errors import PixelwiseError
from pixelwise.reporting import published


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(REGISTER, tmp_path / "register")


def test_there_is_a_file_for_each_subject():
    names = {path.stem for path in REGISTER.glob("*.yaml")}
    assert {"speed", "quality", "denoising", "architecture", "recipes", "data"} <= names
    document, origin = read()
    assert len(origin) == len(document["sources"]) + len(document["datasets"]) + sum(len(document[s]) for s in LISTED)
    assert origin["S-SPD-3"] == "speed.yaml"


def test_a_new_claim_is_one_new_entry_in_one_file(folder):
    entry = next(e for e in read()[0]["claims"] if e["id"] == "S-HW-1")
    entry = {**entry, "id": "X-NEW-1", "paraphrase": "a new statement"}
    del entry["quote"], entry["fragment"]
    (folder / "mine.yaml").write_text(yaml.safe_dump({"claims": [entry]}))
    assert register(folder).claim("X-NEW-1").words == "a new statement"
    assert len(register(folder).claims) == len(register().claims) + 1


def test_a_new_plotted_value_is_in_the_figures(folder):
    entry = {"id": "X-NEW-2", "paraphrase": "plotted: 9 ms", "quantity": "inference time", "value": 9.0, "unit": "ms"}
    entry |= {"model": "new", "setting": {"height": 256, "width": 256}, "source": "P1v", "place": "figure"}
    (folder / "mine.yaml").write_text(yaml.safe_dump({"readings": [entry]}))
    assert published.load(folder)["claim"].eq("X-NEW-2").sum() == 1
    assert len(published.load(folder)) == len(published.load()) + 1


def test_ids_are_unique_over_all_files(folder):
    text = (folder / "speed.yaml").read_text()
    (folder / "zz.yaml").write_text(text)
    with pytest.raises(
        PixelwiseError, match=r"^zz\.yaml: id 'S-SPD-1' occurs twice; it stands in speed\.yaml already$"
    ):
        register(folder)
    (folder / "zz.yaml").write_text(yaml.safe_dump({"readings": [{"id": "S-SPD-1"}]}))
    with pytest.raises(PixelwiseError, match="id 'S-SPD-1' occurs twice"):
        register(folder)
    (folder / "zz.yaml").write_text(yaml.safe_dump({"sources": {"S1": {}}}))
    with pytest.raises(PixelwiseError, match=r"id 'S1' occurs twice; it stands in sources\.yaml already"):
        register(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("claims: [", "zz.yaml: not readable as YAML"),
        ("- 1", "zz.yaml: list; a mapping of sections is needed"),
        ("wishes: []", "zz.yaml: section 'wishes'; allowed are sources, datasets, claims"),
        ("claims: {a: 1}", "zz.yaml: claims: dict; a list is needed"),
        ("claims: [{quantity: x}]", "zz.yaml: claims: an entry without an id"),
        ("claims: [{id: X-1}, {id: X-1}]", "zz.yaml: id 'X-1' occurs twice"),
        ("claims: [{id: X-1, colour: red}]", "register/zz.yaml: claims.X-1"),
    ],
)
def test_a_wrong_file_is_one_line_that_names_it(folder, text, message):
    (folder / "zz.yaml").write_text(text)
    with pytest.raises(PixelwiseError) as error:
        register(folder)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_an_empty_folder_is_one_line(tmp_path):
    with pytest.raises(PixelwiseError, match="no YAML file"):
        register(tmp_path)
