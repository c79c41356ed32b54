"""Kong itself under the suite: an image by its name, or one that runs elsewhere and is reloaded by a command."""

from __future__ import annotations

import os
import secrets
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from containers import ROOT
from containers.engine import Engine, engine, find
from containers.images import LOCAL, OFFICIAL, chosen
from testing.local_servers.process import ServerProcess, free_port
from testing.local_servers.valkey import ValkeyServer
from tests.gateway.local import LocalGateway

RELOAD_SECONDS = 60
WRITABLE = ("--tmpfs", "/tmp", "--tmpfs", "/kong_prefix")  # noqa: S108


def kong_image() -> str | None:
    """KONG_IMAGE; where the user has an engine of their own, the official one can be pulled."""
    running = find()
    defaults = OFFICIAL if running and not running.ours else LOCAL
    image = chosen(defaults).kong_image
    return None if image == LOCAL.kong_image and not os.environ.get("KONG_IMAGE") else image


@dataclass
class KongContainer(LocalGateway):
    """KONG_IMAGE on this machine's own network, where the services are and clients keep their addresses."""

    image: str = ""
    name: str = field(default_factory=lambda: f"softfactory-kong-{secrets.token_hex(4)}")
    _open: ExitStack = field(default_factory=ExitStack)
    _redis: ServerProcess | None = None
    _redis_port: int = field(default_factory=free_port)

    @property
    def config(self) -> Path:
        """In a folder of its own, which is mounted: a file that is replaced would not be seen."""
        return self.folder / "kong" / "kong.yml"

    def more_to_render(self) -> list[str]:
        return ["--redis", f"redis://127.0.0.1:{self._redis_port}/0"]

    def render(self) -> None:
        self.config.parent.mkdir(exist_ok=True)
        super().render()
        self.config.parent.chmod(0o755)
        self.config.chmod(0o644)

    def start_gateway(self) -> None:
        server = ValkeyServer(self.folder / "valkey", self._redis_port)
        server.initialise()
        self._redis = server.start(log=self.folder / "valkey.log")
        self._engine: Engine = self._open.enter_context(engine())
        ports = {"PROXY": self.port, "STATUS": free_port()}
        listen = [f"--env=KONG_{name}_LISTEN=127.0.0.1:{port}" for name, port in ports.items()]
        self._engine.run(
            "run", "--detach", "--rm", "--name", self.name, "--network", "host", "--read-only",
            *WRITABLE, "--env-file", str(ROOT / "gateway" / "kong.env"), *listen,
            "--volume", f"{self.config.parent}:/kong:ro", self.image,
        )  # fmt: skip

    def reload_gateway(self) -> None:
        self._engine.run("exec", self.name, "kong", "reload")

    def stop(self) -> None:
        if hasattr(self, "_engine"):
            logs = self._engine.run("logs", self.name)
            (self.folder / "kong.log").write_text(logs.stdout + logs.stderr)
            self._engine.run("rm", "--force", self.name)
        self._open.close()
        if self._redis:
            self._redis.stop()
        super().stop()


@dataclass
class RemoteGateway(LocalGateway):
    """The gateway at `address`, which reads the file at `file` when `reload_command` is run."""

    address: str = ""
    file: Path = Path()
    reload_command: str = ""
    redis: str | None = None

    @property
    def url(self) -> str:
        return self.address

    @property
    def config(self) -> Path:
        return self.file

    def more_to_render(self) -> list[str]:
        return ["--redis", self.redis] if self.redis else []

    def start_gateway(self) -> None:
        self.reload_gateway()

    def reload_gateway(self) -> None:
        subprocess.run(self.reload_command, shell=True, check=True, timeout=RELOAD_SECONDS)  # noqa: S602
