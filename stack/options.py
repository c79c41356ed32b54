"""The options of the stack, given by variables of `make`, and the table of what runs: names and usual ports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from monitoring.errors import WrongSetting
from monitoring.receivers import receivers
from stack.errors import WrongArgument
from stack.services import NAMES, SERVICES

MAX_WORKERS = 16
GATEWAYS = ("envoy", "none")
RESERVATION_SETTINGS = ("RESERVATION_SECONDS", "ACCEPTED_RESERVATION_SECONDS", "MAX_UNPAID_RESERVATIONS")
DEFAULT_GATEWAY_PORT = 8000
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
WATCH_PORTS = {
    "exporter-postgres": 8192,
    "exporter-replica": 8193,
    "exporter-valkey": 8194,
    "exporter-node": 8195,
    "alertmanager": 8191,
    "prometheus": 8190,
}
"""What WATCH=1 adds."""
WORKER_STEP = 100
"""Between the usual ports of one service's workers: 8113, 8213, 8313 and so on."""
PARTS = (*SERVER_PORTS, *SERVICE_PORTS, "gateway", *WATCH_PORTS)


@dataclass(frozen=True)
class Options:
    """The options of the next `up`."""

    gateway: bool = True
    gateway_port: int = DEFAULT_GATEWAY_PORT
    replica: bool = False
    watch: bool = False
    """Whether Prometheus, Alertmanager and the exporters run beside the rest."""
    scrape: str = "5s"
    """How often Prometheus scrapes; tests do not wait as long."""
    log_level: str = "info"
    limit_scale: float = 1.0
    """Multiplies every rate limit of the gateway, for tests and benchmarks."""
    reservations: Mapping[str, str] = field(default_factory=dict)
    """Settings of coocook, which validates them itself."""
    publish_at_a_time: str | None = None
    """Sns': how many posts its worker has on their way, for tests that fill its queue."""
    alerts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Whom Alertmanager tells (monitoring/receivers.py), with secrets."""
    billing_page: str | None = None
    """Platform's; by default the page with which the payment sandbox stands in for the app's."""
    otlp_endpoint: str | None = None
    """The collector that gets the spans of all processes, of the share `trace_ratio` of the requests."""
    trace_ratio: float = 1.0
    fsync: bool = True
    free_ports: bool = False
    only: frozenset[str] | None = None
    scale: Mapping[str, int] = field(default_factory=dict)
    """How many workers a service has, where that is not one."""


def read_options(environment: Mapping[str, str], *, only: frozenset[str] | None = None) -> Options:
    """The options in the environment. Raises WrongArgument, which says what is allowed."""
    return Options(
        gateway=one_of(environment, "GATEWAY", GATEWAYS) == "envoy",
        gateway_port=_port(environment, "GATEWAY_PORT", DEFAULT_GATEWAY_PORT),
        replica=one_of(environment, "REPLICAS", ("0", "1")) == "1",
        watch=one_of(environment, "WATCH", ("0", "1")) == "1",
        scrape=one_of(environment, "STACK_SCRAPE", ("5s", "1s")),
        log_level=one_of(environment, "LOG_LEVEL", ("info", "debug", "warning", "error")),
        limit_scale=_scale(environment, "LIMIT_SCALE"),
        reservations={name: environment[name] for name in RESERVATION_SETTINGS if environment.get(name)},
        publish_at_a_time=environment.get("PUBLISH_AT_A_TIME") or None,
        alerts=_alerts(environment),
        billing_page=environment.get("BILLING_PAGE") or None,
        otlp_endpoint=_collector(environment, "OTLP_ENDPOINT"),
        trace_ratio=_share(environment, "TRACE_RATIO"),
        fsync=one_of(environment, "STACK_FSYNC", ("on", "off")) == "on",
        free_ports=one_of(environment, "STACK_PORTS", ("usual", "free")) == "free",
        only=only,
        scale=_workers(environment, "SCALE"),
    )


def one_of(environment: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """A variable's value, by default the first one allowed. Raises WrongArgument."""
    value = environment.get(name) or allowed[0]
    if value not in allowed:
        raise WrongArgument(f"{name}={value}: allowed are {', '.join(allowed)}")
    return value


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 65535:
        raise WrongArgument(f"{name}={value}: allowed is a port, 1 to 65535")
    return int(value)


def _scale(environment: Mapping[str, str], name: str) -> float:
    value = environment.get(name) or "1"
    try:
        scale = float(value)
    except ValueError:
        scale = 0.0
    if not 0 < scale <= 1_000_000:
        raise WrongArgument(f"{name}={value}: allowed is a number above 0, at most 1000000")
    return scale


def _collector(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name) or None
    if value is not None and not re.fullmatch(r"http://[^\s/?#]+/?", value):
        raise WrongArgument(
            f"{name}={value}: allowed is a collector's address, such as http://127.0.0.1:4318"
        )
    return value


def _share(environment: Mapping[str, str], name: str) -> float:
    value = environment.get(name) or "1"
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise WrongArgument(f"{name}={value}: allowed is a number from 0 to 1")
    return share


def _alerts(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings of receivers, checked here and not once everything else has started."""
    given = {name: value for name, value in environment.items() if name.startswith("ALERT_") and value}
    if one_of(environment, "WATCH", ("0", "1")) == "0":
        return {}
    try:
        receivers(given)
    except WrongSetting as error:
        raise WrongArgument(str(error)) from None
    return given


def _workers(environment: Mapping[str, str], name: str) -> dict[str, int]:
    """`sns=3 coocook=2`: how many workers these services have."""
    found: dict[str, int] = {}
    for word in (environment.get(name) or "").replace(",", " ").split():
        service, _, count = word.partition("=")
        known = service in NAMES and count.isascii() and count.isdigit()
        if not known or not 1 <= int(count) <= MAX_WORKERS:
            allowed = f"a number of workers, 1 to {MAX_WORKERS}, for {', '.join(NAMES)}: {name}='sns=3'"
            raise WrongArgument(f"{name}={word}: allowed is {allowed}")
        found[service] = int(count)
    return found


def worker_names(service: str, options: Options) -> list[str]:
    """The service's worker processes: `sns-worker`, `sns-worker-2` and so on."""
    count = options.scale.get(service, 1)
    return [f"{service}-worker", *(f"{service}-worker-{number}" for number in range(2, count + 1))]


def role(name: str) -> str:
    """The part of PARTS that a program is one of: `sns-worker-2` is an `sns-worker`."""
    return re.sub(r"-\d+$", "", name)


def part_names(options: Options) -> list[str]:
    """The programs that these options ask for, in the order in which people see them."""
    left_out = _left_out(options)
    chosen = [
        name for name in PARTS if name not in left_out and (options.only is None or name in options.only)
    ]
    workers = {f"{service}-worker": worker_names(service, options) for service in options.scale}
    return [name for part in chosen for name in workers.get(part, [part])]


def _left_out(options: Options) -> set[str]:
    """The parts that these options do not ask for, whatever `only` says."""
    left_out = {
        name for name, wanted in (("gateway", options.gateway), ("replica", options.replica)) if not wanted
    }
    if not options.watch:
        left_out |= WATCH_PORTS.keys()
    return left_out if options.replica else left_out | {"exporter-replica"}


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
    return ports | {part: port for part, port in WATCH_PORTS.items() if part not in _left_out(options)}


def matching(name: str) -> list[str]:
    """The parts that a service's or a part's name stands for; none for an unknown name."""
    return [part for part in PARTS if part == name or part.startswith(f"{name}-")]


def allowed_names() -> list[str]:
    """The names that are accepted for a part."""
    return [*NAMES, *PARTS]
