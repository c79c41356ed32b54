"""testing.databases and testing.local_servers.postgres."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from shared.db.database import Database
from testing.databases import TestServer
from testing.local_servers.postgres import ensure_database


async def test_clones_have_the_migrations_and_nothing_of_each_other(
    test_server: TestServer, migrations: Path, committed_db: Database
) -> None:
    async with committed_db.session() as session:
        await session.execute(text("INSERT INTO things (name) VALUES ('here')"))
    async with test_server.cloned("sample", migrations) as url:
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM things") == 0
        await connection.close()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(url)


async def test_services_use_ordinary_roles(committed_db: Database) -> None:
    async with committed_db.read() as connection:
        superuser = text(
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
        assert (await connection.execute(superuser)).scalar() is False


async def test_no_role_may_open_anothers_database(test_server: TestServer) -> None:
    for name in ("mine", "theirs"):
        for password in ("first", 'it\'s "second"'):
            await ensure_database(test_server.admin_url, database=name, role=name, password=password)
    address = test_server.admin_url.split("@")[1].split("/")[0]
    host, port = address.split(":")
    login: dict[str, Any] = {"host": host, "port": int(port), "user": "mine", "password": 'it\'s "second"'}
    connection = await asyncpg.connect(**login, database="mine")
    await connection.close()
    for other in ("theirs", "postgres"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(**login, database=other)
