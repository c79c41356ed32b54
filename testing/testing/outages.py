"""Databases in trouble: read only, full, or behind a server that is starting up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

_WRITES = {"default_transaction_read_only": "off"}


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
