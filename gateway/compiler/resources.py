"""Puts the parts together: the listener and the clusters that Envoy reads from two files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from gateway.compiler.clusters import clusters
from gateway.compiler.filters import (
    body_limit,
    compression,
    cors_filter,
    cors_policy,
    identity_headers,
    router,
    token_filters,
)
from gateway.compiler.limits import limiter, local_replies
from gateway.compiler.routes import limits, routes
from gateway.compiler.tracing import collector, tracing
from gateway.compiler.typed import Message, header, named, typed
from gateway.errors import NotSupported
from gateway.model import KongFile
from gateway.plugins import Cors, P, ProxyCache, RequestSizeLimiting, plugin_of


@dataclass(frozen=True)
class Compiled:
    """What Envoy serves (listener) and where it sends it (clusters)."""

    listener: Message
    clusters: list[Message]

    def listener_file(self) -> str:
        """The listener as Envoy's discovery file."""
        return _discovery("config.listener.v3.Listener", [self.listener])

    def clusters_file(self) -> str:
        """The clusters as Envoy's discovery file."""
        return _discovery("config.cluster.v3.Cluster", self.clusters)


def compile_gateway(file: KongFile, *, port: int, host: str = "127.0.0.1") -> Compiled:
    """The configuration for a valid file. Raises NotSupported by name for what Envoy is not told how to do."""
    every = [*file.plugins]
    for service in file.services:
        every += [*service.plugins, *(plugin for route in service.routes for plugin in route.plugins)]
    if plugin_of(every, ProxyCache):
        raise NotSupported("the plugin proxy-cache is not known to the local gateway")
    listener = {
        "name": "gateway",
        "address": {"socket_address": {"address": host, "port_value": port}},
        "per_connection_buffer_limit_bytes": 1_048_576,
        "filter_chains": [
            {"filters": [named("envoy.filters.network.http_connection_manager", _manager(file))]}
        ],
    }
    return Compiled(listener, [*clusters(file), *collector(file)])


def _manager(file: KongFile) -> Message:
    cors = _required(file, Cors)
    return typed(
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="gateway",
        codec_type="AUTO",
        # The client's address is the connection's: an X-Forwarded-For that it sent counts for nothing.
        use_remote_address=True,
        # As Kong: dot segments and doubled slashes are resolved before matching, an escaped slash stays escaped.
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="KEEP_UNCHANGED",
        generate_request_id=True,
        preserve_external_request_id=True,
        always_set_request_id_in_response=True,
        request_id_extension={
            "typed_config": typed(
                "extensions.request_id.uuid.v3.UuidRequestIdConfig",
                pack_trace_reason=False,
                use_request_id_for_trace_sampling=False,  # a client may choose it
            )
        },
        server_header_transformation="PASS_THROUGH",
        common_http_protocol_options={"idle_timeout": "75s"},
        max_request_headers_kb=32,
        http_protocol_options={
            "accept_http_10": True,
            "default_host_for_http_10": "localhost",
            # Nothing behind the gateway speaks another protocol: an offer to change to one is passed over.
            "ignore_http_11_upgrade": [{"safe_regex": {"regex": ".*"}}],
        },
        request_headers_timeout="10s",
        request_timeout="60s",
        delayed_close_timeout="1s",
        early_header_mutation_extensions=identity_headers(),
        http_filters=_filters(file),
        local_reply_config=local_replies(limits(file)),
        **tracing(file),
        route_config={
            "name": "gateway",
            # Clusters come from another file, and may be a moment behind.
            "validate_clusters": False,
            "request_headers_to_add": [
                header("X-Real-IP", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
                header("X-Forwarded-Host", "%REQ(:AUTHORITY)%"),
                header("X-Forwarded-Port", "%DOWNSTREAM_LOCAL_PORT%"),
            ],
            # An answer is for one origin; without this a browser would show it, from its cache, to another one.
            "response_headers_to_add": [header("Vary", "Origin", "APPEND_IF_EXISTS_OR_ADD")],
            "request_headers_to_remove": ["x-envoy-external-address", "x-envoy-internal"],
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "typed_per_filter_config": cors_policy(cors.config),
                    "routes": routes(file, origins=cors.config.origins),
                }
            ],
        },
    )


def _filters(file: KongFile) -> list[Message]:
    """In Kong's order: preflights, tokens, then limits; the body last, so that a refused request's is not read."""
    return [
        cors_filter(),
        *token_filters(file),
        *limiter(limits(file)),
        body_limit(_required(file, RequestSizeLimiting).config),
        compression(),
        router(),
    ]


def _required(file: KongFile, kind: type[P]) -> P:
    plugin = plugin_of(file.plugins, kind)
    if plugin is None:
        raise NotSupported(f"the local gateway needs the global plugin {kind.__name__}")
    return plugin


def _discovery(type_name: str, resources: list[Message]) -> str:
    text = json.dumps([typed(type_name, **resource) for resource in resources], indent=1)
    version = hashlib.sha256(text.encode()).hexdigest()[:16]
    return json.dumps({"version_info": version, "resources": json.loads(text)}, indent=1)
