"""The map in ARCHITECTURE.md is true: what it names exists, and it names every folder that there is."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.docs.markdown import ROOT

TEXT = (ROOT / "ARCHITECTURE.md").read_text()


def _rows(heading: str) -> list[str]:
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


def _folders(path: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", path or "."], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    names = {name.removeprefix(path).split("/")[0] for name in listed if "/" in name.removeprefix(path)}
    return {name for name in names if not name.startswith((".", "_"))}


CHANGES = [
    (row, path) for row in _rows("Where to change what") for path in re.findall(r"`([\w.-]+/[\w./-]+)`", row)
]


@pytest.mark.parametrize(("row", "path"), CHANGES, ids=[path for _, path in CHANGES])
def test_what_is_to_be_changed_is_where_the_table_says(row: str, path: str) -> None:
    assert (ROOT / path).exists()
    for name in re.findall(rf"`{re.escape(path)}` \(`([A-Z_]+)`\)", row):
        assert f"{name}: Final" in (ROOT / path).read_text()


def test_the_map_names_every_folder() -> None:
    named = {
        name for row in _rows("Where things are") for name in re.findall(r"`([\w.-]+)/`", row.split("|")[1])
    }

    assert _folders("") <= named


def test_the_map_names_every_folder_of_tests() -> None:
    (row,) = [row for row in _rows("Where things are") if row.startswith("| `tests/`")]

    assert _folders("tests/") == set(re.findall(r"`(\w+)`", row.split("|")[2]))


def test_the_glossary_is_short() -> None:
    assert 10 < len(_rows("Glossary")) <= 30


def test_the_readme_and_the_architecture_share_no_diagram() -> None:
    def drawings(text: str) -> set[str]:
        return set(re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL))

    assert not drawings(TEXT) & drawings((ROOT / "README.md").read_text())
