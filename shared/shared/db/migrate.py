"""Running and writing a service's migrations."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared.db.migrations_env import include_object

LOCK = 7_302_026_001
"""The advisory lock that only one migrating process of a database holds."""
WAIT_FOR_OTHERS = "60s"
LOCK_TIMEOUT = "5s"
"""A migration that waits for a table's lock makes everybody behind it wait: it gives up instead."""


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


async def upgrade(
    database_url: str, migrations: Path, *, revision: str = "head", say: Callable[[str], None] = _say
) -> list[str]:
    """Runs what is missing up to `revision`, one process at a time; returns the revisions that ran.

    Raises what alembic and PostgreSQL raise; revisions before the failed one stay done.
    """
    async with _connect(database_url) as connection:
        return await connection.run_sync(_upgrade, migrations, revision, say)


async def downgrade(database_url: str, migrations: Path, *, revision: str) -> None:
    """Goes back to `revision` ("base": to nothing), for tests and for a release that is taken back."""
    async with _connect(database_url) as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(migrations, sync), revision))


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
            await connection.execute(text(f"SET lock_timeout = '{WAIT_FOR_OTHERS}'"))
            await connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.commit()
            yield connection
    finally:
        await engine.dispose()  # and the lock goes with the connection


def _upgrade(
    connection: Connection, migrations: Path, revision: str, say: Callable[[str], None]
) -> list[str]:
    config = _config(migrations, connection)
    scripts = ScriptDirectory.from_config(config)
    before = MigrationContext.configure(connection).get_current_heads()
    connection.commit()
    done: list[str] = []

    def each(*, step: Any, **_: Any) -> None:
        script = scripts.get_revision(step.up_revision_id)
        done.append(step.up_revision_id)
        say(f"migrated to {step.up_revision_id}: {script.doc if script else ''}")

    config.attributes["on_version_apply"] = each
    command.upgrade(config, revision)
    if not done:
        say(f"nothing to migrate: at {', '.join(before) or 'nothing'}")
    return done


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
