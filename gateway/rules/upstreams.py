"""Rules about upstreams, their health, timeouts and retries."""

from __future__ import annotations

from gateway.errors import GatewayError
from gateway.render import split_address
from gateway.rules.registry import Broken, Gateway, rule

MAX_CONNECT_MS = 2_000
MAX_READ_MS = 30_000
MAX_LOST_REQUESTS = 3
NO_ANSWER = 502


@rule("unknown-upstream")
def unknown_upstream(gateway: Gateway) -> Broken:
    """A host that is no upstream is looked up in DNS, without health checks and weights."""
    names = {upstream.name for upstream in gateway.file.upstreams}
    for index, service in enumerate(gateway.file.services):
        if service.host not in names:
            yield ("services", index, "host"), f"there is no upstream {service.host!r}"


@rule("writes-are-retried")
def writes_are_retried(gateway: Gateway) -> Broken:
    """Kong repeats a request five times by default; a booking or a payment must be sent once."""
    for index, service in enumerate(gateway.file.services):
        if service.retries != 0:
            yield ("services", index), f"retries {service.retries}: set 0"


@rule("long-timeout")
def long_timeout(gateway: Gateway) -> Broken:
    """Kong waits a minute by default: a slow service then holds all of the gateway's connections."""
    for index, service in enumerate(gateway.file.services):
        if service.connect_timeout > MAX_CONNECT_MS:
            yield (
                ("services", index),
                f"connect_timeout {service.connect_timeout} ms: at most {MAX_CONNECT_MS}",
            )
        if max(service.read_timeout, service.write_timeout) > MAX_READ_MS:
            yield ("services", index), f"read_timeout and write_timeout: at most {MAX_READ_MS} ms"


@rule("health-checks-off")
def health_checks_off(gateway: Gateway) -> Broken:
    """Kong's intervals and thresholds are 0 by default, which means off: a dead target keeps its share of traffic."""
    for index, upstream in enumerate(gateway.file.upstreams):
        active, passive = upstream.healthchecks.active, upstream.healthchecks.passive
        needed = {
            "active.healthy.interval": active.healthy.interval,
            "active.healthy.successes": active.healthy.successes,
            "active.unhealthy.interval": active.unhealthy.interval,
            "active.unhealthy.http_failures": active.unhealthy.http_failures,
            "active.unhealthy.tcp_failures": active.unhealthy.tcp_failures,
            "active.unhealthy.timeouts": active.unhealthy.timeouts,
            "passive.healthy.successes": passive.healthy.successes,
            "passive.unhealthy.http_failures": passive.unhealthy.http_failures,
        }
        for name, value in needed.items():
            if value <= 0:
                yield ("upstreams", index, "healthchecks"), f"{name} is 0, which means off"


@rule("health-check-statuses")
def health_check_statuses(gateway: Gateway) -> Broken:
    """429 is the client's doing and 404 a missing page: by Kong's defaults, either took healthy targets out."""
    for index, upstream in enumerate(gateway.file.upstreams):
        checks = upstream.healthchecks
        for kind, statuses in (
            ("active", checks.active.unhealthy.http_statuses),
            ("passive", checks.passive.unhealthy.http_statuses),
        ):
            for status in sorted({s for s in statuses if s < 500}):
                yield ("upstreams", index, "healthchecks", kind), f"{status} must not count as unhealthy"


@rule("one-endpoint-takes-all-down")
def one_endpoint_takes_all_down(gateway: Gateway) -> Broken:
    """When answers of 500 or 503 counted, one endpoint that gave them took its whole service out of the gateway."""
    for index, upstream in enumerate(gateway.file.upstreams):
        if set(upstream.healthchecks.passive.unhealthy.http_statuses) != {NO_ANSWER}:
            yield (
                ("upstreams", index, "healthchecks", "passive"),
                f"set unhealthy.http_statuses: [{NO_ANSWER}], which no working endpoint answers",
            )


@rule("refused-connections-do-not-count")
def refused_connections_do_not_count(gateway: Gateway) -> Broken:
    """Kong counts a tcp_failure when it tries again, so never: every second request to two targets, one of them dead,
    was answered 502 for three seconds. It does count the 502 that it answers."""
    for index, upstream in enumerate(gateway.file.upstreams):
        where = ("upstreams", index, "healthchecks", "passive")
        unhealthy = upstream.healthchecks.passive.unhealthy
        if unhealthy.tcp_failures:
            yield (
                where,
                "unhealthy.tcp_failures has no effect while nothing is retried: set 0, and http_failures",
            )
        if unhealthy.http_failures > MAX_LOST_REQUESTS:
            yield (
                where,
                f"unhealthy.http_failures: at most {MAX_LOST_REQUESTS} requests may be lost to a dead target",
            )


@rule("bad-target")
def bad_target(gateway: Gateway) -> Broken:
    """An upstream without targets answers 503 for ever; an address without a port goes to 8000."""
    for index, upstream in enumerate(gateway.file.upstreams):
        if not upstream.targets:
            yield ("upstreams", index), "no target"
        for t, target in enumerate(upstream.targets):
            try:
                split_address(target.target)
            except GatewayError as error:
                yield ("upstreams", index, "targets", t), str(error)
