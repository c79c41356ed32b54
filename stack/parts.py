"""The table of what runs: names and usual ports."""

import re

from stack.options import Options
from stack.services import SERVICES

SERVER_PORTS = {
    "postgres": 8132,
    "replica": 8133,
    "valkey": 8179,
    "sandbox": 8120,
    "networks": 8121,
    "partners": 8122,
}
SERVICE_PORTS = {f"{service.name}-api": service.port for service in SERVICES} | {
    f"{service.name}-worker": service.worker_port for service in SERVICES
}
GATEWAY_ADMIN_PORT = 8098
WORKER_STEP = 100
"""Between the usual ports of one service's workers: 8113, 8213, 8313 and so on."""
PARTS = (*SERVER_PORTS, *SERVICE_PORTS, "gateway")


def worker_names(service: str, options: Options) -> list[str]:
    """The service's worker processes: `sns-worker`, `sns-worker-2` and so on."""
    count = options.scale.get(service, 1)
    return [f"{service}-worker", *(f"{service}-worker-{number}" for number in range(2, count + 1))]


def role(name: str) -> str:
    """The part of PARTS that a program is one of: `sns-worker-2` is an `sns-worker`."""
    return re.sub(r"-\d+$", "", name)


def part_names(options: Options) -> list[str]:
    """The programs that these options ask for, in the order in which people see them."""
    left_out = {
        name for name, wanted in (("gateway", options.gateway), ("replica", options.replica)) if not wanted
    }
    chosen = [
        name for name in PARTS if name not in left_out and (options.only is None or name in options.only)
    ]
    workers = {f"{service}-worker": worker_names(service, options) for service in options.scale}
    return [name for part in chosen for name in workers.get(part, [part])]


def wanted_ports(options: Options) -> dict[str, int]:
    """The usual port of every part. Those left out by `only` have theirs too: the others' settings name them."""
    ports = {**SERVER_PORTS, **SERVICE_PORTS}
    for service in options.scale:
        first, *more = worker_names(service, options)
        ports |= {name: SERVICE_PORTS[first] + WORKER_STEP * number for number, name in enumerate(more, 1)}
    if not options.replica:
        del ports["replica"]
    if options.gateway:
        ports |= {"gateway": options.gateway_port, "gateway-admin": GATEWAY_ADMIN_PORT}
    return ports


def matching(name: str) -> list[str]:
    """The parts that a person means by a service's name or a part's; none for an unknown name."""
    return [part for part in PARTS if part == name or part.startswith(f"{name}-")]


def allowed_names() -> list[str]:
    """What people may say where a part is asked for."""
    return [*(service.name for service in SERVICES), *PARTS]
