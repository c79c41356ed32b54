"""What is asked for wrongly, or of a stack that does not run, is answered before anything is started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from stack import commands
from stack.directory import RunDirectory
from stack.errors import StackError, WrongArgument
from tests.conftest import ROOT


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"ARGS": "jobs held"}, "SERVICE= is missing: one of platform, coocook"),
        ({"SERVICE": "snx", "ARGS": "jobs held"}, "SERVICE=snx: allowed are platform, coocook"),
        ({"SERVICE": "sns"}, "ARGS= is missing"),
        ({"SERVICE": "sns", "ARGS": " "}, "ARGS= is missing"),
        ({"SERVICE": "sns", "ARGS": "posts 'failed"}, "No closing quotation"),
    ],
)
def test_a_command_that_is_not_named_well(
    directory: RunDirectory, said: Mapping[str, str], answer: str
) -> None:
    with pytest.raises(WrongArgument, match=answer):
        commands.execute(directory, said)


def test_a_command_needs_the_running_stack(directory: RunDirectory) -> None:
    with pytest.raises(StackError, match="`make up`"):
        commands.execute(directory, {"SERVICE": "sns", "ARGS": "jobs held"})


@pytest.mark.parametrize(("command", "status"), [("status", 0), ("logs", -signal.SIGPIPE)])
def test_what_only_shows_something_ends_quietly_when_nobody_reads_on(
    directory: RunDirectory, command: str, status: int
) -> None:
    directory.log("postgres").parent.mkdir()
    directory.log("postgres").write_text("a line\n")
    result = unread(directory, command)
    assert (result.returncode, result.stderr) == (status, "")


def test_what_changes_the_stack_says_that_it_has_ended_early(directory: RunDirectory) -> None:
    result = unread(directory, "down")
    assert result.returncode == 1
    assert result.stderr.startswith("ended, as nobody reads on")


def unread(directory: RunDirectory, command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command whose output nobody reads, as when `head` has ended."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [sys.executable, "-m", "stack", command], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "STACK_DIR": str(directory.root)}, check=False, timeout=30,
        )  # fmt: skip
    finally:
        os.close(writer)
