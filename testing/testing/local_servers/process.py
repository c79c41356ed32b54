"""Starting and stopping one server process, on a TCP port of the loopback address that is free."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

REFUSED = "unshare: unshare failed"
"""What unshare says where the kernel or a container's seccomp profile forbids user namespaces."""
HINT = (
    "PostgreSQL does not run as root, and this root may make no user namespace, in which it would look like somebody "
    "else: be an ordinary user that has a name, or, where it is Docker's default seccomp profile that forbids them, "
    "start the container with --security-opt seccomp=unconfined"
)


class ServerFailed(Exception):
    """A server did not start; the message carries the end of its log."""

    def __str__(self) -> str:
        text = super().__str__()
        return f"{text.rstrip()}\n{HINT}" if REFUSED in text else text


def as_ordinary_user(command: Sequence[str]) -> list[str]:
    """`command`, runnable by anybody: PostgreSQL refuses root, and users without a name (as in some containers).

    Those look like `nobody` in a user namespace. Raises ServerFailed where that takes `unshare` and there is none.
    """
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        return list(command)
    unshare = shutil.which("unshare") if sys.platform == "linux" else None
    if unshare is None:
        raise ServerFailed(
            "PostgreSQL runs neither as root nor as a user without a name: use an ordinary user, "
            "or install util-linux's unshare"
        )
    return [unshare, "--user", "--map-user=65534", "--map-group=65534", *command]


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


class ServerProcess:
    """A server in the foreground of its own session, so that Ctrl-C in our terminal does not reach it."""

    def __init__(self, command: Sequence[str], *, log: Path) -> None:
        self._log = log
        # Never a pipe: a server's children hold it open, and who reads it hangs.
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = 30) -> None:
        """Polls `ready`; raises ServerFailed when the process ended or the time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop(seconds=2)
                raise ServerFailed(f"{self._process.args!r} did not start:\n{self._log_tail()}")
            time.sleep(0.02)

    def stop(self, signal: int = 15, *, seconds: float = 10) -> None:
        """Sends `signal` and waits; kills what has not ended after `seconds`."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _log_tail(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def is_free(port: int, *, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on `port` at this moment."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(preferred: int | None = None) -> int:
    """`preferred` where it is free, else one that the kernel picks. Another process may take it before you do."""
    if preferred is not None and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
