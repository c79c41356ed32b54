"""One way to break kong.yml for every rule: most of them are what Kong would accept without a word."""

from __future__ import annotations

from typing import Any

from gateway.tests.conftest import Edit, config, route, service


def _jwt(data: dict[str, Any]) -> dict[str, Any]:
    return config(service(data, "coocook"), "jwt")


def _limit(data: dict[str, Any]) -> dict[str, Any]:
    return config(service(data, "coocook"), "rate-limiting")


def _traces(data: dict[str, Any]) -> dict[str, Any]:
    return config(data, "opentelemetry")


def _checks(data: dict[str, Any]) -> dict[str, Any]:
    checks: dict[str, Any] = data["upstreams"][1]["healthchecks"]
    return checks


def _without(data: dict[str, Any], name: str) -> None:
    data["plugins"] = [plugin for plugin in data["plugins"] if plugin["name"] != name]


def _cache() -> dict[str, Any]:
    return {"name": "proxy-cache", "config": {"strategy": "memory"}}


def _secret(**changed: str) -> dict[str, str]:
    return {"key": "k", "algorithm": "RS256", "rsa_public_key": "no key", **changed}


def _paths(name: str, *paths: str) -> Edit:
    return lambda data: route(data, name).update(paths=list(paths))


def _function(data: dict[str, Any], line: str) -> None:
    config(data, "pre-function")["access"][0] += f"{line}\n"


