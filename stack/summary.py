"""`stack.json`: where everything is, for tools; and the same for people."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from stack.directory import write_private
from stack.environment import USERS, Addresses
from stack.parts import worker_names
from stack.plan import Stack
from stack.services import SERVICES


@dataclass(frozen=True)
class Summary:
    """What stack.json holds."""

    content: dict[str, Any]

    def lines(self) -> list[str]:
        """For the terminal."""
        content = self.content
        parts = {
            "gateway": content["gateway"], **content["services"],
            "payment sandbox": content["sandbox"], "fake networks": content["networks"],
        }  # fmt: skip
        metrics = {name: "  ".join(urls) for name, urls in content["metrics"].items()}
        users = {name: f"{user['email']}  {user['password']}" for name, user in content["users"].items()}
        return [
            *_rows({name: url for name, url in parts.items() if url}),
            *_section("Metrics of the API and the workers:", metrics),
            *_section("Development users:", users if "platform" in content["services"] else {}),
        ]


def write_summary(stack: Stack) -> Summary:
    """Writes stack.json, and returns what is in it."""
    addresses, credentials = stack.addresses, stack.credentials
    running = [program.name for program in stack.programs()]
    content = {
        "gateway": addresses.http("gateway") if "gateway" in running else None,
        "services": _addresses(addresses, running, "api"),
        "workers": _addresses(addresses, running, "worker"),
        "metrics": _metrics(stack, running),
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


def _metrics(stack: Stack, running: Collection[str]) -> dict[str, list[str]]:
    """Of each service's processes that run; the gateway lets nobody through to them."""
    processes = {
        service.name: [f"{service.name}-api", *worker_names(service.name, stack.options)]
        for service in SERVICES
    }
    found = {
        name: [f"{stack.addresses.http(part)}/metrics" for part in parts if part in running]
        for name, parts in processes.items()
    }
    return {name: urls for name, urls in found.items() if urls}


def _section(heading: str, values: Mapping[str, str]) -> list[str]:
    return [heading, *_rows(values)] if values else []


def _rows(values: Mapping[str, str]) -> list[str]:
    return [f"  {name:<18} {value}" for name, value in values.items()]


def _addresses(addresses: Addresses, running: Collection[str], kind: str) -> dict[str, str]:
    names = {service.name: f"{service.name}-{kind}" for service in SERVICES}
    return {name: addresses.http(part) for name, part in names.items() if part in running}
