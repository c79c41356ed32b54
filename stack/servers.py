"""PostgreSQL, its replica and Valkey as this stack runs them: small, for two cores, and durable."""

from functools import partial

from stack.credentials import Credentials
from stack.directory import RunDirectory
from stack.options import Options
from stack.program import Program
from testing.local_servers.postgres import PostgresServer
from testing.local_servers.replica import copy_primary, is_streaming
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
