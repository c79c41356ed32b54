"""The commands of `python -m tests.contract.promises`, on snapshots of a test's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stack.services import NAMES
from tests.contract.promises.__main__ import main
from tests.contract.promises.snapshots import breaks, event_breaks, promised, read


def edit(directory: Path, change: Any) -> None:
    """Let coocook's snapshot have been another one."""
    file = directory / "coocook.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    assert main(["write", "--directory", str(tmp_path)]) == 0
    return tmp_path


def a_removed_endpoint(content: Any) -> None:
    content["openapi"]["paths"]["/api/coocook/tips"] = {"get": {"responses": {"200": {}}}}


SENTENCE = "coocook: GET /api/coocook/tips: was removed"


def test_every_service_promises_its_endpoints_and_its_events() -> None:
    for service in NAMES:
        promise = promised(service)
        assert promise.openapi["paths"]
        assert promise.events
        assert promise.text() == promised(service).text()


def test_what_was_just_written_is_kept(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--directory", str(directory)]) == 0
    assert "what was promised is kept" in capsys.readouterr().out


def test_an_addition_has_to_be_written_down(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(directory, lambda content: content["openapi"]["paths"].pop("/api/coocook/chefs"))
    assert main(["check", "--directory", str(directory)]) == 1
    assert "coocook.json: out of date; `make snapshots`" in capsys.readouterr().out
    assert main(["write", "--directory", str(directory)]) == 0
    assert main(["check", "--directory", str(directory)]) == 0


def test_a_break_is_refused_by_both_commands(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(directory, a_removed_endpoint)
    before = (directory / "coocook.json").read_text()
    for command in ("check", "write"):
        assert main([command, "--directory", str(directory)]) == 1
        assert SENTENCE in capsys.readouterr().out
    assert (directory / "coocook.json").read_text() == before


def test_a_break_that_somebody_answers_for_passes(directory: Path) -> None:
    edit(directory, a_removed_endpoint)
    (directory / "accepted.txt").write_text(f"# Breaks\n{SENTENCE} # nobody ever called it\n")
    assert main(["write", "--directory", str(directory)]) == 0


def test_a_commit_that_git_does_not_know_is_wrong(directory: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["check", "--directory", str(directory), "--base", "no-such-commit"])


def test_the_snapshots_of_another_commit_count_too(directory: Path) -> None:
    assert main(["check", "--directory", str(directory), "--base", "HEAD"]) == 0


def test_an_event_s_fields_stay_while_its_version_does() -> None:
    old = promised("coocook")
    changed = read("coocook", old.text())
    schema = changed.events["chef.rated 1"]
    del schema["properties"]["rating"]
    schema["required"].remove("rating")
    assert breaks(old, changed) == ["coocook: event chef.rated 1.rating: was removed"]
    assert breaks(changed, old) == []


def test_a_version_of_an_event_stays_while_it_may_be_read() -> None:
    schema = {"type": "object", "properties": {}}
    assert event_breaks({"a.b 1": schema}, {"a.b 2": schema}) == ["event a.b 1: was removed"]
    assert event_breaks({"a.b 1": schema}, {"a.b 1": schema, "a.b 2": schema}) == []
