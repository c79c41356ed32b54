"""What may be said to the stack: variables of `make`, which arrive in the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stack.errors import WrongArgument
from stack.services import SERVICES

MAX_WORKERS = 16
GATEWAYS = ("envoy", "none")
RESERVATION_SETTINGS = ("RESERVATION_SECONDS", "ACCEPTED_RESERVATION_SECONDS", "MAX_UNPAID_RESERVATIONS")
DEFAULT_GATEWAY_PORT = 8000


@dataclass(frozen=True)
class Options:
    """What the next `up` shall look like."""

    gateway: bool = True
    gateway_port: int = DEFAULT_GATEWAY_PORT
    replica: bool = False
    log_level: str = "info"
    limit_scale: float = 1.0
    """Multiplies every rate limit of the gateway, for tests and benchmarks."""
    reservations: Mapping[str, str] = field(default_factory=dict)
    """Settings of coocook; it says itself what is wrong with them."""
    billing_page: str | None = None
    """Platform's; by default the page with which the payment sandbox stands in for the app's."""
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
        log_level=one_of(environment, "LOG_LEVEL", ("info", "debug", "warning", "error")),
        limit_scale=_scale(environment, "LIMIT_SCALE"),
        reservations={name: environment[name] for name in RESERVATION_SETTINGS if environment.get(name)},
        billing_page=environment.get("BILLING_PAGE") or None,
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


def _workers(environment: Mapping[str, str], name: str) -> dict[str, int]:
    """`sns=3 coocook=2`: how many workers these services have."""
    services = [service.name for service in SERVICES]
    found: dict[str, int] = {}
    for word in (environment.get(name) or "").replace(",", " ").split():
        service, _, count = word.partition("=")
        known = service in services and count.isascii() and count.isdigit()
        if not known or not 1 <= int(count) <= MAX_WORKERS:
            allowed = f"a number of workers, 1 to {MAX_WORKERS}, for {', '.join(services)}: {name}='sns=3'"
            raise WrongArgument(f"{name}={word}: allowed is {allowed}")
        found[service] = int(count)
    return found
