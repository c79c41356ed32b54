"""`python -m service_template loyalty`: writes the files, and says what comes next. docs/how-to/add-a-service.md."""

from __future__ import annotations

import argparse
import itertools
import keyword
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from copier import run_copy

from service_template.insertions import CannotInsert, inserted
from stack.services import NAMES, PLATFORM, SERVICES, Service

HERE = Path(__file__).parent
ROOT = HERE.parent
NEXT = """\
{name} is written. `git status` lists the files that are its own, `git diff` what it has in others.

  make up                                          starts it with the others, at /api/{name} of the gateway
  .venv/bin/pytest services/{name} tests/workflows    its tests, and whether every list has it
  make lint types contracts compat                 all of these are green now

Then: put its own domain in the place of services/{name}/{name}_service/notes (docs/how-to/add-a-service.md), say in
its README.md and in the root's table what it owns, and correct what README.md and ARCHITECTURE.md draw and count."""
RESERVED = {
    **dict.fromkeys(("containers", "fakes", "gateway", "k8s", "monitoring", "shared"), "a folder"),
    **dict.fromkeys(("stack", "testing", "tests"), "a folder"),
    **dict.fromkeys(("service", "whole"), "a workflow"),
    **dict.fromkeys(("databases", "networks", "partners", "postgres", "redis", "replica", "sandbox", "supervisor",
                     "valkey"), "a part of the stack"),
    **dict.fromkeys(("kong", "kustomization", "namespace", "network", "processes", "settings"), "a part of k8s/"),
    **dict.fromkeys(("none", "public", "template0", "template1"), "PostgreSQL's"),
}  # fmt: skip


class WrongName(Exception):
    """Says what is wrong with it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0; 1 where a file is not as it is expected, 2 for an invalid name. Then nothing was written."""
    parser = argparse.ArgumentParser(prog="python -m service_template", description=__doc__)
    parser.add_argument("name")
    name: str = parser.parse_args(arguments).name
    try:
        check_name(name, services=NAMES, paths=gateway_paths((ROOT / "gateway" / "kong.yml").read_text()))
        changed = inserted(ROOT, name, NAMES)
    except (WrongName, CannotInsert) as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, WrongName) else 1
    for path, text in changed.items():
        path.write_text(text)
    write(ROOT, name)
    print(NEXT.format(name=name))
    return 0


def write(root: Path, name: str) -> None:
    """The files of the service's own, in the house's format, which pyproject.toml says once it knows the service."""
    port, worker_port = free_ports(SERVICES)
    now = datetime.now(UTC)
    data = {"name": name, "Name": name.capitalize(), "port": port, "worker_port": worker_port,
            "day": f"{now:%Y_%m_%d}", "today": f"{now:%Y%m%d}"}  # fmt: skip
    run_copy(str(HERE), root, data=data, defaults=True, quiet=True)
    folder = root / "services" / name
    # What it needs is what shared needs, until its pyproject.toml says more.
    shutil.copy(root / "shared" / "requirements.lock", folder)
    ruff = Path(sys.executable).with_name("ruff")
    for command in (("check", "--quiet", "--fix", "--select", "I"), ("format", "--quiet")):
        subprocess.run([ruff, *command, folder], check=True, cwd=root)


def free_ports(services: Collection[Service]) -> tuple[int, int]:
    """The next usual ports of an API and of a worker."""
    taken = {port for service in services for port in (service.port, service.worker_port)}
    port = next(number for number in itertools.count(PLATFORM.port) if number not in taken)
    return port, next(n for n in itertools.count(PLATFORM.worker_port) if n not in taken | {port})


def check_name(name: str, *, services: Collection[str], paths: Mapping[str, str]) -> None:
    """Raises WrongName: a service's name becomes a Python package, a database with its role, a host and a path.

    `paths` are what follows /api/ at the gateway, with the service that it leads to.
    """
    if not name:
        raise WrongName("NAME= is missing: such as NAME=loyalty")
    if not re.fullmatch(r"[a-z][a-z0-9]{1,19}", name) or keyword.iskeyword(name):
        wanted = "2 to 20 lower-case letters and digits, a letter first, and no word of Python's"
        raise WrongName(f"NAME={name}: needed are {wanted}, such as NAME=loyalty")
    if name in services:
        raise WrongName(f"NAME={name}: this service is there already (services/{name})")
    if name in RESERVED:
        raise WrongName(f"NAME={name}: this is reserved, it is {RESERVED[name]}")
    if name in paths:
        raise WrongName(f"NAME={name}: /api/{name} leads to {paths[name]}")


def gateway_paths(kong: str) -> dict[str, str]:
    """What follows /api/ in kong.yml's closed routes, and the service that it leads to."""
    found: dict[str, str] = {}
    for line in kong.splitlines():
        if match := re.match(r"      - name: (\w+)-closed$", line):
            service = match[1]
        elif match := re.match(r"          - ~/api/([\w-]+)\(\?:/\|\$\)$", line):
            found[match[1]] = service
    return found


if __name__ == "__main__":
    sys.exit(main())
