"""Drives `python -m stack` for stacks of PostgreSQL and Valkey only, which start in a second."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from stack.control import Control
from stack.directory import RunDirectory
from tests.conftest import ROOT, run_stack

SERVERS = "postgres valkey"


def _hear_ctrl_c() -> None:
    """Shells have what they run in the background ignore it, and that is inherited, as by tests in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class SmallStack:
    """A stack in a directory of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, command: str, *, status: int = 0, **environment: str) -> str:
        """Runs a command, demands its exit status, and returns what it printed."""
        result = run_stack(self.root, command, seconds=60, **{"ONLY": SERVERS, **environment})
        assert result.returncode == status, result.stdout
        return result.stdout

    def is_well(self) -> bool:
        """What `status` says by its exit status."""
        return run_stack(self.root, "status", seconds=30).returncode == 0

    def begin(self, command: str, **environment: str) -> subprocess.Popen[str]:
        """Starts a command in a session of its own, for those who interrupt it."""
        settings = {"STACK_DIR": str(self.root), "STACK_PORTS": "free", "STACK_FSYNC": "off", "ONLY": SERVERS}
        return subprocess.Popen(
            [sys.executable, "-m", "stack", command], cwd=ROOT, env={**os.environ, **settings, **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
            preexec_fn=_hear_ctrl_c,
        )  # fmt: skip

    def pids(self) -> dict[str, int]:
        """The processes by part; of PostgreSQL's the first one."""
        found: dict[str, int] = {}
        for entry in sorted(self.control.processes(), key=lambda entry: entry.process.create_time()):
            found.setdefault(entry.part, entry.process.pid)
        return found

    def kill(self, part: str) -> int:
        """Ends a part without warning; returns the process id that it had."""
        pid = self.pids()[part]
        os.kill(pid, signal.SIGKILL)
        return pid

    def is_new(self, part: str, old: int) -> bool:
        """Whether another process has taken the part's place."""
        return self.pids().get(part, old) != old and not psutil.pid_exists(old)

    @property
    def control(self) -> Control:
        return Control(RunDirectory(self.root.resolve()))
