"""A gateway of the tests' own: echo services, keys, and the local gateway in front of them on free ports."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import yaml

from stack.services import NAMES, SERVICES
from testing.local_servers.process import free_port
from tests.gateway.tokens import Signer, new_key

ROOT = Path(__file__).parents[2]
ORIGINS = ("http://localhost:3000", "https://app.example.com")
LIMIT_SCALE = 0.05
SLOW_SERVICE, SLOW_MS = "ai", 700
"""One service's read timeout is short, so that a test need not wait for the real one."""


@dataclass
class LocalGateway:
    """What a test may know of the gateway, and do to it."""

    folder: Path
    signer: Signer
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in NAMES})
    port: int = field(default_factory=free_port)
    beside: dict[str, str] = field(default_factory=dict)
    """By service: what follows its address when it is rendered, such as a weight and a canary's address."""
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        """The rendered file."""
        return self.folder / "kong.rendered.yml"

    def render(self) -> None:
        """Writes the rendered file for the signer's keys, as an operator would."""
        keys = self.folder / "keys.json"
        keys.write_text(json.dumps(self.signer.public()))
        arguments = ["--keys", str(keys), "--output", str(self.config), "--limit-scale", str(LIMIT_SCALE)]
        arguments += [
            f"--target={name}=127.0.0.1:{port}{self.beside.get(name, '')}"
            for name, port in self.ports.items()
        ]
        arguments += [f"--origin={origin}" for origin in ORIGINS] + self.more_to_render()
        self._gateway("render", *arguments)
        data = yaml.safe_load(self.config.read_text())
        for service in data["services"]:
            if service["host"] == f"{SLOW_SERVICE}-upstream":
                service["read_timeout"] = SLOW_MS
        self.config.write_text(yaml.safe_dump(data, sort_keys=False))

    def more_to_render(self) -> list[str]:
        """Further arguments of `gateway render`."""
        return []

    def reload(self) -> None:
        """Renders again, and makes the running gateway serve it."""
        self.render()
        self.reload_gateway()

    def start(self) -> None:
        """Starts the services and the gateway, and waits until each answers through it."""
        for name in NAMES:
            self._start_service(name)
        self.render()
        self.start_gateway()
        for name in NAMES:
            self._wait_for(name)

    def start_gateway(self) -> None:
        """Starts what stands before the services, with the rendered file."""
        state = ("--state-dir", str(self.folder / "state"))
        self._run("gateway", "gateway", "run", "--config", str(self.config), "--port", str(self.port), *state)

    def reload_gateway(self) -> None:
        """Makes it serve the rendered file as it is now."""
        self._gateway("reload", "--config", str(self.config), "--state-dir", str(self.folder / "state"))

    def stop(self) -> None:
        """Ends what was started, without waiting for answers that are still being slept on."""
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.wait(timeout=10)

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """One service is killed, and back afterwards."""
        process = self._processes.pop(name)
        process.kill()
        process.wait(timeout=10)
        try:
            yield
        finally:
            self._start_service(name)
            self._wait_for(name)

    def _start_service(self, name: str) -> None:
        self._run(name, "tests.gateway.echo", name, str(self.ports[name]))

    def _run(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", *arguments]
            self._processes[name] = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def _gateway(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "gateway", *arguments]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0, result.stderr

    def _wait_for(self, name: str) -> None:
        address = self.url + next(service.probe for service in SERVICES if service.name == name)

        def answers() -> bool:
            try:
                return httpx.get(address, headers=self.signer.headers(), timeout=2).status_code == 200
            except httpx.TransportError:
                return False

        wait_until(answers)


def from_address(url: str, address: str) -> httpx.Client:
    """A client at another address of this machine: with limits of its own."""
    return httpx.Client(base_url=url, transport=httpx.HTTPTransport(local_address=address), timeout=20)


def wait_until(holds: Callable[[], bool], *, within: float = 20) -> None:
    """Asks until it holds; AssertionError after `within` seconds."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.05)


def new_signer() -> Signer:
    """Two signing keys."""
    return Signer({"2026-11": new_key(), "2026-12": new_key()})
