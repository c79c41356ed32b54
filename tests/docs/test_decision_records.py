"""Each decision record has the same form, and the index lists it as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT

FOLDER = ROOT / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "Alternatives", "Measurements", "Consequences"]
HEAD = re.compile(
    r"# (?P<number>\d{4}) (?P<title>.+)\n\n"
    r"- Status: (?P<status>accepted|superseded by (?P<successor>\d{4}))\n"
    r"- Date: (?P<date>\d{4}-\d{2}-\d{2})\n"
)

each_record = pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)


def _head(record: Path) -> re.Match[str]:
    head = HEAD.match(record.read_text())
    assert head is not None, "a record begins with its number and title, its status and its date"
    return head


@each_record
def test_a_record_has_its_number_a_status_and_a_date(record: Path) -> None:
    assert record.name.startswith(f"{_head(record)['number']}-")


@each_record
def test_a_record_has_its_sections_in_their_order(record: Path) -> None:
    sections = re.findall(r"^## (.+)$", record.read_text(), re.MULTILINE)

    assert sections == [name for name in SECTIONS if name in sections]
    assert set(SECTIONS) - set(sections) <= {"Measurements"}


@each_record
def test_a_superseded_record_names_one_that_exists(record: Path) -> None:
    successor = _head(record)["successor"]

    assert successor is None or list(FOLDER.glob(f"{successor}-*.md"))


def test_the_index_lists_every_record_as_it_is() -> None:
    lines = [line for line in (FOLDER / "README.md").read_text().splitlines() if line.startswith("| [")]
    heads = [(record.name, _head(record)) for record in RECORDS]

    assert lines == [
        f"| [{head['number']}]({name}) | {head['title']} | {head['status']} | {head['date']} |"
        for name, head in heads
    ]


def test_no_two_records_have_one_number() -> None:
    numbers = [record.name[:4] for record in RECORDS]

    assert len(numbers) == len(set(numbers))


def test_code_that_names_a_record_names_one_that_exists() -> None:
    named = {
        number
        for folder in (
            "services",
            "shared",
            "gateway",
            "monitoring",
            "stack",
            "tests",
            "testing",
            "fakes",
            "containers",
            "k8s",
        )
        for path in (ROOT / folder).rglob("*.py")
        for number in re.findall(r"decisions/(\d{4})", path.read_text())
    }

    assert named <= {record.name[:4] for record in RECORDS}
