"""Kong's routes as Envoy's, in the order in which Kong would prefer them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.compiler.filters import token_needed
from gateway.compiler.limits import NAMESPACE, limit_metadata
from gateway.compiler.typed import CORS, LIMIT, Message, disabled, seconds
from gateway.errors import NotSupported
from gateway.model import KongFile, Route, Service
from gateway.plugins import Jwt, Plugin, RateLimiting, RateLimitingConfig, plugin_of
from gateway.rules.paths import SEGMENT_END, literal, pattern
from gateway.rules.routes import SEGMENT

ESCAPED_SEGMENT = "(?:[^/%]|%(?:[016-9A-Fa-f][0-9A-Fa-f]|2[02DdEe]|3[0-9CcEe]|4[1-9A-Fa-f]|5[0-9AaCcEeFf]))+"
"""An id in a public path, as it stands in the request. Kong undoes escapes before it looks for a route, except those of
the signs that mean something in an address (RFC 3986's reserved ones): with these it finds a % and no public route."""
BROKEN_ESCAPE = ".*%(?:[^0-9A-Fa-f].*|[0-9A-Fa-f](?:[^0-9A-Fa-f].*)?)?"
PREFLIGHT: list[Message] = [
    {"name": ":method", "string_match": {"exact": "OPTIONS"}},
    {"name": "access-control-request-method", "present_match": True},
    {"name": "origin", "present_match": True},
]


def limits(file: KongFile) -> dict[str, RateLimitingConfig]:
    """Every rate limit by the name of the service or route that it belongs to."""
    found: dict[str, RateLimitingConfig] = {}
    for service in file.services:
        _collect(found, f"service {service.name}", service.plugins)
        for route in service.routes:
            _collect(found, f"route {route.name}", route.plugins)
    return found


def _collect(found: dict[str, RateLimitingConfig], name: str, plugins: list[Plugin]) -> None:
    plugin = plugin_of(plugins, RateLimiting)
    if plugin is not None:
        found[name] = plugin.config


def routes(file: KongFile, *, origins: list[str]) -> list[Message]:
    """All routes. Kong prefers those with methods, then the higher priority; one Envoy route per path."""
    has_keys = any(consumer.jwt_secrets for consumer in file.consumers)
    ways = [(service, route) for service in file.services for route in service.routes]
    ways.sort(key=lambda way: (way[1].methods is None, -way[1].regex_priority))
    compiled = [message for service, route in ways for message in _route(service, route, has_keys=has_keys)]
    return [
        *_refused(),
        *_strangers_preflights(file, origins),
        *compiled,
        _preflight_to_nowhere(),
        _nowhere(),
    ]


def _route(service: Service, route: Route, *, has_keys: bool) -> Iterator[Message]:
    needs_token = plugin_of([*route.plugins, *service.plugins], Jwt) is not None
    for path in route.paths:
        match = _match(path)
        if route.methods:
            match["headers"] = [_method(route.methods)]
        if needs_token and not has_keys:
            yield _answer(match, 401)
            continue
        message = {
            "name": route.name,
            "match": match,
            "route": {"cluster": service.host, **_patience(service)},
            "metadata": {"filter_metadata": {NAMESPACE: _limit(service, route)}},
        }
        if needs_token:
            message["typed_per_filter_config"] = token_needed()
        yield message


def _patience(service: Service) -> Message:
    """Kong's read_timeout is the longest silence of an upstream: an answer that goes on and on, such as a stream of
    events, may take any time. Envoy's `timeout` would be for the whole answer."""
    return {
        "timeout": "0s",
        "retry_policy": {
            "per_try_idle_timeout": seconds(service.read_timeout)
        },  # and nothing that is retried
    }


def _limit(service: Service, route: Route) -> Message:
    own = plugin_of(route.plugins, RateLimiting)
    if own is not None:
        return limit_metadata(f"route {route.name}", own.config)
    shared = plugin_of(service.plugins, RateLimiting)
    return limit_metadata(f"service {service.name}", shared.config) if shared else {}


def _match(path: str) -> Message:
    """Kong's path in Envoy's cheapest form that means the same."""
    plain = literal(path)
    if not path.startswith("~"):
        raise NotSupported(f"path {path!r}: the local gateway knows regular expressions (~) only")
    if SEGMENT in plain:
        return {"safe_regex": {"regex": _full(path).replace(SEGMENT, ESCAPED_SEGMENT)}}
    if plain != re.escape(plain).replace("\\-", "-"):
        return {"safe_regex": {"regex": _full(path)}}
    return {"path_separated_prefix": plain} if path.endswith(SEGMENT_END) else {"path": plain}


def _full(path: str) -> str:
    """A pattern for the whole path: Envoy's must match all of it, Kong's only the beginning."""
    plain = literal(path)
    return f"{plain}(?:/.*)?" if path.endswith(SEGMENT_END) else plain


def _method(methods: list[str]) -> Message:
    return {"name": ":method", "string_match": {"safe_regex": {"regex": "|".join(methods)}}}


def _strangers_preflights(file: KongFile, origins: list[str]) -> list[Message]:
    """Preflights from origins that are not listed: answered without permission, as Kong does, and not forwarded.

    Those from listed origins match the ordinary routes, where the cors filter answers before a token is asked for.
    """
    paths = [path for service in file.services for route in service.routes for path in route.paths]
    wide = [path for path in paths if path.endswith(SEGMENT_END)]
    rest = [path for path in paths if not any(pattern(prefix).match(literal(path)) for prefix in wide)]
    asked = [
        *PREFLIGHT,
        *({"name": "origin", "string_match": {"exact": origin}, "invert_match": True} for origin in origins),
    ]
    return [_answer({**_match(path), "headers": asked}, 200) for path in (*wide, *rest)]


def _refused() -> list[Message]:
    """What Kong's nginx, and the identity function, answer with 400 before a route is looked at."""
    many: Message = {"name": "authorization", "string_match": {"contains": ","}}
    return [
        _answer({"safe_regex": {"regex": BROKEN_ESCAPE}}, 400),
        _answer({"prefix": "/", "headers": [many]}, 400),
    ]


def _preflight_to_nowhere() -> Message:
    """404: cors answers preflights on the way to a service, and here is none."""
    message = _answer({"prefix": "/", "headers": PREFLIGHT}, 404)
    message["typed_per_filter_config"][CORS] = disabled()
    return message


def _answer(match: Message, status: int) -> Message:
    """A route that the gateway answers itself, without counting it."""
    return {
        "match": match,
        "direct_response": {"status": status},
        "typed_per_filter_config": {LIMIT: disabled()},
    }


def _nowhere() -> Message:
    """Everything else: 404. Not as a direct response: those lack the headers that let a browser read them."""
    return {
        "match": {"prefix": "/"},
        "route": {"cluster": "nowhere", "cluster_not_found_response_code": "NOT_FOUND"},
        "typed_per_filter_config": {LIMIT: disabled()},
    }
