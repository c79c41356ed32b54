"""Asking a process whether it is ready."""

import http.client
from urllib.parse import urlsplit


def http_ok(url: str, *, seconds: float = 2, status: int = http.HTTPStatus.OK) -> bool:
    """Whether GET answers 200, or another status, in time."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
