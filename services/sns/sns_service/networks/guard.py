"""Users name sites and media by address: none of them may lead to machines inside of our own network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx


class PublicOnly(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only, and to the very one that was checked: a name may change its mind between."""

    def __init__(self) -> None:
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - of the interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises httpcore.ConnectError for an address that is not public."""
        address = await _public_address(host, port)
        return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - of the interface
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise httpcore.ConnectError(f"{path} is not public")

    async def sleep(self, seconds: float) -> None:
        """Part of the interface."""
        await self._backend.sleep(seconds)


async def _public_address(host: str, port: int) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(f"{host} has no address") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not ipaddress.ip_address(address.partition("%")[0]).is_global:
            raise httpcore.ConnectError(f"{host} is not a public address")
    return addresses[0]


def public_only(limits: httpx.Limits, trust: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    """A transport of httpx that connects to public addresses only."""
    transport = httpx.AsyncHTTPTransport(verify=trust, limits=limits)
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=trust,
        max_connections=limits.max_connections,
        max_keepalive_connections=limits.max_keepalive_connections,
        keepalive_expiry=limits.keepalive_expiry,
        network_backend=PublicOnly(),
    )
    return transport
