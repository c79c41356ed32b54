"""What Envoy is told, where the behaviour suite cannot see it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from gateway.compiler import compile_gateway
from gateway.compiler.clusters import clusters
from gateway.compiler.filters import CLIENT_MAY_NOT_STEER, identity_headers
from gateway.compiler.routes import routes
from gateway.errors import NotSupported
from gateway.functions import identity_prefixes, problems
from gateway.model import KongFile
from gateway.render import Deployment, render
from gateway.tests.conftest import route, service
from stack.services import NAMES


def with_key(data: dict[str, Any], pem: str) -> KongFile:
    data["consumers"][0]["jwt_secrets"] = [{"key": "a", "algorithm": "RS256", "rsa_public_key": pem}]
    return KongFile.model_validate(data)


def test_every_route_below_a_closed_service_asks_for_a_token(committed: dict[str, Any], pem: str) -> None:
    names = {route["name"] for s in committed["services"] if s["name"] in NAMES for route in s["routes"]}
    compiled = {r["name"]: r for r in routes(with_key(committed, pem), origins=[]) if "name" in r}
    asking = {
        name
        for name, r in compiled.items()
        if "envoy.filters.http.jwt_authn" in r.get("typed_per_filter_config", {})
    }
    assert asking == names


def test_without_keys_every_closed_route_answers_401(committed: dict[str, Any]) -> None:
    compiled = routes(KongFile.model_validate(committed), origins=[])
    closed = [r for r in compiled if "path_separated_prefix" in r["match"] and "headers" not in r["match"]]
    assert closed
    assert all(r["direct_response"]["status"] == 401 for r in closed)


def test_routes_with_methods_come_before_those_without(committed: dict[str, Any], pem: str) -> None:
    named = [r for r in routes(with_key(committed, pem), origins=[]) if "name" in r]
    without = [index for index, r in enumerate(named) if "headers" not in r["match"]]
    assert without == list(range(len(named) - len(without), len(named)))


def test_every_route_carries_a_limit_that_exists(committed: dict[str, Any], pem: str) -> None:
    text = json.dumps(compile_gateway(with_key(committed, pem), port=1).listener)
    for r in routes(with_key(committed, pem), origins=[]):
        if "name" in r:
            (name,) = r["metadata"]["filter_metadata"]["gateway"].values()
            assert json.dumps({"key": "limit", "value": name}) in text


def test_weights_and_names_of_targets_are_kept(committed: dict[str, Any]) -> None:
    committed["upstreams"][1]["targets"] = [
        {"target": "10.0.0.1:80", "weight": 90},
        {"target": "10.0.0.2:80", "weight": 10},
        {"target": "10.0.0.3:80", "weight": 0},
    ]
    platform, coocook, *_ = clusters(KongFile.model_validate(committed))
    endpoints = coocook["load_assignment"]["endpoints"][0]["lb_endpoints"]
    assert [endpoint["load_balancing_weight"] for endpoint in endpoints] == [90, 10]
    assert (platform["type"], coocook["type"]) == ("STRICT_DNS", "STATIC")


def test_a_canary_s_weight_reaches_the_compiled_configuration(committed: dict[str, Any], pem: str) -> None:
    """As docs/how-to/canary.md writes it: names, which DNS answers, with a weight for each of their addresses."""
    targets = {"coocook": ["coocook:8000@95", "coocook-canary:8000@5"]}
    data = yaml.safe_load(render(committed, Deployment(keys={"a": pem}, targets=targets)))
    compiled = compile_gateway(KongFile.model_validate(data), port=1)
    (cluster,) = (found for found in compiled.clusters if found["name"] == "coocook-upstream")
    endpoints = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    shares = {
        endpoint["endpoint"]["address"]["socket_address"]["address"]: endpoint["load_balancing_weight"]
        for endpoint in endpoints
    }
    assert shares == {"coocook": 95, "coocook-canary": 5}
    assert cluster["type"] == "STRICT_DNS"


def test_a_health_check_counts_only_the_listed_statuses(committed: dict[str, Any]) -> None:
    check = clusters(KongFile.model_validate(committed))[0]["health_checks"][0]["http_health_check"]
    good = {status for span in check["expected_statuses"] for status in range(span["start"], span["end"])}
    assert {429, 404, 200, 501} <= good
    assert not good & {500, 502, 503, 504}


def test_what_envoy_is_not_told_is_refused_by_name(committed: dict[str, Any], pem: str) -> None:
    service(committed, "coocook-public")["plugins"].append({"name": "proxy-cache", "config": {}})
    with pytest.raises(NotSupported, match="proxy-cache"):
        compile_gateway(with_key(committed, pem), port=1)


def test_a_plain_path_is_refused_by_name(committed: dict[str, Any], pem: str) -> None:
    route(committed, "coocook-chefs")["paths"] = ["/api/coocook/chefs"]
    with pytest.raises(NotSupported, match="/api/coocook/chefs"):
        compile_gateway(with_key(committed, pem), port=1)


def test_the_words_and_headers_of_the_lua_functions_were_understood() -> None:
    assert {400, 401, 404, 413, 429, 502, 503, 504} <= set(problems())
    assert "x-consumer" in identity_prefixes()


def test_every_identity_header_is_dropped_with_dashes_or_underscores() -> None:
    mutations = identity_headers()[0]["typed_config"]["mutations"]
    patterns = [mutation["remove_on_match"]["key_matcher"]["safe_regex"]["regex"] for mutation in mutations]

    def is_dropped(header: str) -> bool:
        return any(re.fullmatch(pattern, header) for pattern in patterns)

    for prefix in (*identity_prefixes(), CLIENT_MAY_NOT_STEER):
        assert is_dropped(f"{prefix}x")
        assert is_dropped(f"{prefix.replace('-', '_')}x")
    assert not any(map(is_dropped, ("x-request-id", "authorization", "not-x-user", "x-forwarded-for")))
