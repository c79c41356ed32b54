"""A streaming replica of a PostgreSQL server."""

from __future__ import annotations

import asyncio
import shutil

import asyncpg

from testing.local_servers.postgres import SUPERUSER, PostgresServer, run_program

NAME = "replica"


def copy_primary(primary: PostgresServer, replica: PostgresServer) -> None:
    """Makes the replica's data anew as a copy of the running primary. Raises ServerFailed."""
    shutil.rmtree(replica.data, ignore_errors=True)
    secret = {"PGPASSWORD": primary.password}
    run_program(
        "pg_basebackup", f"--pgdata={replica.data}", "--wal-method=stream", "--checkpoint=fast", "--no-sync",
        "--host=127.0.0.1", f"--port={primary.port}", f"--username={SUPERUSER}", environment=secret,
    )  # fmt: skip
    follow = f"host=127.0.0.1 port={primary.port} user={SUPERUSER} password={primary.password} application_name={NAME}"
    with (replica.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"primary_conninfo = '{follow}'\n")
    (replica.data / "standby.signal").touch()


def is_streaming(primary: PostgresServer, replica: PostgresServer) -> bool:
    """Whether the replica accepts connections and follows the primary. Not for use inside an event loop."""
    return replica.is_ready() and asyncio.run(_follows(primary))


async def _follows(primary: PostgresServer) -> bool:
    query = "SELECT 1 FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'"
    try:
        connection = await asyncpg.connect(primary.url(), timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    try:
        return await connection.fetchval(query, NAME) is not None
    finally:
        await connection.close()
