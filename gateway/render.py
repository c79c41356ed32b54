"""Fills what a deployment knows into the committed kong.yml: public keys, addresses, Redis, browser origins."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml

from gateway.errors import GatewayError
from gateway.keys import require_public_key

DEFAULT_WEIGHT, MAX_WEIGHT = 100, 65535


@dataclass(frozen=True)
class Deployment:
    """What one deployment fills in; whatever stays empty keeps the committed value.

    keys: kid -> RSA public key (PEM); targets: service name -> addresses "host:port" or "host:port@weight" (100 where
    none is given; each address of a name that has several gets it); redis: a redis:// URL;
    origins: browser origins; limit_scale multiplies every rate limit (for tests and benchmarks); otlp: where spans go
    (http://host:port), of the share `trace_ratio` of all requests; without it there are none.
    """

    keys: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    redis: str | None = None
    origins: Sequence[str] = ()
    limit_scale: float = 1.0
    closed: bool = False
    otlp: str | None = None
    trace_ratio: float = 0.01


def render(committed: Mapping[str, Any], deployment: Deployment) -> str:
    """The rendered file's text: the same input gives the same bytes.

    Raises GatewayError without keys (unless `closed`), for a bad key, address, origin, Redis URL or scale, and for
    a target of an unknown service.
    """
    data: dict[str, Any] = copy.deepcopy(dict(committed))
    if bool(deployment.keys) == deployment.closed:
        raise GatewayError(
            "no public key: pass --keys, or --closed for a gateway that lets no token pass"
            if not deployment.closed
            else "--closed and --keys exclude each other"
        )
    _fill_keys(data, deployment.keys)
    _fill_targets(data, deployment.targets)
    for plugin in _every_plugin(data):
        if plugin["name"] == "rate-limiting":
            _fill_limit(plugin["config"], deployment)
        elif plugin["name"] == "cors" and deployment.origins:
            plugin["config"]["origins"] = _origins(deployment.origins)
        elif plugin["name"] == "opentelemetry" and deployment.otlp:
            _fill_traces(plugin, deployment.otlp, deployment.trace_ratio)
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def _fill_keys(data: dict[str, Any], keys: Mapping[str, str]) -> None:
    (consumer,) = data["consumers"]
    consumer["jwt_secrets"] = [
        {"key": kid, "algorithm": "RS256", "rsa_public_key": require_public_key(kid, pem)}
        for kid, pem in sorted(keys.items())
    ]


def _fill_targets(data: dict[str, Any], targets: Mapping[str, Sequence[str]]) -> None:
    upstreams = {upstream["name"].removesuffix("-upstream"): upstream for upstream in data["upstreams"]}
    for name, addresses in targets.items():
        if name not in upstreams:
            raise GatewayError(
                f"--target {name}=...: no such service; there are {', '.join(sorted(upstreams))}"
            )
        if not addresses:
            raise GatewayError(f"--target {name}: give at least one address, such as {name}=127.0.0.1:8101")
        upstreams[name]["targets"] = [_target(address) for address in addresses]


def _target(text: str) -> dict[str, Any]:
    address, _, weight = text.partition("@")
    split_address(address)
    if not re.fullmatch(r"\d{0,5}", weight, re.ASCII) or int(weight or 0) > MAX_WEIGHT or text.endswith("@"):
        raise GatewayError(f"{text!r}: give a weight from 0 to {MAX_WEIGHT}, such as 127.0.0.1:8101@5")
    return {"target": address, "weight": int(weight) if weight else DEFAULT_WEIGHT}


def split_address(address: str) -> tuple[str, int]:
    """Host and port of "host:port"; raises GatewayError when it is not that."""
    host, _, port = address.rpartition(":")
    if (
        not host
        or not port.isascii()
        or not port.isdigit()
        or not 0 < int(port) < 65536
        or set(host) & set("/@ ")
    ):
        raise GatewayError(f"{address!r} is not an address; give host:port, such as 127.0.0.1:8101")
    return host, int(port)


def _fill_limit(config: dict[str, Any], deployment: Deployment) -> None:
    if not 0 < deployment.limit_scale <= 1_000_000:
        raise GatewayError(f"--limit-scale {deployment.limit_scale}: give a number above 0, at most 1000000")
    config["minute"] = max(1, round(config["minute"] * deployment.limit_scale))
    if deployment.redis:
        config["redis"] = {**config["redis"], **_redis(deployment.redis)}


def _redis(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    database = parts.path.strip("/") or "0"
    if parts.username or parts.password:
        raise GatewayError(
            "--redis: no password in a rendered file; set redis.password in kong.yml to a vault reference"
        )
    if parts.scheme != "redis" or not parts.hostname or not database.isdigit():
        raise GatewayError(f"--redis {url!r}: give redis://host:port/database")
    return {"host": parts.hostname, "port": parts.port or 6379, "database": int(database)}


def _fill_traces(plugin: dict[str, Any], otlp: str, ratio: float) -> None:
    parts = urlsplit(otlp)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise GatewayError(f"--otlp {otlp!r}: give http://host:port, without a path")
    if not 0 <= ratio <= 1:
        raise GatewayError(f"--trace-ratio {ratio}: give a number from 0 to 1")
    plugin["enabled"] = True
    plugin["config"]["traces_endpoint"] = f"{parts.scheme}://{parts.netloc}/v1/traces"
    plugin["config"]["sampling_rate"] = ratio


def _origins(origins: Sequence[str]) -> list[str]:
    for origin in origins:
        parts = urlsplit(origin)
        if (
            parts.scheme not in ("http", "https")
            or not parts.netloc
            or origin != f"{parts.scheme}://{parts.netloc}"
        ):
            raise GatewayError(f"--origin {origin!r}: give scheme://host[:port] and no path, no wildcard")
    distinct = sorted(set(origins))
    # Kong answers every caller with a list's only origin; the same one twice makes it compare.
    return distinct * 2 if len(distinct) == 1 else distinct


def _every_plugin(data: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(data.get("plugins", []))
    for service in data["services"]:
        found += service.get("plugins", [])
        for route in service.get("routes", []):
            found += route.get("plugins", [])
    return found


class _Dumper(yaml.SafeDumper):
    """Keeps Lua and keys readable (block text) and never writes anchors, which Kong would share between entries."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
