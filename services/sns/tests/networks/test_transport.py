"""Connections to networks: where they lead, and whether a request that failed can have been sent."""

from __future__ import annotations

import asyncio
import socket
from typing import Any
from unittest.mock import AsyncMock

import pytest

from services.sns.tests.networks.sites import HEAD, Behaviour, calling, site
from sns_service.networks.errors import NetworkError, NoAnswer, Unavailable
from sns_service.networks.transport import connect


async def answers(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"hello")


async def hangs_up(writer: asyncio.StreamWriter) -> None:
    pass


async def resets(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def stops_within_its_answer(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"hel")


async def speaks_something_else(writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 smtp.example.com ESMTP\r\n")


async def takes_its_time(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(1)


@pytest.mark.parametrize(
    "behaviour", [hangs_up, resets, stops_within_its_answer, speaks_something_else, takes_its_time]
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_what_is_lost_after_the_request_may_have_been_published(
    behaviour: Behaviour, method: str
) -> None:
    async with site(behaviour) as (address, _):
        with pytest.raises(NoAnswer, match="It did not answer"):
            await calling(f"http://{address}", method)


async def test_what_has_no_connection_was_never_sent(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nowhere(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nowhere)
    for url in (f"http://127.0.0.1:{unused_tcp_port}", "http://no.such.host.invalid", "gopher://127.0.0.1"):
        with pytest.raises(Unavailable, match="It cannot be reached"):
            await calling(url)


async def test_what_is_no_tls_was_never_sent() -> None:
    async with site(answers) as (address, _):
        with pytest.raises(Unavailable, match="It cannot be reached"):
            await calling(f"https://{address}")


async def test_cookies_of_one_account_are_not_sent_with_the_next_ones_requests() -> None:
    async with site(answers) as (address, heard), connect(timeout=1, at_a_time=2, guarded=False) as http:
        for _ in range(2):
            assert (await http.get(f"http://{address}")).text == "hello"
        assert len(heard) == 2
        assert b"cookie" not in heard[1].lower()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "2130706433"]
)
async def test_users_addresses_do_not_lead_into_our_own_network(host: str) -> None:
    async with site(answers) as (address, heard):
        with pytest.raises(NetworkError, match=r"^It cannot be reached: .*not a (public|canonical)"):
            await calling(f"http://{host}:{address.rpartition(':')[2]}", guarded=True)
        assert not heard


async def test_nobody_is_told_which_address_a_name_leads_to(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 80))
    here = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", unused_tcp_port))
    for found, guarded, reason in (
        (inside, True, "its address is not a public address"),
        (here, False, "it accepts no connection"),
    ):
        lookup = AsyncMock(return_value=[found])
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
        with pytest.raises(NetworkError) as raised:
            await calling("http://blog.example", guarded=guarded)
        assert str(raised.value) == f"It cannot be reached: {reason}"
