"""The registry of services: each `services/<name>/service.toml` is one entry.

Whatever lists the services takes the list from here; what cannot, such as kong.yml, is held to it by
tests/workflows/test_registry.py. It has the standard library alone, for those who have nothing installed.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ENTRIES = Path(__file__).resolve().parent.parent / "services"


@dataclass(frozen=True)
class Service:
    """A service, with its usual ports on one machine and the PostgreSQL extensions that its database gets.

    `up` is done when the gateway answers at `probe`: with 200, or of a service without anything public, with 401.
    """

    name: str
    port: int
    worker_port: int
    probe: str
    extensions: tuple[str, ...] = ()
    closed: bool = False
    """Whether nothing of it is public."""

    @property
    def module(self) -> str:
        return f"{self.name}_service"

    @property
    def directory(self) -> Path:
        return ENTRIES / self.name


def read_services(entries: Path) -> tuple[Service, ...]:
    """Every service below a folder: platform first, whose users the others' data names, then by their ports."""
    found = [_read(path) for path in entries.glob("*/service.toml")]
    return tuple(sorted(found, key=lambda service: (service.name != "platform", service.port)))


def _read(path: Path) -> Service:
    entry = tomllib.loads(path.read_text())
    return Service(path.parent.name, **{**entry, "extensions": tuple(entry.get("extensions", ()))})


SERVICES = read_services(ENTRIES)
NAMES = tuple(service.name for service in SERVICES)
PLATFORM = next(service for service in SERVICES if service.name == "platform")
"""Knows the users and signs the tokens: the others need it."""
