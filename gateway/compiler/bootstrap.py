"""Envoy's fixed part: where its files are, and where its administration listens."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.compiler.resources import Compiled
from gateway.compiler.tracing import FLUSH_RUNTIME
from gateway.compiler.typed import Message, named, typed

LISTENER_FILE = "listener.json"
CLUSTERS_FILE = "clusters.json"
MAX_CONNECTIONS = 20_000


def bootstrap(state: Path, *, admin_port: int) -> str:
    """Points Envoy at the two files in the state directory, which it reads again whenever they are replaced."""
    return json.dumps(
        {
            **_common(),
            "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin_port}}},
            "dynamic_resources": {
                "lds_config": _from_file(state / LISTENER_FILE),
                "cds_config": _from_file(state / CLUSTERS_FILE),
            },
        },
        indent=1,
    )


def standalone(compiled: Compiled) -> str:
    """The same as one fixed file, for `envoy --mode validate`, which reads no other files."""
    static = {"listeners": [compiled.listener], "clusters": compiled.clusters}
    return json.dumps({**_common(), "static_resources": static})


def _common() -> Message:
    connections = typed(
        "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=MAX_CONNECTIONS,
    )
    monitor = named("envoy.resource_monitors.global_downstream_max_connections", connections)
    return {
        "node": {"id": "gateway", "cluster": "gateway"},
        "overload_manager": {"resource_monitors": [monitor]},
        "layered_runtime": {"layers": [{"name": "fixed", "static_layer": FLUSH_RUNTIME}]},
    }


def _from_file(path: Path) -> Message:
    return {"path_config_source": {"path": str(path)}, "resource_api_version": "V3"}
