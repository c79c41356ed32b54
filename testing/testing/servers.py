"""The servers of a test run. They end with it, however it ends: see `testing.local_servers.__main__`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import IO, cast


class DisposableServers:
    """Servers in the care of a process that stops them once this process closes the pipe or dies."""

    def __init__(self, names: Sequence[str]) -> None:
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "testing.local_servers", *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        line = cast("IO[bytes]", self._keeper.stdout).readline()
        if not line:
            raise RuntimeError(f"{', '.join(names)} did not start, see the error output")
        self.urls: dict[str, str] = json.loads(line)

    def close(self) -> None:
        """Stops them; returns when they are gone. May be called twice."""
        for stream in (self._keeper.stdin, self._keeper.stdout):
            cast("IO[bytes]", stream).close()
        self._keeper.wait(30)
