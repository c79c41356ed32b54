"""The servers of the platform in containers: PostgreSQL and Redis, on a network of their own.

The databases are on one PostgreSQL, a primary and its streaming replica; that of APART has a server of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from containers.images import Builder
from stack.directory import Credentials, RunDirectory
from stack.services import SERVICES
from testing.local_servers.postgres import ensure_database
from testing.local_servers.valkey import MAX_MEMORY

APART = "coocook"
POSTGRES, APART_POSTGRES, REPLICA = "postgres", f"{APART}-postgres", "postgres-replica"
API, POSTGRES_PORT = 8000, 5432


@dataclass
class Servers:
    """The containers by name, in a network."""

    builder: Builder
    folder: Path
    containers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Imported here: it reads the environment, which the engine has set by now.
        from testcontainers.core.network import Network

        self.network = Network()
        self.credentials = Credentials(RunDirectory(self.folder))

    def stop(self) -> None:
        """Removes everything, volumes too."""
        for container in reversed(self.containers.values()):
            container.stop()
        self.network.remove()

    def print_logs(self) -> None:
        """For whoever has to find out why."""
        for name, container in self.containers.items():
            out, err = container.get_logs()
            print(f"---- {name}\n{(out + err).decode(errors='replace')[-2000:]}")

    def url(self, name: str, port: int = API) -> str:
        """Where a container answers from outside, without the gateway."""
        return f"http://127.0.0.1:{self.containers[name].get_exposed_port(port)}"

    def sql(self, name: str, statement: str, database: str = "postgres") -> str:
        """What a database server answers, asked inside its container."""
        psql = ["psql", "-h", "127.0.0.1", "-U", "postgres", "-d", database, "-XAtc", statement]
        command = ["env", f"PGPASSWORD={self._password(name)}", *psql]
        result = self.containers[name].exec(command)
        assert result.exit_code == 0, result.output
        return str(result.output.decode().strip())

    async def execute(self, service: str, statement: str) -> None:
        """One statement in a service's database."""
        server = APART_POSTGRES if service == APART else POSTGRES
        await asyncio.to_thread(self.sql, server, statement, service)

    def _container(self, name: str, alias: str, *, writable: Sequence[str] = (), **options: Any) -> Any:
        from testcontainers.core.container import DockerContainer

        container = DockerContainer(name, **options)
        for folder in writable:
            container.with_tmpfs_mount(folder)
        return container.with_network(self.network).with_network_aliases(alias)

    def _password(self, server: str) -> str:
        return self.credentials.password(f"server.{POSTGRES if server == REPLICA else server}")

    def _postgres(self, name: str) -> None:
        from testcontainers.core.wait_strategies import ExecWaitStrategy

        container = self._container(self.builder.names.postgres_image, name, shm_size="128m")
        container.with_env("POSTGRES_PASSWORD", self._password(name)).with_exposed_ports(POSTGRES_PORT)
        container.with_command(["-c", "fsync=off", "-c", "max_connections=200"])
        # By TCP: while the first start sets the server up, it answers on its socket only.
        container.waiting_for(ExecWaitStrategy(["pg_isready", "-h", "127.0.0.1", "-U", "postgres"]))
        self.containers[name] = container
        container.start()

    async def _databases(self) -> None:
        for service in SERVICES:
            server = APART_POSTGRES if service.name == APART else POSTGRES
            port = self.containers[server].get_exposed_port(POSTGRES_PORT)
            url = f"postgresql://postgres:{self._password(server)}@127.0.0.1:{port}"
            password = self.credentials.password(f"database.{service.name}")
            await ensure_database(
                f"{url}/postgres", database=service.name, role=service.name, password=password
            )
            connection = await asyncpg.connect(f"{url}/{service.name}")
            for extension in service.extensions:
                await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
            await connection.close()

    def _replica(self) -> None:
        from testcontainers.core.wait_strategies import ExecWaitStrategy

        allow = 'echo "host replication all all scram-sha-256" >> "$PGDATA/pg_hba.conf"'
        self.containers[POSTGRES].exec(["sh", "-c", allow])
        self.sql(POSTGRES, "SELECT pg_reload_conf()")
        copy = f"pg_basebackup -D $PGDATA --write-recovery-conf --checkpoint=fast -h {POSTGRES} -U postgres"
        container = self._container(
            self.builder.names.postgres_image, REPLICA, user="postgres", entrypoint=["sh", "-c"]
        )
        container.with_env("PGPASSWORD", self._password(POSTGRES))
        container.with_command(
            [f"{copy} && exec docker-entrypoint.sh postgres -c fsync=off -c max_connections=200"]
        )
        container.waiting_for(ExecWaitStrategy(["pg_isready", "-h", "127.0.0.1", "-U", "postgres"]))
        self.containers[REPLICA] = container
        container.start()

    def _redis(self) -> None:
        from testcontainers.core.wait_strategies import LogMessageWaitStrategy

        container = self._container(self.builder.names.redis_image, "redis")
        container.with_command(["--maxmemory", MAX_MEMORY, "--maxmemory-policy", "noeviction"])
        self.containers["redis"] = container.waiting_for(
            LogMessageWaitStrategy("Ready to accept connections")
        )
        container.start()
