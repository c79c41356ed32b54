"""`python -m testing.local_servers postgres valkey`: disposable servers that live as long as whoever started them.

Writes one line of JSON with their addresses, then waits until its standard input is closed, which the kernel does for
a parent that was killed too. Then the servers stop and their files are removed.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from testing.local_servers.postgres import DISPOSABLE, PostgresServer
from testing.local_servers.process import ServerProcess, free_port
from testing.local_servers.valkey import ValkeyServer


def start_postgres(directory: Path) -> tuple[str, ServerProcess]:
    """A new cluster in `directory`: its superuser's URL and its process."""
    server = PostgresServer(directory / "postgres", free_port(), secrets.token_urlsafe(), DISPOSABLE)
    server.initialise()
    return server.url(), server.start(log=directory / "postgres.log")


def start_valkey(directory: Path) -> tuple[str, ServerProcess]:
    """An empty server: its URL and its process."""
    server = ValkeyServer(directory / "valkey", free_port())
    server.initialise()
    return server.url(), server.start(log=directory / "valkey.log")


STARTERS: dict[str, Callable[[Path], tuple[str, ServerProcess]]] = {
    "postgres": start_postgres,
    "valkey": start_valkey,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m testing.local_servers", description=__doc__)
    parser.add_argument("servers", nargs="+", choices=sorted(STARTERS))
    wanted = parser.parse_args().servers
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for our parent, which then closes our standard input
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = Path(tempfile.mkdtemp(prefix="softfactory-test-"))
    urls: dict[str, str] = {}
    running: list[ServerProcess] = []
    try:
        for name in wanted:
            urls[name], process = STARTERS[name](directory)
            running.append(process)
        sys.stdout.write(json.dumps(urls) + "\n")
        sys.stdout.flush()
        sys.stdin.buffer.read()
    finally:
        for process in running:
            process.stop(signal.SIGINT)  # to PostgreSQL it means fast; Valkey stops too
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
