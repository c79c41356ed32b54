"""`python -m shared.localservers`: disposable servers that live exactly as long as whoever started them.

Writes one line of JSON with their addresses, then waits until its standard input is closed, which the kernel does for
a parent that was killed too. Then both servers stop and their files are removed.
"""

import json
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from shared.localservers.ports import free_port
from shared.localservers.postgres import DISPOSABLE, PostgresServer, stop_fast
from shared.localservers.process import ServerProcess
from shared.localservers.valkey import ValkeyServer


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, which then closes our standard input
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = Path(tempfile.mkdtemp(prefix="softfactory-test-"))
    running: list[ServerProcess] = []
    try:
        postgres = PostgresServer(directory / "postgres", free_port(), secrets.token_urlsafe(), DISPOSABLE)
        postgres.initialise()
        running.append(postgres.start(log=directory / "postgres.log"))
        valkey = ValkeyServer(directory / "valkey", free_port(), databases=256)
        valkey.initialise()
        running.append(valkey.start(log=directory / "valkey.log"))
        sys.stdout.write(json.dumps({"postgres": postgres.url(), "redis": valkey.url()}) + "\n")
        sys.stdout.flush()
        sys.stdin.buffer.read()
    finally:
        for server in running:
            stop_fast(server)  # Valkey takes SIGINT for a request to stop as well
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
