"""A database and a role for each service, with the extensions that only a superuser should choose."""

import asyncpg

from stack.credentials import Credentials
from stack.errors import PartFailed
from stack.services import SERVICES, Service
from testing.local_servers.postgres import PostgresServer
from testing.local_servers.provision import ensure_database


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
