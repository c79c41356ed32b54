"""compose.yaml as it runs on this machine: passwords, the payment sandbox beside it, development data in it."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass

from containers import CACHE, ROOT
from containers.engine import ContainerError, Engine, install, run, say
from containers.images import OUTSIDE, Builder, tag
from fakes.payments import page
from stack.directory import new_fernet_key
from stack.services import NAMES

PASSWORDS = CACHE / "compose.json"
PROJECT = "softfactory"
SANDBOX_PORT = 8120
WEBHOOK = "http://gateway:8000/api/payment/webhook"
COLLECTOR = "http://otel-collector:4318"
GATEWAY_SECONDS, LOOK_SECONDS = 60.0, 0.5
USERS = {"admin": "admin@softfactory.dev", "demo": "demo@softfactory.dev"}


@dataclass(frozen=True)
class Composition:
    """One project of compose.yaml. `settings` go over the passwords made for it, and the environment over both."""

    engine: Engine
    project: str = PROJECT
    gateway_port: int = 8000
    sandbox_port: int = SANDBOX_PORT

    @property
    def gateway(self) -> str:
        """The one published address."""
        return f"http://localhost:{self.gateway_port}"

    @property
    def users(self) -> dict[str, dict[str, str]]:
        """The seeded users."""
        known = passwords()
        return {
            who: {"email": email, "password": known[f"SEED_{who.upper()}_PASSWORD"]}
            for who, email in USERS.items()
        }

    def up(self) -> dict[str, str]:
        """Builds the images, starts everything and seeds it; what to tell people: addresses and passwords."""
        builder = Builder.on(self.engine)
        builder.everything()
        images = {name.upper(): value for name, value in vars(builder.names).items()}
        environment = self._environment(images)
        self._compose(environment, "up", "--detach")
        if self._sandboxed(environment):
            self._start_sandbox(environment)
        self._reload_gateway(environment)
        if environment.get("ENVIRONMENT", "development") != "production":
            self._seed(environment)
        return {"gateway": self.gateway, **{user["email"]: user["password"] for user in self.users.values()}}

    async def execute(self, service: str, statement: str) -> None:
        """One statement in a service's database, by its own role."""
        password = f"PGPASSWORD={passwords()[f'{service.upper()}_DATABASE_PASSWORD']}"
        psql = (
            "psql",
            "-h",
            "127.0.0.1",
            "-U",
            service,
            "-d",
            service,
            "-v",
            "ON_ERROR_STOP=1",
            "-Xqc",
            statement,
        )
        command = ("exec", "-T", "--env", password, "postgres", *psql)
        await asyncio.to_thread(self._compose, self._environment({}), *command)

    def down(self, *, volumes: bool) -> None:
        """Stops and removes the containers, and with `volumes` the data too."""
        self.engine.ok("rm", "--force", "--volumes", self._sandbox_name)
        environment = self._environment({}) | {"COMPOSE_PROFILES": "watch"}
        self._compose(environment, "down", "--remove-orphans", *(["--volumes"] if volumes else []))

    @property
    def _sandbox_name(self) -> str:
        return f"{self.project}-payment-sandbox"

    def _environment(self, images: Mapping[str, str]) -> dict[str, str]:
        known = passwords()
        sandbox = {
            "STRIPE_API_URL": f"http://sandbox:{SANDBOX_PORT}",
            "PUBLIC_URL": self.gateway,
        }
        given = {name: value for name, value in os.environ.items() if value}
        own = {"GATEWAY_PORT": str(self.gateway_port), "IMAGE_TAG": tag(), **images}
        environment = {**known, **sandbox, **given, **self.engine.environment, **own}
        if environment.get("WATCH") == "1":
            environment = {"OTLP_ENDPOINT": COLLECTOR, **environment, "COMPOSE_PROFILES": "watch"}
        if self._sandboxed(environment):
            environment.setdefault("BILLING_PAGE", f"http://localhost:{self.sandbox_port}{page.BILLING}")
        return environment

    def _sandboxed(self, environment: Mapping[str, str]) -> bool:
        return "//sandbox:" in environment["STRIPE_API_URL"]

    def _start_sandbox(self, environment: Mapping[str, str]) -> None:
        """The payment provider is outside the platform, and therefore not in compose.yaml."""
        self.engine.ok("rm", "--force", self._sandbox_name)
        secret = [
            f"--env={name}={environment[name]}" for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")
        ]
        self.engine.run(
            "run", "--detach", "--name", self._sandbox_name, "--network", f"{self.project}_default",
            "--network-alias", "sandbox", "--publish", f"127.0.0.1:{self.sandbox_port}:{SANDBOX_PORT}", *secret,
            OUTSIDE, "fakes.payments", "--host", "0.0.0.0", "--port", str(SANDBOX_PORT),
            "--data", "/data/sandbox.sqlite",
            "--webhook-url", WEBHOOK, "--url", f"http://localhost:{self.sandbox_port}",
        )  # fmt: skip

    def _reload_gateway(self, environment: Mapping[str, str]) -> None:
        """Gives the new kong.yml to a gateway that ran before. One that has just started cannot be told anything until
        it answers, and `up --detach` does not wait for that."""
        in_gateway = ("exec", "-T", "gateway", "kong")
        deadline = time.monotonic() + GATEWAY_SECONDS
        while True:
            try:
                self._compose(environment, *in_gateway, "health")
                break
            except ContainerError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_SECONDS)
        self._compose(environment, *in_gateway, "reload")

    def _seed(self, environment: Mapping[str, str]) -> None:
        given = [part for who in USERS for part in ("-e", f"SEED_{who.upper()}_PASSWORD")]
        for name in NAMES:
            self._compose(environment, "run", "--rm", "--no-deps", "-T", *given, name, "seed")

    def _compose(self, environment: Mapping[str, str], *arguments: str) -> None:
        since = time.monotonic()
        command = self._command()
        run((*command, "--project-name", self.project, "--file", str(ROOT / "compose.yaml"), *arguments),
            environment=environment)  # fmt: skip
        say("compose", " ".join(part for part in arguments if part.islower() and part[0] != "-"), since)

    def _command(self) -> tuple[str, ...]:
        if self.engine.ok("compose", "version"):
            return ("docker", "compose")
        if not shutil.which("docker-compose"):
            if not self.engine.ours:
                raise ContainerError("docker compose is missing: install Docker's compose plugin")
            install("docker-compose")
        return ("docker-compose",)


def passwords() -> dict[str, str]:
    """Those of the local composition, made once, readable by their owner only."""
    known: dict[str, str] = json.loads(PASSWORDS.read_text()) if PASSWORDS.exists() else {}
    made = {**_new_passwords(), **known}
    if made != known:
        PASSWORDS.parent.mkdir(parents=True, exist_ok=True)
        PASSWORDS.touch(mode=0o600)
        PASSWORDS.write_text(json.dumps(made, indent=2) + "\n")
    return made


def _new_passwords() -> dict[str, str]:
    own = [f"{name.upper()}_{kind}" for name in NAMES for kind in ("DATABASE_PASSWORD", "SERVICE_SECRET")]
    plain = [
        "POSTGRES_PASSWORD",
        "MONITORING_DATABASE_PASSWORD",
        *own,
        *(f"SEED_{who.upper()}_PASSWORD" for who in USERS),
    ]
    return {name: secrets.token_urlsafe(32) for name in plain} | {
        "KEY_ENCRYPTION_KEYS": new_fernet_key(),
        "SNS_CREDENTIAL_KEYS": new_fernet_key(),
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
    }
