from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from stack.processes import MARKER, PART, SUPERVISOR, end, marked, orphans

Start = Callable[..., subprocess.Popen[str]]

WAIT = "print(flush=True); input()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + WAIT
PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]]).wait()"


@pytest.fixture
def stack_id() -> str:
    return secrets.token_hex(8)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a Python program with a marker, and waits until it has printed a line."""
    started: list[subprocess.Popen[str]] = []

    def run(marker: str, part: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", *arguments], env={**os.environ, MARKER: marker, PART: part},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_only_this_stacks_processes_are_found(start: Start, stack_id: str) -> None:
    ours = start(stack_id, "web", WAIT)
    start("another", "web", WAIT)
    assert [(entry.process.pid, entry.part) for entry in marked(stack_id)] == [(ours.pid, "web")]


def test_what_no_supervisor_looks_after_is_an_orphan(start: Start, stack_id: str) -> None:
    start(stack_id, SUPERVISOR, PARENT, WAIT)
    lost = start(stack_id, "web", WAIT)
    assert len(marked(stack_id)) == 3
    assert [entry.process.pid for entry in orphans(marked(stack_id))] == [lost.pid]


def test_what_does_not_want_to_end_is_killed(start: Start, stack_id: str) -> None:
    start(stack_id, "web", STUBBORN)
    end(marked(stack_id), seconds=0.2)
    assert marked(stack_id) == []
