"""Connections to the outside that cannot be led into our own network.

The check is made where the connection is made, on the very address that is then connected to: neither a redirect, nor a
name that points inside, nor one that is answered differently the second time (DNS rebinding) gets past it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

import httpcore
import httpx

from shared.ip_addresses import is_public
from shared.tls import verified_context

Resolve = Callable[[str, int], Awaitable[list[str]]]


class ForbiddenAddress(httpcore.ConnectError):
    """The address is not public."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PublicOnly(httpcore.AsyncNetworkBackend):
    """Connects to public addresses, and to the `allowed` hosts (`host:port`) whatever theirs are."""

    def __init__(self, allowed: Collection[str], resolve: Resolve = resolve) -> None:
        self._allowed = frozenset(allowed)
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name that httpcore gives it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises ForbiddenAddress, or httpcore's errors."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be found") from error
        if f"{host}:{port}" not in self._allowed and not all(map(is_public, addresses)):
            raise ForbiddenAddress(f"{host} is not a public address")
        return await self._network.connect_tcp(addresses[0], port, timeout, local_address, socket_options)


class PublicTransport(httpx.AsyncHTTPTransport):
    """httpx over such connections; never through a proxy."""

    def __init__(self, allowed: Collection[str], resolve: Resolve = resolve) -> None:
        super().__init__(verify=verified_context(), trust_env=False)
        # httpx has no parameter for it
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=verified_context(),
            max_connections=4,
            network_backend=PublicOnly(allowed, resolve),
        )
