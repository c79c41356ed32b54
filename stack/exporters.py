"""Exporters: what tells Prometheus about the servers that do not speak to it themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import asyncpg

from monitoring.tools import Tools
from stack.directory import Credentials
from stack.environment import Addresses
from stack.errors import PartFailed
from stack.options import Options, part_names
from stack.steps import Program, Step, Task, http_ok
from testing.local_servers.postgres import PostgresServer

COMPONENTS = {
    "exporter-postgres": "postgres",
    "exporter-replica": "replica",
    "exporter-valkey": "redis",
    "exporter-node": "node",
}
"""The exporters, and the component that each is about."""
TIER = 95
ROLE = "monitoring"
ROLE_LOCK = "SELECT pg_advisory_lock(hashtext('softfactory: provision'))"
ITERATIONS = "SET scram_iterations = 4096"
"""The exporter's driver refuses the one iteration that everybody else here is content with."""
GRANTS = f"GRANT pg_monitor TO {ROLE}; GRANT CONNECT ON DATABASE postgres TO {ROLE}"


@dataclass(frozen=True)
class Exporters:
    """The exporters of one stack."""

    addresses: Addresses
    credentials: Credentials
    options: Options

    def steps(self) -> list[Step]:
        make: dict[str, Callable[[str], Program]] = {
            "exporter-postgres": lambda name: self._postgres(name, self.addresses.postgres),
            "exporter-replica": lambda name: self._postgres(
                name, self.addresses.replica or self.addresses.postgres
            ),
            "exporter-valkey": self._valkey,
            "exporter-node": lambda name: self._program(name, "node-exporter", "--web.listen-address"),
        }
        wanted = part_names(self.options)
        role = Task("monitoring-role", "exporter-postgres", self._role, ("databases",))
        return [role, *(make[name](name) for name in COMPONENTS if name in wanted)]

    def _postgres(self, name: str, server: PostgresServer) -> Program:
        source = f"{server.url(role=ROLE, password=self._password)}?sslmode=disable"
        after = ("monitoring-role", "replica")
        return self._program(
            name, "postgres-exporter", "--web.listen-address", after, DATA_SOURCE_NAME=source
        )

    def _valkey(self, name: str) -> Program:
        server = self.addresses.valkey
        address, password = f"redis://127.0.0.1:{server.port}", server.password or ""
        return self._program(
            name, "redis-exporter", "-web.listen-address", REDIS_ADDR=address, REDIS_PASSWORD=password
        )

    def _program(
        self, name: str, tool: str, listen: str, after: tuple[str, ...] = (), **environment: str
    ) -> Program:
        port = self.addresses.ports[name]
        return Program(
            name=name,
            command=[*Tools().command(tool), f"{listen}=127.0.0.1:{port}"],
            environment=environment,
            healthy=partial(http_ok, f"{self.addresses.http(name)}/"),
            port=port,
            after=after,
            tier=TIER,
        )

    @property
    def _password(self) -> str:
        return self.credentials.password(f"database.{ROLE}")

    async def _role(self) -> str:
        """Makes the role that may read statistics and nothing else; repeatable. Raises PartFailed."""
        try:
            await self._ensure_role()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise PartFailed(f"the role {ROLE} could not be made: {error}") from error
        return "may read the statistics"

    async def _ensure_role(self) -> None:
        connection = await asyncpg.connect(self.addresses.postgres.url())
        try:
            await connection.execute(ROLE_LOCK)
            await connection.execute(ITERATIONS)
            password = await connection.fetchval("SELECT quote_literal($1::text)", self._password)
            known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", ROLE)
            await connection.execute(
                f"{'ALTER' if known else 'CREATE'} ROLE {ROLE} LOGIN PASSWORD {password}"
            )
            await connection.execute(GRANTS)
        finally:
            await connection.close()
