"""Databases and roles: each service its own, closed to the others'."""

from __future__ import annotations

import asyncpg

_ONE_AT_A_TIME = "SELECT pg_advisory_lock(hashtext('softfactory: provision'))"
"""Until the connection ends: roles and databases are the whole server's, and two who change them at once both fail."""
CREATE_ROLE = "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {password}"


async def ensure_database(admin_url: str, *, database: str, role: str, password: str) -> None:
    """Makes the role (or sets its password) and its database. No role may open another one's. Repeatable."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(_ONE_AT_A_TIME)
        known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
        statement = "ALTER ROLE {role} PASSWORD {password}" if known else CREATE_ROLE
        await _execute(connection, statement, role=role, password=password)
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await _execute(
                connection, "CREATE DATABASE {database} OWNER {role}", database=database, role=role
            )
        for closed in (database, "postgres", "template1"):
            await _execute(connection, "REVOKE ALL ON DATABASE {database} FROM PUBLIC", database=closed)
    finally:
        await connection.close()


async def _execute(connection: asyncpg.Connection, statement: str, **names: str) -> None:
    """Runs a statement that takes no parameters; PostgreSQL itself quotes the names and the password."""
    quoted = {
        name: await connection.fetchval(
            "SELECT quote_literal($1::text)" if name == "password" else "SELECT quote_ident($1)", value
        )
        for name, value in names.items()
    }
    await connection.execute(statement.format(**quoted))
