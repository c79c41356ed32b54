"""Envoy's configuration is nested typed messages; this spells their type names once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Message = dict[str, Any]

CORS = "envoy.filters.http.cors"
JWT = "envoy.filters.http.jwt_authn"
RBAC = "envoy.filters.http.rbac"
LIMIT = "envoy.filters.http.local_ratelimit"
MUTATION = "envoy.filters.http.header_mutation"
BUFFER = "envoy.filters.http.buffer"
COMPRESSOR = "envoy.filters.http.compressor"
ROUTER = "envoy.filters.http.router"


def typed(type_name: str, **fields: object) -> Message:
    """A message with its type: typed("extensions.filters.http.cors.v3.Cors")."""
    return {"@type": f"type.googleapis.com/envoy.{type_name}", **fields}


def named(name: str, config: Mapping[str, Any], **fields: object) -> Message:
    """An extension: its name and its typed configuration."""
    return {"name": name, "typed_config": dict(config), **fields}


def header(name: str, value: str, action: str = "OVERWRITE_IF_EXISTS_OR_ADD") -> Message:
    """A header to set; `value` may hold Envoy's %COMMANDS%."""
    return {"header": {"key": name, "value": value}, "append_action": action}


def seconds(millis: float) -> str:
    """Milliseconds as a protobuf duration: 12000 -> "12s", 500 -> "0.5s"."""
    return f"{millis / 1000:g}s"


def disabled() -> Message:
    """A route's own configuration of a filter that it does without."""
    return typed("config.route.v3.FilterConfig", disabled=True)
