"""The platform in containers on a network of its own, reached from outside."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

from containers import ROOT
from containers.images import OUTSIDE, image
from fakes.payments import page
from stack.directory import Credentials
from stack.environment import USERS, Addresses, seed_environment, service_environment
from stack.options import Options
from stack.services import SERVICES, Service
from testing.local_servers.postgres import PostgresServer
from testing.local_servers.process import free_port
from testing.local_servers.valkey import ValkeyServer
from tests.integration.containers.servers import (
    APART,
    APART_POSTGRES,
    API,
    POSTGRES,
    POSTGRES_PORT,
    REPLICA,
    Servers,
)

WORKER, SANDBOX_PORT = 8001, 8120
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
class Fleet(Servers):
    """The whole platform, and what tests do to its services."""

    gateway_port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        super().__post_init__()
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

    # -- what is around the services

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
