"""Servers in trouble: a database that is read only, full, or still starting up, and a proxy before a server, for what a
stopped one cannot show: one that is reached and does not answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from shared.tasks import cancel_and_wait

_WRITES = {"default_transaction_read_only": "off"}
PIECE = 64 * 1024


@asynccontextmanager
async def read_only(url: str) -> AsyncIterator[None]:
    """The database takes no writes while inside, as after a failover to a standby. Its connections are ended."""
    connection = await asyncpg.connect(url, server_settings=_WRITES)
    try:
        await _set_read_only(connection, "on")
        yield
    finally:
        await _set_read_only(connection, "off")
        await connection.close()


@asynccontextmanager
async def full(url: str, table: str) -> AsyncIterator[None]:
    """Whatever is written to `table` while inside finds no room on the disk (53100)."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
        )
        await connection.execute(
            f"CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION no_room()"
        )
        yield
        await connection.execute("DROP FUNCTION no_room CASCADE")
    finally:
        await connection.close()


@asynccontextmanager
async def starting() -> AsyncIterator[str]:
    """The URL of a server that answers as PostgreSQL does while it recovers after a crash."""
    server = await asyncio.start_server(_refuse, "127.0.0.1")
    async with server:
        yield f"postgresql://nobody:x@127.0.0.1:{server.sockets[0].getsockname()[1]}/none"


class HoldingProxy:
    """Passes everything on, until it is told to hold it; what is held arrives when it is let go again."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._questions, self._answers = asyncio.Event(), asyncio.Event()
        self._last_words: bytes | None = None
        self._links: set[asyncio.Task[None]] = set()
        self.url = ""
        """The server's URL, by way of this proxy."""

    @classmethod
    @asynccontextmanager
    async def before(cls, url: str) -> AsyncIterator[Self]:
        """A proxy before the server of `url`."""
        proxy = cls(url)
        server = await asyncio.start_server(proxy._link, "127.0.0.1", 0)
        user, at, _ = proxy._target.netloc.rpartition("@")
        place = f"{user}{at}127.0.0.1:{server.sockets[0].getsockname()[1]}"
        proxy.url = urlunsplit(proxy._target._replace(netloc=place))
        proxy.let_go()
        try:
            yield proxy
        finally:
            server.close()
            await cancel_and_wait(*proxy._links)

    def hold(self) -> None:
        """From now on nothing passes, in either direction."""
        self._questions.clear()
        self._answers.clear()

    def hold_answers_after(self, words: bytes) -> None:
        """The next question with these words in it still arrives; its answer does not, and nothing after it."""
        self._last_words = words

    def let_go(self) -> None:
        """Everything passes, first what was held."""
        self._last_words = None
        self._questions.set()
        self._answers.set()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        from_server, to_server = await asyncio.open_connection(self._target.hostname, self._target.port)
        ways = [
            asyncio.create_task(self._pass_on(reader, to_server, self._questions)),
            asyncio.create_task(self._pass_on(from_server, writer, self._answers)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel_and_wait(*ways)
            for side in (writer, to_server):
                side.close()
            self._links.discard(task)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, may_pass: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                await may_pass.wait()
                if may_pass is self._questions and self._last_words is not None and self._last_words in piece:
                    self.hold()
                writer.write(piece)
                await writer.drain()


async def _set_read_only(connection: asyncpg.Connection, value: str) -> None:
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}')
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        length, code = await _request(reader)
        if (length, code) == (8, 80877103):  # whether it speaks TLS
            writer.write(b"N")
            await _request(reader)
        fields = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
        writer.write(b"E" + (len(fields) + 4).to_bytes(4) + fields)
        await writer.drain()
    writer.close()


async def _request(reader: asyncio.StreamReader) -> tuple[int, int]:
    """A startup packet's length and code; the rest is read and forgotten."""
    length = int.from_bytes(await reader.readexactly(4))
    body = await reader.readexactly(length - 4)
    return length, int.from_bytes(body[:4])
