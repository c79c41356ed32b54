"""The changelog has the form of Keep a Changelog: versions from the newest on, known sections, one line an entry."""

from __future__ import annotations

import re

from tests.docs.markdown import ROOT

TEXT = (ROOT / "CHANGELOG.md").read_text()
VERSION = re.compile(r"^## \[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_it_begins_with_what_is_not_released() -> None:
    headings = re.findall(r"^## .*$", TEXT, re.MULTILINE)

    assert headings[0] == "## [Unreleased]"
    assert len(VERSION.findall(TEXT)) == len(headings) - 1


def test_versions_and_dates_go_from_the_newest_to_the_oldest() -> None:
    found = VERSION.findall(TEXT)
    versions = [tuple(map(int, version[:3])) for version in found]
    dates = [version[3] for version in found]

    assert versions == sorted(set(versions), reverse=True)
    assert dates == sorted(dates, reverse=True)


def test_each_version_has_the_known_sections_in_their_order() -> None:
    for part in TEXT.split("\n## ")[1:]:
        kinds = re.findall(r"^### (.*)$", part, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds], part.splitlines()[0]


def test_an_entry_is_one_line() -> None:
    entries = TEXT.partition("## [Unreleased]")[2].splitlines()

    assert [line for line in entries if line and not line.startswith(("- ", "## [", "### "))] == []
