"""Running and writing a service's migrations."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared.db.constraints import lock_not_available
from shared.db.migrations import include_object

LOCK = 7_302_026_001
"""The advisory lock that only one migrating process of a database holds."""
LOCK_TIMEOUT = "500ms"
"""A migration that waits for a table's lock makes everybody behind it wait. It gives up long before their statements
do (2 s), and tries again: whoever came in between goes first."""
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds between the tries, the last of them again and again: three quarters of the time and more are the readers'."""
PATIENCE_SECONDS = 120.0
"""How long a lock is tried for, and how long another migrating process is waited for."""


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


async def upgrade(
    database_url: str, migrations: Path, *, revision: str = "head", say: Callable[[str], None] = _say
) -> list[str]:
    """Runs the missing revisions up to `revision`, one process at a time; returns those that ran.

    If a lock is not obtained in time, its revision is tried again from its start, for PATIENCE_SECONDS. Raises the
    errors of alembic and PostgreSQL; revisions before the failed one stay applied.
    """
    done: list[str] = []
    async with _connect(database_url) as connection:
        before = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_heads())
        await _again_while_locked(
            connection, lambda sync: _upgrade(sync, migrations, revision, done=done, say=say), say=say
        )
    if not done:
        say(f"nothing to migrate: at {', '.join(before) or 'nothing'}")
    return done


async def downgrade(database_url: str, migrations: Path, *, revision: str) -> None:
    """Goes back to `revision` ("base": to nothing), for tests and for rolling back a release."""
    async with _connect(database_url) as connection:
        await _again_while_locked(
            connection, lambda sync: command.downgrade(_config(migrations, sync), revision), say=_say
        )


async def new_revision(database_url: str, migrations: Path, message: str) -> Path:
    """Writes the next revision from what the models have more than the migrated database; returns its file."""
    async with _connect(database_url) as connection:

        def write(sync: Connection) -> Path:
            name = f"{datetime.now(UTC):%Y%m%d%H%M%S}"
            made = command.revision(_config(migrations, sync), message, autogenerate=True, rev_id=name)
            if made is None or isinstance(made, list):
                raise RuntimeError("alembic wrote no single revision")
            return Path(made.path)

        return await connection.run_sync(write)


async def check(database_url: str, metadata: MetaData) -> list[str]:
    """In what the migrated database and the models differ; empty when they agree."""
    options = {"compare_type": True, "include_object": include_object}
    async with _connect(database_url) as connection:
        return await connection.run_sync(
            lambda sync: [
                repr(change)
                for change in compare_metadata(MigrationContext.configure(sync, opts=options), metadata)
            ]
        )


@asynccontextmanager
async def _connect(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection of its own that holds the advisory lock and may take its time, but not for locks."""
    engine = create_async_engine(
        make_url(database_url).set(drivername="postgresql+asyncpg"),
        poolclass=pool.NullPool,
        connect_args={"server_settings": {"timezone": "UTC", "application_name": "migrate"}},
    )
    try:
        async with engine.connect() as connection:
            await _wait_for_others(connection)
            yield connection
    finally:
        await engine.dispose()  # and the lock goes with the connection


async def _wait_for_others(connection: AsyncConnection) -> None:
    """Takes the advisory lock by polling: waiting for it inside a transaction would block an index that the other
    process creates concurrently. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await connection.scalar(text(f"SELECT pg_try_advisory_lock({LOCK})")):
        await connection.rollback()
        if time.monotonic() > deadline:
            raise TimeoutError(f"another process has been migrating for {PATIENCE_SECONDS:.0f} s")
        await asyncio.sleep(0.2)
    await connection.commit()


async def _again_while_locked(
    connection: AsyncConnection, work: Callable[[Connection], None], *, say: Callable[[str], None]
) -> None:
    """`work`, tried again while it does not get a lock. What it did in the failed transaction is undone."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        await connection.commit()
        try:
            await connection.run_sync(work)
            return
        except DBAPIError as error:
            if not lock_not_available(error) or time.monotonic() + pause > deadline:
                raise
            await connection.rollback()
            say(f"a table is in use; the revision is retried in {pause} s: {error.statement}")
        await asyncio.sleep(pause)


def _upgrade(
    connection: Connection, migrations: Path, revision: str, *, done: list[str], say: Callable[[str], None]
) -> None:
    config = _config(migrations, connection)
    scripts = ScriptDirectory.from_config(config)

    def each(*, step: Any, **_: Any) -> None:
        script = scripts.get_revision(step.up_revision_id)
        done.append(step.up_revision_id)
        say(f"migrated to {step.up_revision_id}: {script.doc if script else ''}")

    config.attributes["on_version_apply"] = each
    command.upgrade(config, revision)


def _config(migrations: Path, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option(
        "file_template",
        "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s",
    )
    config.set_main_option("timezone", "UTC")
    config.attributes["connection"] = connection
    return config
