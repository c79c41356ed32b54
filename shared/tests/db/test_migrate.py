"""shared.db.migrate, on the migrations of this directory."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import Column, MetaData, Table, Text, text

from shared.db import migrate
from shared.db.base import metadata
from shared.db.database import Database
from testing.databases import PASSWORD, TestServer
from testing.local_servers.postgres import ensure_database

WIDEN = """
from alembic import op

revision = "20261102090000"
down_revision = "20261101100000"


def upgrade():
    op.execute("ALTER TABLE things ALTER name TYPE varchar(60)")
"""
REVISIONS = ["20261101090000", "20261101100000"]


@pytest.fixture
async def empty_url(test_server: TestServer) -> AsyncIterator[str]:
    name = f"empty_{uuid4().hex[:12]}"  # of this test alone: the run's other worker uses the same server
    await ensure_database(test_server.admin_url, database=name, role="sample", password=PASSWORD)
    yield test_server.url(name, role="sample")
    connection = await asyncpg.connect(test_server.admin_url)
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await connection.close()


async def test_each_revision_runs_once_though_several_processes_migrate(
    empty_url: str, migrations: Path
) -> None:
    said: list[str] = []
    runs = await asyncio.gather(*(migrate.upgrade(empty_url, migrations, say=said.append) for _ in range(3)))
    assert sorted(runs) == [[], [], REVISIONS]
    assert "migrated to 20261101090000: Things, for the tests of shared.db." in said
    assert said.count("nothing to migrate: at 20261101100000") == 2


async def test_migrations_go_back_to_nothing_and_forth_again(empty_url: str, migrations: Path) -> None:
    await migrate.upgrade(empty_url, migrations, say=lambda _: None)
    await migrate.downgrade(empty_url, migrations, revision="base")
    assert await migrate.upgrade(empty_url, migrations, say=lambda _: None) == REVISIONS


@pytest.fixture
def widening(tmp_path: Path, migrations: Path) -> Path:
    """The migrations, and one that needs a table for itself."""
    folder = shutil.copytree(migrations, tmp_path / "migrations")
    (folder / "versions" / "2026_11_02_0900_widen.py").write_text(WIDEN)
    return folder


async def test_a_migration_behind_a_long_read_holds_up_no_reader_and_comes_about_after_it(
    committed_db: Database, widening: Path
) -> None:
    said: list[str] = []
    longest = 0.0
    async with committed_db.session() as session:
        await session.execute(text("SELECT * FROM things"))
        run = asyncio.create_task(migrate.upgrade(committed_db.url, widening, say=said.append))
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            began = time.monotonic()
            async with committed_db.read() as connection:
                await connection.execute(text("SELECT * FROM things"))
            longest = max(longest, time.monotonic() - began)
    assert await asyncio.wait_for(run, 10) == ["20261102090000"]
    assert longest < 1
    assert len(said) > 2
    assert "retried in 0.5 s: ALTER TABLE things" in said[0]


async def test_a_table_lock_held_by_another_for_too_long_fails_the_migration(
    committed_db: Database, migrations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(migrate, "PATIENCE_SECONDS", 0.1)
    async with committed_db.session() as session:
        await session.execute(text("SELECT * FROM things"))
        with pytest.raises(Exception, match="lock timeout"):
            await migrate.downgrade(committed_db.url, migrations, revision="base")


async def test_check_tells_where_models_and_database_differ(committed_db: Database) -> None:
    found = MetaData()
    async with committed_db.primary.connect() as connection:
        await connection.run_sync(lambda sync: found.reflect(sync, only=["things", "idempotency_keys"]))
    assert await migrate.check(committed_db.url, found) == []
    Table("forgotten", found, Column("name", Text))
    assert "forgotten" in str(await migrate.check(committed_db.url, found))
    assert "pgqueuer" not in str(await migrate.check(committed_db.url, metadata()))
