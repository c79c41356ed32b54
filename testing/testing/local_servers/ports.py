"""TCP ports on the loopback address."""

from __future__ import annotations

import socket


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
