"""`stack.json`: where everything is, for tools; and the same for people."""

import json
from dataclasses import dataclass
from typing import Any

from stack.directory import RunDirectory, read_json, write_private
from stack.environment import USERS
from stack.plan import Stack
from stack.services import SERVICES
from stack.supervision import Supervisor


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
            "Development users:", *users,
        ]  # fmt: skip


def write_summary(stack: Stack, supervisor: Supervisor) -> Summary:
    """Writes stack.json, and returns what is in it."""
    addresses, credentials = stack.addresses, stack.credentials
    running = [program.name for program in stack.programs()]
    content = {
        "gateway": addresses.http("gateway") if "gateway" in running else None,
        "services": {service.name: addresses.http(f"{service.name}-api") for service in SERVICES},
        "workers": {service.name: addresses.http(f"{service.name}-worker") for service in SERVICES},
        "sandbox": addresses.http("sandbox"),
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
        "pids": {name: state.pid for name, state in supervisor.states().items()},
    }  # fmt: skip
    write_private(stack.directory.summary, json.dumps(content, indent=2) + "\n")
    return Summary(content)


def read_summary(directory: RunDirectory) -> dict[str, Any]:
    """What the last `up` wrote; empty where none has."""
    return read_json(directory.summary)
