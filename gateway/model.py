"""What our kong.yml may contain. Fields keep Kong's own defaults: a rule sees what Kong would do without them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.plugins import Plugin

Millis = Annotated[int, Field(ge=1)]
Weight = Annotated[int, Field(ge=0, le=65535)]


class Entity(BaseModel):
    """A part of the file; a field that is not declared is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Route(Entity):
    """One way in: paths, and methods when not every method is meant."""

    name: str
    paths: list[str] = Field(min_length=1)
    methods: list[str] | None = None
    strip_path: bool = True
    preserve_host: bool = False
    regex_priority: int = 0
    plugins: list[Plugin] = []


class Service(Entity):
    """An upstream with its timeouts in milliseconds, and the routes that lead to it."""

    name: str
    host: str
    protocol: Literal["http"] = "http"
    port: int = 80
    connect_timeout: Millis = 60_000
    write_timeout: Millis = 60_000
    read_timeout: Millis = 60_000
    retries: int = 5
    plugins: list[Plugin] = []
    routes: list[Route] = []


class ActiveHealthy(Entity):
    """Seconds between probes of a healthy target (0: off), and what makes a target healthy again."""

    interval: float = 0
    successes: int = 0
    http_statuses: list[int] = [200, 302]


class ActiveUnhealthy(Entity):
    """Seconds between probes of an unhealthy target (0: off), and how many failures take one out (0: none does)."""

    interval: float = 0
    http_failures: int = 0
    tcp_failures: int = 0
    timeouts: int = 0
    http_statuses: list[int] = [429, 404, 500, 501, 502, 503, 504, 505]


class Active(Entity):
    """Probes that the gateway sends; timeout in seconds."""

    type: Literal["http"] = "http"
    http_path: str = "/"
    timeout: float = 1
    concurrency: int = 10
    healthy: ActiveHealthy = ActiveHealthy()
    unhealthy: ActiveUnhealthy = ActiveUnhealthy()


class PassiveHealthy(Entity):
    """Answers that clear the count of failures."""

    successes: int = 0
    http_statuses: list[int] = [200, 201, 204, 304]


class PassiveUnhealthy(Entity):
    """How many failures of real requests take a target out (0: none does)."""

    http_failures: int = 0
    tcp_failures: int = 0
    timeouts: int = 0
    http_statuses: list[int] = [429, 500, 503]


class Passive(Entity):
    """What the gateway learns from the requests that it forwards."""

    type: Literal["http"] = "http"
    healthy: PassiveHealthy = PassiveHealthy()
    unhealthy: PassiveUnhealthy = PassiveUnhealthy()


class HealthChecks(Entity):
    """Both kinds of health checks."""

    active: Active = Active()
    passive: Passive = Passive()


class Target(Entity):
    """One address, host:port, and its share of the traffic."""

    target: str
    weight: Weight = 100


class Upstream(Entity):
    """A named set of targets."""

    name: str
    algorithm: Literal["round-robin", "least-connections"] = "round-robin"
    healthchecks: HealthChecks = HealthChecks()
    targets: list[Target] = []


class JwtSecret(Entity):
    """One signing key's public half; `key` is its kid."""

    key: str
    algorithm: str = "HS256"
    rsa_public_key: str | None = None


class Consumer(Entity):
    """Anybody with a valid token."""

    username: str
    jwt_secrets: list[JwtSecret] = []


class KongFile(Entity):
    """The whole file."""

    format_version: Literal["3.0"] = Field(alias="_format_version")
    services: list[Service]
    upstreams: list[Upstream] = []
    consumers: list[Consumer] = []
    plugins: list[Plugin] = []
