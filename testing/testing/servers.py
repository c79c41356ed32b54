"""The servers of a test run, which end with it, however it ends (see `testing.local_servers.__main__`); and a real
primary with its replica, for tests of what is read where.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from testing.local_servers.postgres import DISPOSABLE, PostgresServer, copy_primary, stop_fast
from testing.local_servers.process import ServerProcess, free_port


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


@dataclass
class Pair:
    """Both run; a test may stop the replica and start it again."""

    primary: PostgresServer
    replica: PostgresServer
    follower: ServerProcess
    log: Path

    def stop_replica(self) -> None:
        stop_fast(self.follower)

    def start_replica(self) -> None:
        self.follower = self.replica.start(log=self.log)


@contextmanager
def replicated(directory: Path) -> Iterator[Pair]:
    """Starts the two below `directory`, and stops them."""
    primary = PostgresServer(directory / "primary", free_port(), "secret", DISPOSABLE)
    primary.initialise()
    leader = primary.start(log=directory / "log")
    try:
        replica = PostgresServer(directory / "replica", free_port(), "secret", DISPOSABLE)
        copy_primary(primary, replica)
        pair = Pair(primary, replica, replica.start(log=directory / "log"), directory / "log")
        yield pair
        pair.stop_replica()
    finally:
        stop_fast(leader)
