"""httpx over aiohttp's connections, which take a quarter of the time of its own (docs/decisions/0021)."""

from __future__ import annotations

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from shared.trust import everybody
from sns_service.networks.guard import public_socket

NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""What aiohttp raises before it has a connection."""


class Transport(AiohttpTransport):
    """Up to `connections` of them. Says of every failure whether the request can have been sent."""

    def __init__(self, *, connections: int, guarded: bool) -> None:
        super().__init__(verify=everybody(), client=self._session)
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
            kind = httpx.ConnectError if isinstance(cause, NEVER_SENT) else httpx.ReadError
            raise kind(str(error) or type(cause).__name__, request=request) from error
