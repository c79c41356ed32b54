"""Rules about who may call a route, with which methods, and what happens to its path."""

from __future__ import annotations

from gateway.document import Where
from gateway.rules.paths import literal
from gateway.rules.registry import Broken, Gateway, Way, rule

SEGMENT = "[^/%]+"
"""An id in a public path. Not [^/]+: chefs/7%2Fearnings would pass, and mean chefs/7/earnings to the service."""


def endpoints(way: Way) -> set[str]:
    """What a public route opens, as it stands in the list: "GET /api/coocook/chefs/{id}"."""
    methods = set(way.route.methods or ("ANY",)) - {"HEAD", "OPTIONS"}
    return {
        f"{method} {literal(path).replace(SEGMENT, '{id}')}" for method in methods for path in way.route.paths
    }


@rule("public-route-not-listed")
def public_route_not_listed(gateway: Gateway) -> Broken:
    """A route without jwt is open to everybody: it is meant only if it stands in public-endpoints.txt."""
    for way in gateway.ways():
        if not way.closed:
            for endpoint in sorted(endpoints(way) - gateway.public):
                yield way.where, f"{endpoint} needs no token, but is not in public-endpoints.txt"


@rule("public-endpoint-not-routed")
def public_endpoint_not_routed(gateway: Gateway) -> Broken:
    """An endpoint that anybody may call, but that falls to a closed route, answers 401 to clients that never log in."""
    routed = {endpoint for way in gateway.ways() if not way.closed for endpoint in endpoints(way)}
    for endpoint in sorted(gateway.public - routed):
        yield ("services",), f"{endpoint} is listed as public, but no route without jwt serves it"


@rule("public-route-without-methods")
def public_route_without_methods(gateway: Gateway) -> Broken:
    """Without methods a public GET also opens POST and DELETE of the same path."""
    for way in gateway.ways():
        if not way.closed and not way.route.methods:
            yield way.where, "a route without jwt must name its methods"


@rule("closed-route-with-methods")
def closed_route_with_methods(gateway: Gateway) -> Broken:
    """A closed route with methods beats the public ones (method and path win), and leaves other methods unrouted."""
    for way in gateway.ways():
        if way.closed and way.route.methods:
            yield (
                (*way.where, "methods"),
                "a closed route takes every method; name methods on public routes only",
            )


@rule("methods-without-options")
def methods_without_options(gateway: Gateway) -> Broken:
    """A route with methods answers a browser's preflight with 404 unless OPTIONS is one of them."""
    for way in gateway.ways():
        if way.route.methods and "OPTIONS" not in way.route.methods:
            yield (*way.where, "methods"), "add OPTIONS: browsers ask before they call"


@rule("get-without-head")
def get_without_head(gateway: Gateway) -> Broken:
    """HEAD of a public page fell to the closed route and asked link checkers for a token."""
    for way in gateway.ways():
        if way.route.methods and "GET" in way.route.methods and "HEAD" not in way.route.methods:
            yield (*way.where, "methods"), "add HEAD beside GET"


@rule("public-route-priority")
def public_route_priority(gateway: Gateway) -> Broken:
    """Regexes of equal weight are tried by their priority, not by their length: the exact ones must come first."""
    highest = max((way.route.regex_priority for way in gateway.ways() if way.closed), default=0)
    for way in gateway.ways():
        if not way.closed and way.route.regex_priority <= highest:
            yield (*way.where, "regex_priority"), f"must be above {highest}, the closed routes' priority"


@rule("path-is-changed")
def path_is_changed(gateway: Gateway) -> Broken:
    """Kong strips the matched path by default; the services expect it whole, and redirects need the caller's host."""
    for way in gateway.ways():
        if way.route.strip_path:
            yield way.where, "set strip_path: false (Kong's default cuts the path off)"
        if not way.route.preserve_host:
            yield way.where, "set preserve_host: true (redirects would name the upstream)"


@rule("name-used-twice")
def name_used_twice(gateway: Gateway) -> Broken:
    """Two entities of one name: Kong refuses the file only when it is loaded."""
    seen: set[tuple[str, str]] = set()
    places: list[tuple[str, Where, str]] = [
        ("service", ("services", index), service.name) for index, service in enumerate(gateway.file.services)
    ]
    places += [("route", way.where, way.route.name) for way in gateway.ways()]
    places += [
        ("upstream", ("upstreams", i), upstream.name) for i, upstream in enumerate(gateway.file.upstreams)
    ]
    for kind, where, name in places:
        if (kind, name) in seen:
            yield where, f"a second {kind} is named {name}"
        seen.add((kind, name))
