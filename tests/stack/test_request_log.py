from __future__ import annotations

import json
from pathlib import Path

import pytest

from stack.__main__ import COMMANDS
from stack.directory import RunDirectory
from stack.errors import StackError, WrongArgument

TRACE, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    """The logs of a request to coocook that asked platform and caused a job of sns; and of another one."""
    directory = RunDirectory(tmp_path)
    directory.create()
    write(directory.log("coocook-api"), ("02", "r1", TRACE, "asks platform"), ("04", "r1", TRACE, "request"))
    write(directory.log("coocook-api").with_suffix(".log.1"), ("01", "r1", TRACE, "begins"))
    write(
        directory.log("platform-api"),
        ("03", "r1", TRACE, "answers"),
        ("03", "r2", OTHER, "names r1 in passing"),
    )
    write(directory.log("sns-worker-2"), ("05", "job-7", TRACE, "posts"), ("06", "job-8", OTHER, "posts too"))
    with directory.log("platform-api").open("a") as log:
        log.write("Traceback of r1: no JSON\n[1, 2]\n")
    return directory


def write(log: Path, *lines: tuple[str, str, str, str]) -> None:
    entries = [
        {"time": f"2026-11-30T10:00:{second}Z", "message": message, "request_id": request, "trace_id": trace}
        for second, request, trace, message in lines
    ]
    log.write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def shown(directory: RunDirectory, capsys: pytest.CaptureFixture[str], **said: str) -> list[tuple[str, str]]:
    """Parts and messages."""
    COMMANDS["logs"](directory, said)
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    return [(part, json.loads(text)["message"]) for part, text in lines]


WHOLE = [
    ("coocook-api", "begins"), ("coocook-api", "asks platform"), ("platform-api", "answers"),
    ("coocook-api", "request"), ("sns-worker-2", "posts"),
]  # fmt: skip


@pytest.mark.parametrize("wanted", ["r1", TRACE, "job-7"])
def test_a_request_is_followed_through_all_services_in_time_order(
    directory: RunDirectory, capsys: pytest.CaptureFixture[str], wanted: str
) -> None:
    assert shown(directory, capsys, REQUEST=wanted) == WHOLE


def test_a_service_s_own_part_of_a_request_can_be_asked_for(
    directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(directory, capsys, REQUEST="r1", SERVICE="sns") == [("sns-worker-2", "posts")]


def test_a_request_that_nobody_knows_is_an_error(directory: RunDirectory) -> None:
    with pytest.raises(StackError, match="no line of r3 in "):
        COMMANDS["logs"](directory, {"REQUEST": "r3"})


@pytest.mark.parametrize(
    "said", [{"REQUEST": "a b"}, {"REQUEST": "x" * 129}, {"REQUEST": "r1", "FOLLOW": "1"}]
)
def test_what_is_no_id_is_refused(directory: RunDirectory, said: dict[str, str]) -> None:
    with pytest.raises(WrongArgument):
        COMMANDS["logs"](directory, said)


def test_requests_without_a_trace_are_not_taken_for_one(
    directory: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    write(directory.log("ai-api"), ("07", "r5", "0" * 32, "one"), ("08", "r6", "0" * 32, "another"))
    assert shown(directory, capsys, REQUEST="r5") == [("ai-api", "one")]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({}, "no Prometheus runs here"),
        ({"ADDRESS": "http://127.0.0.1:1"}, "no Prometheus answers at http://127.0.0.1:1"),
        ({"ADDRESS": "localhost"}, "ADDRESS=localhost: needed is an address"),
        ({"ADDRESS": "http://127.0.0.1:1", "WINDOW": "week"}, "WINDOW=week: allowed is"),
    ],
)
def test_make_slo_says_where_it_looked(tmp_path: Path, said: dict[str, str], error: str) -> None:
    with pytest.raises(StackError, match=error):
        COMMANDS["slo"](RunDirectory(tmp_path), said)
