"""The gateway's steps: kong.yml with this stack's keys and addresses in it, and the proxy that runs it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path

from gateway.run import SETTINGS_FILE
from stack.directory import RunDirectory
from stack.environment import Addresses, base_environment
from stack.errors import PartFailed
from stack.options import Options, part_names
from stack.services import SERVICES
from stack.steps import Program, Step, Task, fingerprint, http_ok, run_task

FIRST_REQUEST_SECONDS = 30.0


@dataclass(frozen=True)
class Gateway:
    """The gateway of one stack. `platform` is the environment of the platform service's commands."""

    directory: RunDirectory
    addresses: Addresses
    options: Options
    platform: Mapping[str, str]

    @property
    def state(self) -> Path:
        return self.directory.root / "gateway"

    @property
    def rendered(self) -> Path:
        return self.state / "kong.rendered.yml"

    def steps(self) -> list[Step]:
        apis = tuple(f"{service.name}-api" for service in SERVICES)
        return [
            Task("gateway-config", "gateway", self.configure, ("platform-data",)),
            self._program(),
            Task("first requests", "gateway", self._first_requests, ("gateway", *apis)),
        ]

    async def configure(self) -> str:
        """Renders kong.yml with the platform's public keys; a gateway that runs serves it at once."""
        self.state.mkdir(exist_ok=True)
        keys = self.state / "keys.json"
        before = self.rendered.read_bytes() if self.rendered.exists() else None
        await self._task("gateway-keys", ("platform_service", "keys", "export"), self.platform, output=keys)
        targets = [f"{service.name}={self._target(service.name)}" for service in SERVICES]
        arguments = [
            "--keys",
            str(keys),
            "--redis",
            self._redis(),
            "--output",
            str(self.rendered),
        ]
        arguments += ["--limit-scale", str(self.options.limit_scale)]
        if self.options.otlp_endpoint:
            arguments += [
                "--otlp",
                self.options.otlp_endpoint,
                "--trace-ratio",
                str(self.options.trace_ratio),
            ]
        arguments += [part for target in targets for part in ("--target", target)]
        await self._task("gateway-render", ("gateway", "render", *arguments))
        if before in (None, self.rendered.read_bytes()):
            return "configuration unchanged" if before else "configuration made"
        if (
            self.state / SETTINGS_FILE
        ).exists():  # absent when the last `up` ended before the gateway had ever run
            await self._task("gateway-reload", ("gateway", "reload", *self._files()))
        return "configuration changed"

    def _redis(self) -> str:
        """Without its password, which a rendered file does not carry; the local gateway counts in its own memory."""
        return f"redis://127.0.0.1:{self.addresses.valkey.port}/0"

    def _target(self, service: str) -> str:
        return f"127.0.0.1:{self.addresses.ports[f'{service}-api']}"

    def _files(self) -> list[str]:
        return ["--config", str(self.rendered), "--state-dir", str(self.state)]

    async def _task(
        self,
        name: str,
        module: Sequence[str],
        environment: Mapping[str, str] | None = None,
        output: Path | None = None,
    ) -> None:
        await run_task(self.directory, name, module, environment or base_environment(), output=output)

    def _program(self) -> Program:
        port, admin = self.addresses.ports["gateway"], self.addresses.ports["gateway-admin"]
        address = ["--port", str(port), "--admin-port", str(admin)]
        return Program(
            name="gateway",
            command=[sys.executable, "-m", "gateway", "run", *self._files(), *address],
            environment={"SOURCES": fingerprint("gateway")},
            healthy=partial(http_ok, f"{self.addresses.http('gateway-admin')}/ready"),
            port=port,
            after=("gateway-config",),
            tier=90,
        )

    async def _first_requests(self) -> str:
        """Waits until every service that was asked for has answered through the gateway. Raises PartFailed."""
        deadline = time.monotonic() + FIRST_REQUEST_SECONDS
        wanted = part_names(self.options)
        for service in (service for service in SERVICES if f"{service.name}-api" in wanted):
            url = self.addresses.http("gateway") + service.probe
            status = HTTPStatus.UNAUTHORIZED if service.closed else HTTPStatus.OK
            while not await asyncio.to_thread(partial(http_ok, url, status=status)):
                if time.monotonic() > deadline:
                    raise PartFailed(f"{url} does not answer {status}: `make logs SERVICE=gateway`")
                await asyncio.sleep(0.05)
        return "answered through the gateway"
