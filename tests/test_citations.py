"""What is cited is there: documents, headings, files, and the words that the register quotes of our own documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pixelwise.claims.register_files import read

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs/reference"
CODE = {name: sorted((ROOT / name).rglob("*.py")) for name in ("src", "tests", "benchmarks")}
CONFIGURATION = [
    *(ROOT / name for name in ("Snakefile", "Makefile", "dvc.yaml", "params.yaml", "pyproject.toml", ".ci/run")),
    *sorted((ROOT / "workflow").rglob("*.smk")),
    *sorted((ROOT / "profiles").rglob("*.yaml")),
]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

DOCUMENT = re.compile(r"(?<![\w/.-])(?:[\w.-]+/)*[\w.-]+\.md\b")
PLACE = re.compile(r"(?<![\w/.-])(?:src|docs|tests|workflow)/[\w/-]+\.(?:py|ya?ml|md|smk)\b")
HEADED = re.compile(r'(docs/[\w/-]+\.md)`?, ("[^"]+"(?:(?:,| and|, and) "[^"]+")*)')
HEADLESS = re.compile(r'docs/reference/(?:models|protocols|sources)\.md(?!`?,\s+")')
NUMBERED = re.compile(r"(?<![a-z])[Ss]ections? [0-9IVX]+\b")
PUBLIC = re.compile(r"arXiv|CVPR|ICLR|NIPS|RFC|report")
"""Before a numbered section: a document that anybody can find."""


def joined(text: str) -> str:
    """Text on one line, without the marks of comments."""
    return re.sub(r"\s*\n\s*(?:# ?)?", " ", text)


def prose(text: str) -> str:
    """Comments and texts in three quotation marks of a Python file, each on one line."""
    rest = re.sub(r'""".*?"""', "", text, flags=re.DOTALL)
    blocks = re.findall(r"(?:^[^#\n]*#[^\n]*\n)+", rest, re.MULTILINE)
    comments = ["\n".join("#" + line.split("#", 1)[1] for line in block.splitlines()) for block in blocks]
    return "\n".join(map(joined, re.findall(r'"""(.*?)"""', text, re.DOTALL) + comments))


def headings(path: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)


def section(path: Path, heading: str) -> str:
    """Text below a heading, up to the next one."""
    return re.split(r"^#+ ", path.read_text().split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def cited(text: str) -> list[tuple[str, str]]:
    """(document, heading) of every citation of the form `docs/reference/models.md, "DRN network" and "Losses"`."""
    return [
        (document, heading)
        for document, names in HEADED.findall(joined(text))
        for heading in re.findall(r'"([^"]+)"', names)
    ]


def absent(text: str, folder: Path) -> Iterator[str]:
    """What a text names and the repository does not hold: documents, files, headings."""
    for name in DOCUMENT.findall(text) + PLACE.findall(text):
        if not (ROOT / name).is_file() and not (folder / name).is_file():
            yield name
    for document, heading in cited(text):
        if (ROOT / document).is_file() and heading not in headings(ROOT / document):
            yield f"{document}, {heading!r}"


def unclear(text: str) -> Iterator[str]:
    """Citations from which nobody finds the place."""
    yield from HEADLESS.findall(text)
    for found in NUMBERED.finditer(text):
        if not PUBLIC.search(text[max(0, found.start() - 120) : found.start()]):
            yield found[0]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("x = 1  # models.md 2.1\n", ["models.md"]),
        ('"""As in claims.md, section 8."""', ["claims.md", "section 8"]),
        (
            '"""See docs/reference/models.md,\n"Losses" and\n"No such thing"."""',
            ["docs/reference/models.md, 'No such thing'"],
        ),
        ("# docs/reference/protocols.md says so.\n", ["docs/reference/protocols.md"]),
        ("# As src/pixelwise/nothing.py does.\n", ["src/pixelwise/nothing.py"]),
        ('# See docs/reference/models.md, "DRN\n# network"; arXiv 1608.03981, section 3.\n', []),
        ('x = "1"  # models.md\n', ["models.md"]),
        ('open("models.md")\n', []),
    ],
)
def test_a_wrong_citation_is_found(text: str, faults: list[str]) -> None:
    said = prose(text)
    assert [*absent(said, ROOT), *unclear(said)] == faults


@pytest.mark.parametrize("folder", CODE)
def test_code_cites_what_is_here(folder: str) -> None:
    assert CODE[folder]
    faults = {}
    for path in CODE[folder]:
        text = path.read_text()
        said = prose(text)
        named = text if folder == "src" else said  # what a test names may be its own
        if path != Path(__file__) and (found := [*absent(named, path.parent), *unclear(said)]):
            faults[path.relative_to(ROOT).as_posix()] = found
    assert not faults


@pytest.mark.parametrize("path", CONFIGURATION + DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_documents_cite_what_is_here(path: Path) -> None:
    assert not list(absent(path.read_text(), path.parent))


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("*.md")), ids=lambda path: path.name)
def test_the_reference_can_be_cited_and_read(path: Path) -> None:
    names = headings(path)
    assert len(names) > 10
    assert len(set(names)) == len(names)
    assert max(map(len, path.read_text().splitlines())) <= 130


def in_a_row(words: str, text: str) -> bool:
    """Whether words such as "noisy input: 24.6" are a row of a table, named "noisy input", with the number 24.6."""
    parts = re.fullmatch(r"(.*?)(?:: | = )(-?[\d.]+)", words)
    if parts is None:
        return False
    label, number = parts.groups()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if label in line]
    return any(float(number) == float(cell) for row in rows for cell in row if re.fullmatch(r"-?\d+(\.\d+)?", cell))


def test_the_register_quotes_our_own_documents() -> None:
    """A value of our own that cites a section has its words from there, or its row and number."""
    own = [entry for entry in read()[0]["references"] if entry["source"] == "K"]
    assert not [claim["id"] for claim in own if NUMBERED.search(claim["place"])]
    quoted = [(claim, place) for claim in own for place in cited(claim["place"])]
    assert len(quoted) > 40
    for claim, (document, heading) in quoted:
        text = section(ROOT / document, heading)
        assert claim["paraphrase"] in joined(text) or in_a_row(claim["paraphrase"], text), claim["id"]


def test_fragments_of_the_report_are_short_quotations() -> None:
    found = yaml.load((REFERENCE / "report_fragments.yaml").read_text(), yaml.CSafeLoader)
    words = [words for place in found["fragments"].values() for words in place]
    assert found["source"] == "S1"
    assert len(set(words)) > 30
    assert all(len(text.split()) <= 20 for text in words)
