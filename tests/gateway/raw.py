"""Requests that a well-behaved client library would tidy up first."""

from __future__ import annotations

import http.client
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit


class Raw(NamedTuple):
    """An answer: status, headers (lower case), body."""

    status: int
    headers: dict[str, str]
    body: bytes


def send(
    url: str, method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b""
) -> Raw:
    """Sends the request target and the headers letter for letter."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=20)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return Raw(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()
