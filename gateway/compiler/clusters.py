"""Upstreams and their targets as Envoy clusters."""

from __future__ import annotations

from ipaddress import ip_address

from gateway.compiler.typed import Message, seconds, typed
from gateway.model import Active, KongFile, Target, Upstream
from gateway.render import split_address

KEEPALIVE_SECONDS = 60
"""As Kong's: below the services' 75, so that no request is sent on a connection that is just being closed."""
ALGORITHMS = {"round-robin": "ROUND_ROBIN", "least-connections": "LEAST_REQUEST"}


def clusters(file: KongFile) -> list[Message]:
    """One cluster per upstream, in the order of the file."""
    return [_cluster(file, upstream) for upstream in file.upstreams]


def _cluster(file: KongFile, upstream: Upstream) -> Message:
    # Kong has the timeout per service; services of one upstream share Envoy's, so the most patient one counts.
    connect = max(
        (service.connect_timeout for service in file.services if service.host == upstream.name), default=500
    )
    limits = dict.fromkeys(("max_connections", "max_pending_requests", "max_requests"), 8192)
    return {
        "name": upstream.name,
        "type": resolution([split_address(target.target)[0] for target in upstream.targets]),
        "connect_timeout": seconds(connect),
        "lb_policy": ALGORITHMS[upstream.algorithm],
        # As in Kong: with no healthy target the answer is 503, at once, and not a guess at an unhealthy one.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "circuit_breakers": {"thresholds": [limits]},
        "health_checks": [_health_check(upstream.healthchecks.active)],
        "outlier_detection": _outliers(upstream),
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": typed(
                "extensions.upstreams.http.v3.HttpProtocolOptions",
                common_http_protocol_options={"idle_timeout": f"{KEEPALIVE_SECONDS}s"},
                explicit_http_config={"http_protocol_options": {}},
            )
        },
        "load_assignment": {
            "cluster_name": upstream.name,
            "endpoints": [
                {"lb_endpoints": [_endpoint(target) for target in upstream.targets if target.weight]}
            ],
        },
    }


def resolution(hosts: list[str]) -> str:
    """How a cluster finds its hosts: as they are where all are addresses, else by DNS."""
    return "STATIC" if all(_is_address(host) for host in hosts) else "STRICT_DNS"


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _endpoint(target: Target) -> Message:
    host, port = split_address(target.target)
    return {"endpoint": address(host, port), "load_balancing_weight": target.weight}


def address(host: str, port: int) -> Message:
    """An endpoint by its address."""
    return {"address": {"socket_address": {"address": host.strip("[]"), "port_value": port}}}


def _health_check(active: Active) -> Message:
    bad = active.unhealthy.http_statuses
    return {
        "timeout": f"{active.timeout:g}s",
        "interval": f"{active.healthy.interval:g}s",
        "no_traffic_interval": f"{active.healthy.interval:g}s",
        "unhealthy_interval": f"{active.unhealthy.interval:g}s",
        "no_traffic_healthy_interval": f"{active.healthy.interval:g}s",
        "unhealthy_threshold": min(
            active.unhealthy.http_failures, active.unhealthy.tcp_failures, active.unhealthy.timeouts
        ),
        "healthy_threshold": active.healthy.successes,
        "http_health_check": {
            "path": active.http_path,
            # Without this one bad answer takes a target out, whatever the threshold says.
            "retriable_statuses": [{"start": status, "end": status + 1} for status in sorted(bad)],
            # Kong ignores a status that is on neither list; Envoy knows only good and bad, so it is good here.
            "expected_statuses": _others(bad),
        },
    }


def _others(bad: list[int]) -> list[Message]:
    """The ranges of statuses, 200 to 599, that are not on the list."""
    ranges: list[Message] = []
    start = 200
    for status in [*sorted(status for status in bad if status >= start), 600]:
        if status > start:
            ranges.append({"start": start, "end": status})
        start = status + 1
    return ranges


def _outliers(upstream: Upstream) -> Message:
    """Passive checks: connections that are refused or break, which Kong answers and counts as 502."""
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": upstream.healthchecks.passive.unhealthy.http_failures,
        "enforcing_consecutive_local_origin_failure": 100,
        "enforcing_consecutive_5xx": 0,
        "enforcing_consecutive_gateway_failure": 0,
        "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
        "max_ejection_percent": 100,
        "interval": "1s",
        # An active check that succeeds brings the target back at once, as in Kong.
        "base_ejection_time": "2s",
        "max_ejection_time": "2s",
    }
