"""The opentelemetry plugin as Envoy's tracer: one span a request, sent over OTLP/HTTP; nothing where it is off."""

from __future__ import annotations

from urllib.parse import urlsplit

from gateway.compiler.clusters import address, resolution
from gateway.compiler.typed import Message, named, seconds, typed
from gateway.errors import NotSupported
from gateway.model import KongFile
from gateway.plugins import OpenTelemetry, OpenTelemetryConfig, plugin_of

COLLECTOR = "otel-collector"
HUNDRED_PERCENT = {"value": 100}
MILLION = 1_000_000
FLUSH_RUNTIME = {"tracing.opentelemetry.flush_interval_ms": 1000}
"""How long a span waits for others, as max_coalescing_delay in kong.yml; by default 5 s."""
SAID_ELSEWHERE = ("http.url", "peer.address", "user_agent", "guid:x-request-id", "downstream_cluster")
"""Envoy's own attributes with what is no trace's business: the query with its values, and who asked."""


def traces(file: KongFile) -> OpenTelemetryConfig | None:
    """What the plugin says, or None where it is off."""
    plugin = plugin_of(file.plugins, OpenTelemetry)
    return plugin.config if plugin is not None and plugin.enabled else None


def tracing(file: KongFile) -> Message:
    """The connection manager's part: whether a trace is recorded is decided by its id, which is made here."""
    config = traces(file)
    if config is None:
        return {}
    return {
        "tracing": {
            # All of them: the sampler, and no header of a client's, has the last word.
            "client_sampling": {"value": 0},
            "random_sampling": HUNDRED_PERCENT,
            "overall_sampling": HUNDRED_PERCENT,
            "custom_tags": [{"tag": tag, "value": value} for tag, value in _attributes().items()],
            "operation": "%REQ(:METHOD)% %ROUTE_NAME%",
            "provider": named("envoy.tracers.opentelemetry", _provider(config)),
        }
    }


def _attributes() -> dict[str, str]:
    blank = dict.fromkeys(SAID_ELSEWHERE, "-")
    return {**blank, "http.url": "%PATH(NQ)%", "guid:x-request-id": "%REQ(X-REQUEST-ID)%"}


def _provider(config: OpenTelemetryConfig) -> Message:
    sampler = typed(
        "extensions.tracers.opentelemetry.samplers.v3.TraceIdRatioBasedSamplerConfig",
        sampling_percentage={
            "numerator": round((config.sampling_rate or 0) * MILLION),
            "denominator": "MILLION",
        },
    )
    return typed(
        "config.trace.v3.OpenTelemetryConfig",
        service_name=config.resource_attributes["service.name"],
        http_service={
            "http_uri": {
                "uri": config.traces_endpoint,
                "cluster": COLLECTOR,
                "timeout": seconds(config.read_timeout),
            }
        },
        sampler=named("envoy.tracers.opentelemetry.samplers.trace_id_ratio_based", sampler),
    )


def collector(file: KongFile) -> list[Message]:
    """The collector's cluster, where there is one. Raises NotSupported for https."""
    config = traces(file)
    if config is None:
        return []
    parts = urlsplit(config.traces_endpoint)
    if parts.scheme != "http" or parts.hostname is None:
        raise NotSupported(
            f"traces_endpoint {config.traces_endpoint}: the local gateway sends spans by http only"
        )
    return [
        {
            "name": COLLECTOR,
            "type": resolution([parts.hostname]),
            "connect_timeout": seconds(config.connect_timeout),
            "load_assignment": {
                "cluster_name": COLLECTOR,
                "endpoints": [{"lb_endpoints": [{"endpoint": address(parts.hostname, parts.port or 80)}]}],
            },
        }
    ]
