"""Connections to networks: httpx over those of aiohttp, which take a quarter of the time (docs/decisions/0021).

Users name sites and media by address: none of them may lead to machines inside of our own network. Only the worker
loads this.
"""

from __future__ import annotations

import errno
import socket
from http.cookiejar import DefaultCookiePolicy
from typing import Final

import aiohttp
import httpx
from aiohttp import AddrInfoType
from httpx_aiohttp import AiohttpTransport

from shared.ip_addresses import is_public
from shared.observability.http_client import ObservedClient
from shared.tls import verified_context
from sns_service.networks.http import CONNECT_SECONDS

NOT_PUBLIC: Final = "not a public address"
"""All that is said of it: a user may not learn which address a name leads to in our network."""


class NotPublic(OSError):
    """The address belongs to our own network."""


def public_socket(address: AddrInfoType) -> socket.socket:
    """A socket for the very address that is connected to next: a name may change its mind after it was looked at.

    Raises NotPublic.
    """
    family, kind, protocol, _, where = address
    if not is_public(str(where[0])):
        raise NotPublic(errno.EHOSTUNREACH, NOT_PUBLIC)
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""What aiohttp raises before it has a connection."""
_REASONS = (
    (aiohttp.ClientConnectorDNSError, "its name is not known"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not valid"),
    (aiohttp.ClientSSLError, "it does not speak TLS"),
    (aiohttp.ConnectionTimeoutError, "it does not answer in time"),
)


class Transport(AiohttpTransport):
    """Up to `connections` of them. Says of every failure whether the request can have been sent."""

    def __init__(self, *, connections: int, guarded: bool) -> None:
        super().__init__(verify=verified_context(), client=self._session)
        self._connections = connections
        self._guarded = guarded

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._connections,
            ssl=self.ssl_context,
            socket_factory=public_socket if self._guarded else None,
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises ConnectError where nothing was sent, else ReadError. The library tells them apart otherwise: of a
        connection that was cut after the request it says ConnectTimeout, and whoever believes it sends a post twice."""
        try:
            return await super().handle_async_request(request)
        except httpx.UnsupportedProtocol:
            raise
        except (httpx.TransportError, aiohttp.ClientError, UnicodeError) as error:
            cause = error.__cause__ if isinstance(error, httpx.TransportError) else error
            if isinstance(cause, NEVER_SENT):
                raise httpx.ConnectError(_reason(cause), request=request) from error
            raise httpx.ReadError(type(cause).__name__, request=request) from error


def _reason(failure: BaseException) -> str:
    """What a user is told of a connection that was not made. The library's own words name the address that a name led
    to, also one of ours, and so would let users look around in our network."""
    if NOT_PUBLIC in str(failure):
        return f"its address is {NOT_PUBLIC}"
    return next((text for kind, text in _REASONS if isinstance(failure, kind)), "it accepts no connection")


def connect(*, timeout: float, at_a_time: int, guarded: bool) -> httpx.AsyncClient:
    """A client for the networks. `guarded` keeps it out of our own network, as it must be in production."""
    client = ObservedClient(
        "web",  # a picture's address; calls to networks say whose they are
        timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
        transport=Transport(connections=at_a_time, guarded=guarded),
        headers={"Accept-Encoding": "identity"},  # a few bytes may not become many
        trust_env=False,
    )
    # What a site gives to one account's requests is not for the next account's.
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client
