"""A real primary and a real replica, for tests of what is read where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testing.local_servers.ports import free_port
from testing.local_servers.postgres import DISPOSABLE, PostgresServer, stop_fast
from testing.local_servers.process import ServerProcess
from testing.local_servers.replica import copy_primary


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