BREAKAGES: list[tuple[str, Edit]] = [
    ("regex-is-valid", _paths("coocook-chefs", "~/api/coocook/(chefs$")),
    ("regex-without-tilde", _paths("coocook-closed", "/api/coocook(?:/|$)")),
    ("path-swallows-neighbours", _paths("sns-closed", "/api/sns")),
    ("regex-not-anchored", _paths("sns-closed", "~/api/sns")),
    ("path-swallows-service", _paths("sns-closed", "~/api/.*$")),
    ("path-swallows-service", _paths("sns-closed", "~/api/review(?:/|$)")),
    ("closed-path-is-plain", _paths("sns-closed", "~/api/sns[a-z-]*(?:/|$)")),
    ("private-path-is-routed", _paths("platform-closed", "~/internal(?:/|$)")),
    ("private-path-is-routed", _paths("platform-health", "~/(?:health|metrics)$")),
    ("public-route-not-listed", _paths("coocook-chefs", "~/api/coocook/bookings$")),
    (
        "public-route-not-listed",
        lambda d: route(d, "coocook-chefs").update(methods=["GET", "HEAD", "POST", "OPTIONS"]),
    ),
    ("public-route-not-listed", lambda d: service(d, "coocook")["plugins"].pop(0)),
    ("public-route-not-listed", _paths("coocook-chef", "~/api/coocook/chefs/[^/]+$")),
    ("public-endpoint-not-routed", lambda d: service(d, "coocook-public")["routes"].pop(0)),
    ("public-route-without-methods", lambda d: route(d, "coocook-chefs").pop("methods")),
    (
        "closed-route-with-methods",
        lambda d: route(d, "coocook-closed").update(methods=["GET", "HEAD", "OPTIONS"]),
    ),
    ("methods-without-options", lambda d: route(d, "coocook-chefs").update(methods=["GET", "HEAD"])),
    ("get-without-head", lambda d: route(d, "coocook-chefs").update(methods=["GET", "OPTIONS"])),
    ("public-route-priority", lambda d: route(d, "coocook-chefs").update(regex_priority=0)),
    ("path-is-changed", lambda d: route(d, "coocook-chefs").pop("strip_path")),
    ("path-is-changed", lambda d: route(d, "coocook-chefs").pop("preserve_host")),
    ("name-used-twice", lambda d: route(d, "coocook-chefs").update(name="coocook-chef")),
    ("shadowed-plugin", lambda d: service(d, "coocook")["plugins"].append(d["plugins"][0])),
    ("shadowed-plugin", lambda d: route(d, "coocook-closed").update(plugins=[d["plugins"][0]])),
    (
        "shadowed-plugin",
        lambda d: route(d, "coocook-closed").update(plugins=[service(d, "sns")["plugins"][1]]),
    ),
    ("missing-plugin", lambda d: _without(d, "correlation-id")),
    ("missing-plugin", lambda d: _without(d, "request-size-limiting")),
    ("jwt-by-kid", lambda d: _jwt(d).pop("key_claim_name")),
    ("jwt-expiry", lambda d: _jwt(d).pop("claims_to_verify")),
    ("jwt-expiry", lambda d: _jwt(d).update(claims_to_verify=["exp", "nbf"])),
    ("jwt-only-in-header", lambda d: _jwt(d).pop("uri_param_names")),
    ("jwt-only-in-header", lambda d: _jwt(d).update(cookie_names=["token"])),
    ("jwt-only-in-header", lambda d: _jwt(d).update(header_names=["authorization", "x-token"])),
    ("jwt-lets-anybody-in", lambda d: _jwt(d).update(anonymous="nobody")),
    ("jwt-lets-anybody-in", lambda d: _jwt(d).update(run_on_preflight=False)),
    ("cors-origins", lambda d: config(d, "cors").update(origins=["https://app.example.com"])),
    ("cors-origins", lambda d: config(d, "cors").update(origins=["*", "https://app.example.com"])),
    (
        "cors-origins",
        lambda d: config(d, "cors").update(origins=["https://.*[.]example[.]com", "https://b.example"]),
    ),
    ("cors-origins", lambda d: config(d, "cors")["origins"].append("null")),
    ("cors-origins", lambda d: config(d, "cors").update(preflight_continue=True)),
    ("request-id", lambda d: config(d, "correlation-id").pop("echo_downstream")),
    ("body-limit", lambda d: config(d, "request-size-limiting").pop("allowed_payload_size")),
    ("missing-plugin", lambda d: _without(d, "opentelemetry")),
    ("trace-of-a-client", lambda d: _traces(d)["propagation"].pop("extract")),
    ("trace-of-a-client", lambda d: _traces(d)["propagation"].update(extract=["w3c"])),
    ("trace-of-a-client", lambda d: _traces(d)["propagation"].update(inject=["preserve"])),
    ("trace-by-name", lambda d: _traces(d).pop("sampling_rate")),
    ("trace-by-name", lambda d: _traces(d).pop("resource_attributes")),
    ("trace-patience", lambda d: _traces(d).pop("read_timeout")),
    ("trace-patience", lambda d: _traces(d).pop("queue")),
    ("structure", lambda d: _traces(d).update(traces_endpoint="http://collector:4318")),
    ("structure", lambda d: _traces(d).update(sampling_rate=2)),
    ("cached-for-everybody", lambda d: service(d, "coocook")["plugins"].append(_cache())),
    ("cached-for-everybody", lambda d: d["plugins"].append(_cache())),
    ("route-without-limit", lambda d: service(d, "coocook-public").pop("plugins")),
    ("limit-by-the-right-thing", lambda d: _limit(d).update(limit_by="ip")),
    ("limit-by-the-right-thing", lambda d: _limit(d).update(header_name="X-User-Id")),
    (
        "limit-by-the-right-thing",
        lambda d: config(service(d, "coocook-public"), "rate-limiting").update(
            limit_by="header", header_name="X-RateLimit-Subject"
        ),
    ),
    ("limit-policy", lambda d: _limit(d).update(policy="cluster")),
    ("limit-policy", lambda d: _limit(d).pop("policy")),
    ("limit-survives-redis", lambda d: _limit(d).update(fault_tolerant=False)),
    ("limit-survives-redis", lambda d: _limit(d)["redis"].pop("timeout")),
    ("limit-sync-rate", lambda d: _limit(d).update(sync_rate=0.5)),
    ("one-redis", lambda d: _limit(d)["redis"].update(database=3)),
    ("one-redis", lambda d: _limit(d).pop("redis")),
    ("lua-require", lambda d: _function(d, 'local cjson = require("cjson.safe")')),
    ("lua-require", lambda d: _function(d, "local now = os.time()")),
    ("lua-unknown", lambda d: _function(d, "-- one word more")),
    ("lua-missing", lambda d: _without(d, "pre-function")),
    ("lua-missing", lambda d: config(d, "pre-function").pop("body_filter")),
    ("signing-key", lambda d: d["consumers"][0].update(jwt_secrets=[_secret()])),
    ("signing-key", lambda d: d["consumers"][0].update(jwt_secrets=[_secret(algorithm="HS256")])),
    ("signing-key", lambda d: d["consumers"][0].update(jwt_secrets=[_secret(rsa_public_key="PRIVATE KEY")])),
    ("signing-key", lambda d: d["consumers"][0].update(jwt_secrets=[_secret(key="a key")])),
    ("one-consumer", lambda d: d["consumers"].append({"username": "second"})),
    ("unknown-upstream", lambda d: service(d, "coocook").update(host="coocook")),
    ("writes-are-retried", lambda d: service(d, "coocook").pop("retries")),
    ("long-timeout", lambda d: service(d, "coocook").pop("read_timeout")),
    ("long-timeout", lambda d: service(d, "coocook").pop("connect_timeout")),
    ("health-checks-off", lambda d: _checks(d).pop("active")),
    ("health-checks-off", lambda d: _checks(d)["active"]["unhealthy"].pop("interval")),
    ("health-checks-off", lambda d: _checks(d)["passive"]["unhealthy"].pop("http_failures")),
    ("health-check-statuses", lambda d: _checks(d)["active"]["unhealthy"].pop("http_statuses")),
    ("health-check-statuses", lambda d: _checks(d)["passive"]["unhealthy"].update(http_statuses=[429, 500])),
    (
        "one-endpoint-takes-all-down",
        lambda d: _checks(d)["passive"]["unhealthy"].update(http_statuses=[502, 503]),
    ),
    ("one-endpoint-takes-all-down", lambda d: _checks(d)["passive"]["unhealthy"].pop("http_statuses")),
    (
        "refused-connections-do-not-count",
        lambda d: _checks(d)["passive"]["unhealthy"].update(tcp_failures=3),
    ),
    (
        "refused-connections-do-not-count",
        lambda d: _checks(d)["passive"]["unhealthy"].update(http_failures=20),
    ),
    ("bad-target", lambda d: d["upstreams"][1].update(targets=[])),
    ("bad-target", lambda d: d["upstreams"][1].update(targets=[{"target": "coocook"}])),
    ("structure", lambda d: service(d, "coocook").update(retry=3)),
    ("structure", lambda d: route(d, "coocook-closed").update(hosts=["a.example"])),
    ("structure", lambda d: d["plugins"].append({"name": "key-auth"})),
    ("structure", lambda d: d["plugins"].append({"name": "post-function", "config": {}})),
    ("structure", lambda d: _jwt(d).update(maximum_expiration="soon")),
    ("structure", lambda d: service(d, "coocook").update(retries="0")),
    ("structure", lambda d: d.update(_format_version="1.1")),
    ("structure", lambda d: _limit(d).update(minute=0)),
    ("structure", lambda d: _limit(d)["redis"].update(password="in the open")),
]
