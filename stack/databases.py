"""The servers that hold data, each service's database in them, and its tables and development data.

Data is made again when something that it depends on has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from stack.directory import Credentials, RunDirectory, read_json, write_private
from stack.environment import base_environment
from stack.errors import PartFailed
from stack.options import Options
from stack.services import SERVICES, Service
from stack.steps import Program, fingerprint, run_task
from testing.local_servers.postgres import PostgresServer, copy_primary, ensure_database, is_streaming
from testing.local_servers.valkey import ValkeyServer

POSTGRES_OPTIONS = {
    "shared_buffers": "512MB",  # as each service's database has in production; taken when it is used
    "max_wal_size": "512MB",
    "io_method": "sync",  # workers of its own would only take turns with us on two cores
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "random_page_cost": "1.1",
    "autovacuum_naptime": "30s",
    "log_min_duration_statement": "500ms",
}
STATE = """
SELECT (SELECT system_identifier::text FROM pg_control_system()) AS cluster,
       (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database,
       (SELECT array_agg(version_num ORDER BY version_num) FROM alembic_version) AS revisions
"""
"""Another cluster, or a new database, may be at the same revisions and still be empty."""


def postgres_server(
    directory: RunDirectory, name: str, port: int, credentials: Credentials, options: Options
) -> PostgresServer:
    """The primary (`postgres`) or its `replica`."""
    durability = {} if options.fsync else {"fsync": "off", "full_page_writes": "off"}
    password = credentials.password("postgres")
    return PostgresServer(directory.data / name, port, password, POSTGRES_OPTIONS | durability)


def valkey_server(directory: RunDirectory, port: int, credentials: Credentials) -> ValkeyServer:
    return ValkeyServer(directory.data / "valkey", port, credentials.password("valkey"), durable=True)


def postgres_program(server: PostgresServer) -> Program:
    def prepare() -> None:
        server.initialise()
        server.remove_stale_lock()

    return Program(
        name="postgres", command=server.command(), healthy=server.is_ready, port=server.port, prepare=prepare,
        stop_signal="INT", stop_group=False, tier=10,
    )  # fmt: skip


def replica_program(primary: PostgresServer, replica: PostgresServer) -> Program:
    """It has no data of its own: each `up` that starts it copies the primary."""
    return Program(
        name="replica", command=replica.command(), healthy=partial(is_streaming, primary, replica),
        port=replica.port, prepare=partial(copy_primary, primary, replica), after=("databases",),
        stop_signal="INT", stop_group=False, tier=11,
    )  # fmt: skip


def valkey_program(server: ValkeyServer) -> Program:
    return Program(
        name="valkey", command=server.command(), healthy=server.is_ready, port=server.port,
        prepare=server.initialise, tier=20,
    )  # fmt: skip


async def create_databases(server: PostgresServer, credentials: Credentials) -> str:
    """Makes what is missing; repeatable. Raises PartFailed."""
    try:
        for (
            service
        ) in SERVICES:  # in turns: PostgreSQL does not queue changes of its shared catalogues, it fails
            await _create(server, service, credentials)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise PartFailed(f"the databases could not be made: {error}") from error
    return "ready"


async def _create(server: PostgresServer, service: Service, credentials: Credentials) -> None:
    await ensure_database(
        server.url(),
        database=service.name,
        role=service.name,
        password=credentials.password(f"database.{service.name}"),
    )
    connection = await asyncpg.connect(server.url(service.name))
    try:
        for extension in service.extensions:
            await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    finally:
        await connection.close()


@dataclass(frozen=True)
class ServiceData:
    """The database of one service. `settings` are what its commands are told, with the development users' passwords."""

    directory: RunDirectory
    service: Service
    settings: Mapping[str, str] = field(repr=False)

    @property
    def _marker(self) -> Path:
        """Says of which sources and settings the data was made, and in which state the database was then."""
        return self.directory.root / "prepared" / f"{self.service.name}.json"

    async def bring_up_to_date(self) -> str:
        """Migrates and seeds in one process; a no-op's two starts would be half of a warm `up`. Raises PartFailed."""
        cause = self._cause()
        if read_json(self._marker) == {"cause": cause, "state": await self._state()}:
            return "data unchanged"
        # An attempt that ends halfway has made neither what was before nor what is wanted.
        self._marker.unlink(missing_ok=True)
        name, command = f"{self.service.name}-data", (self.service.module, "migrate", "--seed")
        await run_task(self.directory, name, command, {**base_environment(), **self.settings})
        self._marker.parent.mkdir(exist_ok=True)
        write_private(self._marker, json.dumps({"cause": cause, "state": await self._state()}) + "\n")
        return "migrated and seeded"

    def _cause(self) -> str:
        """All that decides what migrating and seeding would write."""
        sources = fingerprint("shared/shared", f"services/{self.service.name}")
        return hashlib.sha256(json.dumps([sources, sorted(self.settings.items())]).encode()).hexdigest()

    async def _state(self) -> dict[str, Any] | None:
        """The database's revisions; None where nothing has been migrated."""
        try:
            connection = await asyncpg.connect(self.settings["DATABASE_URL"])
            try:
                return dict(await connection.fetchrow(STATE) or {})
            finally:
                await connection.close()
        except asyncpg.UndefinedTableError:
            return None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise PartFailed(f"{self.service.name}'s database does not answer: {error}") from error
