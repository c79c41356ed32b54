"""The steps of `up`: which programs and tasks a stack is made of, and what needs what."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from stack.databases import ServiceData, create_databases, postgres_program, replica_program, valkey_program
from stack.directory import Credentials, RunDirectory
from stack.environment import Addresses, base_environment, seed_environment, service_environment
from stack.gateway import Gateway
from stack.monitoring import Monitoring
from stack.options import Options, part_names, worker_names
from stack.services import PLATFORM, SERVICES, Service
from stack.steps import Program, Step, Task, fingerprint, http_ok

WEBHOOK_PATH = "/api/payment/webhook"


@dataclass(frozen=True)
class Stack:
    """One stack with its addresses and secrets: all that its steps are made of."""

    directory: RunDirectory
    options: Options
    credentials: Credentials
    addresses: Addresses

    def steps(self) -> list[Step]:
        """Everything that `up` does for the parts that the options ask for."""
        wanted = part_names(self.options)
        every = [*self._servers(), *(step for service in SERVICES for step in self._service(service))]
        if self.options.gateway:
            every += self.gateway().steps()
        if self.options.watch:
            every += self.monitoring().steps()
        return [step for step in every if (step.part if isinstance(step, Task) else step.name) in wanted]

    def programs(self) -> list[Program]:
        """The steps that stay."""
        return [step for step in self.steps() if isinstance(step, Program)]

    def command_environment(self, service: Service) -> dict[str, str]:
        """What a command of the service that is run by hand needs."""
        return base_environment() | self._settings(service) | seed_environment(self.credentials)

    def _settings(self, service: Service) -> dict[str, str]:
        return service_environment(service, self.addresses, self.credentials, self.options)

    def gateway(self) -> Gateway:
        """The gateway, which takes its public keys from the platform service."""
        platform = self.command_environment(PLATFORM)
        return Gateway(self.directory, self.addresses, self.options, platform)

    def monitoring(self) -> Monitoring:
        """What watches the other parts."""
        return Monitoring(self.directory, self.addresses, self.credentials, self.options)

    def _servers(self) -> list[Step]:
        create = partial(create_databases, self.addresses.postgres, self.credentials)
        steps: list[Step] = [
            postgres_program(self.addresses.postgres),
            Task("databases", "postgres", create, ("postgres",)),
            valkey_program(self.addresses.valkey),
            self._sandbox(),
            self._networks(),
            self._partners(),
        ]
        if self.addresses.replica:
            steps.append(replica_program(self.addresses.postgres, self.addresses.replica))
        return steps

    def _sandbox(self) -> Program:
        url, port = self.addresses.http("sandbox"), self.addresses.ports["sandbox"]
        webhooks = f"{self.addresses.http('platform-api')}{WEBHOOK_PATH}"
        return Program(
            name="sandbox",
            command=[
                sys.executable, "-m", "fakes.payments", "--port", str(port),
                "--data", str(self.directory.data / "sandbox.sqlite"), "--webhook-url", webhooks,
            ],
            environment={
                "STRIPE_WEBHOOK_SECRET": self.credentials.webhook_secret(),
                "STRIPE_SECRET_KEY": self.credentials.stripe_key(),
                "SOURCES": fingerprint("shared/shared/payments"),
            },
            healthy=partial(http_ok, f"{url}/health"),
            port=port,
            tier=40,
        )  # fmt: skip

    def _networks(self) -> Program:
        """Fake social networks, for development only: production speaks to the real ones."""
        port = self.addresses.ports["networks"]
        return Program(
            name="networks",
            command=[sys.executable, "-m", "fakes.networks", "--port", str(port)],
            environment={"SOURCES": fingerprint("fakes/networks")},
            healthy=partial(http_ok, f"{self.addresses.http('networks')}/_fake/health"),
            port=port,
            tier=40,
        )

    def _partners(self) -> Program:
        port = self.addresses.ports["partners"]
        return Program(
            name="partners",
            command=[sys.executable, "-m", "fakes.partners", "--port", str(port)],
            environment={"SOURCES": fingerprint("fakes/partners.py")},
            healthy=partial(http_ok, f"{self.addresses.http('partners')}/health"),
            port=port,
            tier=40,
        )

    def _service(self, service: Service) -> list[Step]:
        settings = self._settings(service)
        running = settings | {"SOURCES": fingerprint("shared/shared", f"services/{service.name}")}
        data = self._data(service, settings)
        ready = (data.name, "valkey", "replica")
        return [
            data,
            self._process(service, "api", running, f"{service.name}-api", after=ready),
            *(
                self._process(
                    service,
                    "worker",
                    running | {"WORKER_PORT": str(self.addresses.ports[name])},
                    name,
                    after=ready,
                )
                for name in worker_names(service.name, self.options)
            ),
        ]

    def _data(self, service: Service, settings: Mapping[str, str]) -> Task:
        data = ServiceData(self.directory, service, {**settings, **seed_environment(self.credentials)})
        after = ("databases", "valkey", "replica")
        return Task(f"{service.name}-data", f"{service.name}-api", data.bring_up_to_date, after)

    def _process(
        self,
        service: Service,
        kind: str,
        environment: Mapping[str, str],
        name: str,
        *,
        after: tuple[str, ...],
    ) -> Program:
        return Program(
            name=name,
            command=[sys.executable, "-m", service.module, kind],
            environment=environment,
            healthy=partial(http_ok, f"{self.addresses.http(name)}/health/ready"),
            port=self.addresses.ports[name],
            after=after,
        )
