"""`stack.json`: where everything is, for tools; and the same for people."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from stack.directory import write_private
from stack.environment import USERS, Addresses
from stack.plan import Stack
from stack.services import SERVICES


@dataclass(frozen=True)
class Summary:
    """What stack.json holds."""

    content: dict[str, Any]

    def lines(self) -> list[str]:
        """For the terminal."""
        services = [f"  {name:<18} {url}" for name, url in self.content["services"].items()]
        users = [
            f"  {name:<18} {user['email']}  {user['password']}"
            for name, user in self.content["users"].items()
        ]
        gateway = self.content["gateway"] or "none"
        return [
            f"  {'gateway':<18} {gateway}", *services, f"  {'payment sandbox':<18} {self.content['sandbox']}",
            f"  {'fake networks':<18} {self.content['networks']}",
            "Development users:", *users,
        ]  # fmt: skip


def write_summary(stack: Stack) -> Summary:
    """Writes stack.json, and returns what is in it."""
    addresses, credentials = stack.addresses, stack.credentials
    running = [program.name for program in stack.programs()]
    content = {
        "gateway": addresses.http("gateway") if "gateway" in running else None,
        "services": _addresses(addresses, running, "api"),
        "workers": _addresses(addresses, running, "worker"),
        "sandbox": addresses.http("sandbox") if "sandbox" in running else None,
        "networks": addresses.http("networks") if "networks" in running else None,
        "databases": {service.name: addresses.database(service, credentials) for service in SERVICES},
        "replicas": {
            service.name: addresses.database(service, credentials, replica=True)
            for service in (SERVICES if addresses.replica else ())
        },
        "redis": addresses.valkey.url(),
        "users": {
            name: {"email": email, "password": credentials.password(f"user.{name}")} for name, email in USERS.items()
        },
        "ports": {name: addresses.ports[name] for name in running},
    }  # fmt: skip
    write_private(stack.directory.summary, json.dumps(content, indent=2) + "\n")
    return Summary(content)


def _addresses(addresses: Addresses, running: Collection[str], kind: str) -> dict[str, str]:
    names = {service.name: f"{service.name}-{kind}" for service in SERVICES}
    return {name: addresses.http(part) for name, part in names.items() if part in running}
