"""Rules about the paths of routes."""

from __future__ import annotations

import re

from gateway.rules.registry import Broken, Gateway, rule

SEGMENT_END = "(?:/|$)"
NEVER_ROUTED = (
    "/internal",
    "/internal/entitlements/1",
    "/metrics",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/.well-known/jwks.json",
    "/health/ready",
    "/health/live",
    "/health/serving",
)


def pattern(path: str) -> re.Pattern[str]:
    """The path as Kong matches it: a regex after ~, else a string prefix; anchored at the start only."""
    return re.compile(path[1:] if path.startswith("~") else re.escape(path))


def literal(path: str) -> str:
    """The path without its ~ and its anchor."""
    return path.removeprefix("~").removesuffix(SEGMENT_END).removesuffix("$")


@rule("regex-is-valid")
def regex_is_valid(gateway: Gateway) -> Broken:
    """Every rule below reads the patterns; Kong would refuse the file only when it is loaded."""
    for way in gateway.ways():
        for index, path in enumerate(way.route.paths):
            try:
                pattern(path)
            except re.error as error:
                yield (*way.where, "paths", index), f"{path!r} is not a regular expression: {error}"


@rule("regex-without-tilde")
def regex_without_tilde(gateway: Gateway) -> Broken:
    """Kong takes a regex that does not start with ~ for plain text, and the route never matches anything."""
    for way in gateway.ways():
        for index, path in enumerate(way.route.paths):
            if not path.startswith("~") and re.search(r"[\\^$*+?()|\[\]{}]", path):
                yield (
                    (*way.where, "paths", index),
                    f"{path!r} looks like a regular expression: write it as ~{path}",
                )


@rule("path-swallows-neighbours")
def path_swallows_neighbours(gateway: Gateway) -> Broken:
    """A plain path is a string prefix: /api/sns also took /api/sns-auto and whatever else begins like it."""
    for way in gateway.ways():
        for index, path in enumerate(way.route.paths):
            if not path.startswith("~"):
                yield (
                    (*way.where, "paths", index),
                    f"{path!r} takes every longer path: write ~{path}{SEGMENT_END}",
                )


@rule("regex-not-anchored")
def regex_not_anchored(gateway: Gateway) -> Broken:
    """Kong anchors a regex at its start only: without $ the route takes every longer path too."""
    for way in gateway.ways():
        for index, path in enumerate(way.route.paths):
            if path.startswith("~") and not path.endswith((SEGMENT_END, "$")):
                yield (*way.where, "paths", index), f"{path!r} must end with $ or {SEGMENT_END}"


@rule("path-swallows-service")
def path_swallows_service(gateway: Gateway) -> Broken:
    """A pattern that also matches another service's paths sends its users to the wrong service."""
    prefixes = {
        (literal(path), way.service.host) for way in gateway.ways() if way.closed for path in way.route.paths
    }
    for way in gateway.ways():
        for index, path in enumerate(way.route.paths):
            matches = pattern(path)
            for prefix, host in sorted(prefixes):
                own = host == way.service.host
                probes = (f"{prefix}x", f"{prefix}x/1") if own else (prefix, f"{prefix}/1", f"{prefix}x")
                taken = next(
                    (probe for probe in probes if matches.match(probe) and literal(path) != probe), None
                )
                if taken:
                    yield (*way.where, "paths", index), f"{path!r} also takes {taken}"


@rule("closed-path-is-plain")
def closed_path_is_plain(gateway: Gateway) -> Broken:
    """A closed route stands for a whole prefix: anything but plain text in it takes prefixes that nobody thought of."""
    for way in gateway.ways():
        for index, path in enumerate(way.route.paths):
            if way.closed and not re.fullmatch(r"(/[a-z0-9-]+)+", literal(path)):
                yield (
                    (*way.where, "paths", index),
                    f"write one path per prefix, such as ~/api/name{SEGMENT_END}",
                )


@rule("private-path-is-routed")
def private_path_is_routed(gateway: Gateway) -> Broken:
    """What services offer each other, their metrics and their API pages are nobody's business outside."""
    for way in gateway.ways():
        for index, path in enumerate(way.route.paths):
            taken = next((private for private in NEVER_ROUTED if pattern(path).match(private)), None)
            if taken:
                yield (*way.where, "paths", index), f"{path!r} lets {taken} in"
