"""The platform in containers on a network of its own, reached from outside.

The databases are on one PostgreSQL, a primary and its streaming replica; that of APART has a server of its own.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import asyncpg

from containers import ROOT
from containers.images import OUTSIDE, Builder, image
from fakes.payments import page
from stack.directory import Credentials, RunDirectory
from stack.environment import USERS, Addresses, seed_environment, service_environment
from stack.options import Options
from stack.services import SERVICES, Service
from testing.local_servers.ports import free_port
from testing.local_servers.postgres import PostgresServer
from testing.local_servers.provision import ensure_database
from testing.local_servers.valkey import MAX_MEMORY, ValkeyServer

APART = "coocook"
API, WORKER, SANDBOX_PORT, POSTGRES_PORT = 8000, 8001, 8120, 5432
POSTGRES, APART_POSTGRES, REPLICA = "postgres", f"{APART}-postgres", "postgres-replica"
LOCKED_DOWN: dict[str, Any] = {
    "read_only": True,
    "writable": ["/tmp"],  # noqa: S108
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}
"""How compose.yaml and Kubernetes run our processes."""
STOP_SECONDS = 25


@dataclass(frozen=True)
class ContainerAddresses(Addresses):
    """Where the parts are for each other: by their names in the network."""

    gateway: str = ""

    def http(self, part: str) -> str:
        name = part.removesuffix("-api")
        return f"http://{name}:{self.ports.get(part, SANDBOX_PORT if name == 'sandbox' else API)}"

    def database(self, service: Service, credentials: Credentials, *, replica: bool = False) -> str:
        host = APART_POSTGRES if service.name == APART else REPLICA if replica else POSTGRES
        password = credentials.password(f"database.{service.name}")
        return f"postgresql://{service.name}:{password}@{host}:{POSTGRES_PORT}/{service.name}"

    @property
    def public(self) -> str:
        return self.gateway


@dataclass
class Fleet:
    """The containers by name, and what tests do to them."""

    builder: Builder
    folder: Path
    gateway_port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_port)
    containers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from testcontainers.core.network import (
            Network,
        )  # reads the environment, which the engine has set by now

        self.network = Network()
        self.credentials = Credentials(RunDirectory(self.folder))
        nowhere = self.folder / "nowhere"
        ports = {f"{service.name}-api": API for service in SERVICES}
        ports |= {f"{service.name}-worker": WORKER for service in SERVICES}
        self.addresses = ContainerAddresses(
            ports=ports,
            postgres=PostgresServer(nowhere, POSTGRES_PORT, ""),
            replica=None,
            valkey=ValkeyServer(nowhere, 6379),
            gateway=self.gateway,
        )

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def networks(self) -> str:
        return self.url("networks")

    @property
    def users(self) -> dict[str, dict[str, str]]:
        """The seeded users."""
        return {
            name: {"email": email, "password": self.credentials.password(f"user.{name}")}
            for name, email in USERS.items()
        }

    # -- from nothing to a platform that answers, and back

    def start(self) -> Self:
        """Returns when every service answers through the gateway."""
        self.network.create()
        at_once(
            lambda: self._postgres(POSTGRES),
            lambda: self._postgres(APART_POSTGRES),
            self._redis,
            self._sandbox,
            lambda: self._outside("networks", "fakes.networks", "/_fake/health"),
            lambda: self._outside("partners", "fakes.partners", "/health"),
        )
        asyncio.run(self._databases())
        self._replica()
        at_once(*(lambda s=service: self.once(s, "migrate") for service in SERVICES))
        at_once(*(lambda s=service: self.start_service(s) for service in SERVICES))
        for service in SERVICES:  # the others' data names platform's users
            self.once(service, "seed", **seed_environment(self.credentials))
        self._gateway()
        return self

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

    # -- services

    def settings(self, service: Service) -> dict[str, str]:
        """A service's environment: as the stack without Docker gives it, at other addresses."""
        # Browsers come from outside of the network.
        billing_page = f"http://127.0.0.1:{self.sandbox_port}{page.BILLING}"
        options = Options(billing_page=billing_page)
        settings = service_environment(service, self.addresses, self.credentials, options)
        settings |= {"REDIS_URL": "redis://redis:6379/0", "DRAIN_SECONDS": "5"}
        if service.name != APART:
            settings["REPLICA_URL"] = self.addresses.database(service, self.credentials, replica=True)
        del settings["PORT"], settings["WORKER_PORT"]  # the image's own
        return settings

    def start_service(self, service: Service, version: str | None = None) -> None:
        """Its API and its worker, from the image of this version; returns when both are ready."""
        at_once(*(lambda k=kind: self.start_process(service, k, version) for kind in ("api", "worker")))

    def start_process(self, service: Service, kind: str, version: str | None = None) -> None:
        """One more container of a service; an earlier one stays, as `<name>-old`, and answers to the same name."""
        from testcontainers.core.wait_strategies import HttpWaitStrategy

        name = service.name if kind == "api" else f"{service.name}-worker"
        port = API if kind == "api" else WORKER
        container = self._container(image(service.name, version), name, **LOCKED_DOWN)
        container.with_command([kind]).with_envs(**self.settings(service)).with_exposed_ports(port)
        container.waiting_for(HttpWaitStrategy(port, "/health/ready").for_status_code(200))
        if name in self.containers:
            self.containers[f"{name}-old"] = self.containers.pop(name)
        self.containers[name] = container
        container.start()

    def stop_old(self, service: Service, kind: str = "api") -> int:
        """Stops the earlier container as an orchestrator does, and removes it; its exit status."""
        name = service.name if kind == "api" else f"{service.name}-worker"
        container = self.containers.pop(f"{name}-old")
        container.get_wrapped_container().stop(timeout=STOP_SECONDS)
        status = int(container.get_wrapped_container().wait()["StatusCode"])
        container.stop()
        return status

    def once(self, service: Service, command: str, **environment: str) -> None:
        """Runs a command of the service to its end, in a container of its own."""
        container = self._container(image(service.name), f"{service.name}-{command}", **LOCKED_DOWN)
        container.with_command([command]).with_envs(**self.settings(service), **environment)
        with container:
            status = container.wait()
            assert status == 0, container.get_logs()

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

    # -- the parts

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

    def _sandbox(self) -> None:
        """The payment provider: browsers come to it from outside, so its address is known before."""
        from testcontainers.core.wait_strategies import HttpWaitStrategy

        container = self._container(OUTSIDE, "sandbox").with_bind_ports(SANDBOX_PORT, self.sandbox_port)
        container.with_env("STRIPE_SECRET_KEY", self.credentials.stripe_key())
        container.with_env("STRIPE_WEBHOOK_SECRET", self.credentials.webhook_secret())
        container.with_command([
            "fakes.payments", "--host", "0.0.0.0", "--port", str(SANDBOX_PORT),
            "--data", "/data/sandbox.sqlite",
            "--webhook-url", "http://gateway:8000/api/payment/webhook", "--url", f"http://127.0.0.1:{self.sandbox_port}",
        ])  # fmt: skip
        container.waiting_for(HttpWaitStrategy(SANDBOX_PORT, "/health").for_status_code(200))
        self.containers["sandbox"] = container
        container.start()

    def _outside(self, name: str, module: str, health: str) -> None:
        """Social networks that posts go to, or partner sites that are crawled."""
        from testcontainers.core.wait_strategies import HttpWaitStrategy

        container = self._container(OUTSIDE, name).with_exposed_ports(API)
        container.with_command([module, "--host", "0.0.0.0", "--port", str(API)])
        container.waiting_for(HttpWaitStrategy(API, health).for_status_code(200))
        self.containers[name] = container
        container.start()

    def _gateway(self) -> None:
        """KONG_IMAGE, with the settings that compose.yaml and Kubernetes give it."""
        from testcontainers.core.wait_strategies import HttpWaitStrategy

        config = self.folder / "kong"
        config.mkdir()
        render = ["--jwks", f"{self.url('platform')}/.well-known/jwks.json", "--limit-scale", "20"]
        command = [sys.executable, "-m", "gateway", "render", *render, "--output", str(config / "kong.yml")]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        config.chmod(0o755)
        (config / "kong.yml").chmod(0o644)
        writable = ("/tmp", "/kong_prefix")  # noqa: S108
        container = self._container(
            self.builder.names.kong_image, "gateway", read_only=True, writable=writable
        )
        container.with_env_file(ROOT / "gateway" / "kong.env").with_volume_mapping(config, "/kong")
        container.with_bind_ports(API, self.gateway_port)
        probe = next(service.probe for service in SERVICES if service.name == APART)
        container.waiting_for(HttpWaitStrategy(API, probe).for_status_code(200))
        self.containers["gateway"] = container
        container.start()


def at_once(*tasks: Any) -> None:
    """Runs them side by side; the first failure is raised when all have ended."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        for running in [pool.submit(task) for task in tasks]:
            running.result()
