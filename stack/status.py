"""What a stack shows to people and tools: the table of its parts, `stack.json`, the ends of its logs."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from stack.control import Control
from stack.directory import RunDirectory, write_private
from stack.environment import USERS, Addresses
from stack.errors import StackError, WrongArgument
from stack.options import PARTS, allowed_names, matching, one_of, role, worker_names
from stack.plan import Stack
from stack.services import SERVICES
from stack.steps import Program
from stack.supervisor import State

ROW = "{:<18} {:<10} {:>8} {:>6} {:>10} {:>9}  {}"
LOGGED_TASKS = ("data", "keys", "render", "reload")


def show_status(directory: RunDirectory) -> bool:
    """Prints the table; whether all is up."""
    control = Control(directory)
    supervisor = control.supervisor()
    if supervisor is None:
        left = sorted({entry.part for entry in control.processes()})
        print(
            f"left without supervisor, `make up` recovers: {', '.join(left)}"
            if left
            else "nothing runs: `make up`"
        )
        return False
    states = supervisor.states()
    print(ROW.format("part", "state", "pid", "port", "uptime", "memory", "health"))
    healthy = [
        _show(program, states[program.name]) for program in control.running_stack(supervisor).programs()
    ]
    return all(healthy)


def _show(program: Program, state: State) -> bool:
    healthy = bool(state.pid) and program.healthy()
    uptime = str(timedelta(seconds=int(state.uptime_seconds))) if state.pid else "-"
    memory = f"{_megabytes(state.pid):.0f} MB" if state.pid else "-"
    health = "ok" if healthy else "not ready" if state.pid else "down"
    print(ROW.format(program.name, state.state, state.pid or "-", program.port, uptime, memory, health))
    return healthy


def _megabytes(pid: int) -> float:
    """Memory of a process and its children; what they share is counted once where the system tells."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                memory = member.memory_full_info()
                total += getattr(memory, "pss", memory.rss)
    return total / 2**20


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
            "prometheus": content["prometheus"], "alertmanager": content["alertmanager"],
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
        "prometheus": addresses.http("prometheus") if "prometheus" in running else None,
        "alertmanager": addresses.http("alertmanager") if "alertmanager" in running else None,
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
    """The metrics addresses of each service's running processes; the gateway lets nobody through to them."""
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


def selected_parts(environment: Mapping[str, str]) -> list[str]:
    """The parts that SERVICE names, by default all. Raises WrongArgument."""
    name = environment.get("SERVICE")
    parts = matching(name) if name else list(PARTS)
    if not parts:
        raise WrongArgument(f"SERVICE={name}: allowed are {', '.join(allowed_names())}")
    return parts


def show_logs(directory: RunDirectory, environment: Mapping[str, str]) -> None:
    """Becomes `tail`. FOLLOW=1 goes on with what is written next. Raises StackError where nothing has run yet."""
    follow = one_of(environment, "FOLLOW", ("0", "1")) == "1"
    files = _files(directory, selected_parts(environment))
    if not files:
        raise StackError("no log yet: `make up`")
    tail = shutil.which("tail")
    if tail is None:
        raise StackError(f"there is no `tail` here; the logs are {', '.join(map(str, files))}")
    signal.signal(
        signal.SIGPIPE, signal.SIG_DFL
    )  # Python ignores it, and `make logs | head` would get a complaint
    os.execv(tail, ["tail", "-n", "100", *(["-F"] if follow else []), *map(str, files)])  # noqa: S606


def _files(directory: RunDirectory, parts: list[str]) -> list[Path]:
    """Logs of the parts, and of the tasks done for them."""
    names = {part.rsplit("-", 1)[0] for part in parts}
    tasks = [f"{name}-{task}" for name in sorted(names) for task in LOGGED_TASKS]
    more = [
        path.stem
        for path in sorted(directory.log("x").parent.glob("*-worker-*.log"))
        if role(path.stem) in parts
    ]
    return [path for path in map(directory.log, (*tasks, *parts, *more)) if path.exists()]
