"""Rules about tokens, browsers, bodies, plugins that hide each other, and Lua."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.document import Where
from gateway.functions import IDENTITY, PROBLEM_BODY, PROBLEM_HEADERS, is_known, name_of, text_of
from gateway.plugins import (
    CorrelationId,
    Cors,
    Jwt,
    OpenTelemetry,
    PreFunction,
    Prometheus,
    ProxyCache,
    RequestSizeLimiting,
    plugin_of,
)
from gateway.rules.registry import Broken, Gateway, rule

MAX_BODY_BYTES = 1_048_576
MAX_EXPORT_MILLIS, MAX_RETRY_SECONDS = 1000, 10
UNIT_BYTES = {"bytes": 1, "kilobytes": 1024, "megabytes": 1_048_576}


@rule("shadowed-plugin")
def shadowed_plugin(gateway: Gateway) -> Broken:
    """Kong runs only the most specific of a plugin's instances: one on a route silently switches the global one off."""
    everywhere = {plugin.name for plugin in gateway.file.plugins}
    for s, service in enumerate(gateway.file.services):
        own = {plugin.name for plugin in service.plugins}
        for name in sorted(own & everywhere):
            yield ("services", s, "plugins"), f"{name} on a service switches the global one off"
        for r, route in enumerate(service.routes):
            for name in sorted({plugin.name for plugin in route.plugins} & (own | everywhere)):
                yield ("services", s, "routes", r, "plugins"), f"{name} on a route switches the outer one off"


@rule("missing-plugin")
def missing_plugin(gateway: Gateway) -> Broken:
    """What every request needs has to be global: a new service would otherwise come without it."""
    for kind in (CorrelationId, Cors, RequestSizeLimiting, Prometheus, OpenTelemetry):
        if plugin_of(gateway.file.plugins, kind) is None:
            yield ("plugins",), f"the global plugin {kind.__name__} is missing"


@rule("jwt-by-kid")
def jwt_by_kid(gateway: Gateway) -> Broken:
    """By any claim but kid there is one key only, and keys could not be rotated."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, Jwt) and plugin.config.key_claim_name != "kid":
            yield where, "set key_claim_name: kid"


@rule("jwt-expiry")
def jwt_expiry(gateway: Gateway) -> Broken:
    """Kong lets expired tokens pass unless told; and with nbf it refuses every token that carries none, as ours do."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, Jwt) and plugin.config.claims_to_verify != ["exp"]:
            yield where, "set claims_to_verify: [exp]"


@rule("jwt-only-in-header")
def jwt_only_in_header(gateway: Gateway) -> Broken:
    """By default Kong takes ?jwt=..., and addresses end up in logs and in other sites' Referer."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, Jwt):
            if plugin.config.uri_param_names:
                yield where, "set uri_param_names: []"
            if plugin.config.cookie_names:
                yield where, "set cookie_names: []"
            if [name.lower() for name in plugin.config.header_names] != ["authorization"]:
                yield where, "set header_names: [authorization]"


@rule("jwt-lets-anybody-in")
def jwt_lets_anybody_in(gateway: Gateway) -> Broken:
    """An anonymous consumer turns a refused token into a welcome one; OPTIONS without a token needs no exception."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, Jwt) and plugin.config.anonymous is not None:
            yield where, "remove anonymous: a request without a valid token must end here"
        if isinstance(plugin, Jwt) and not plugin.config.run_on_preflight:
            yield (
                where,
                "set run_on_preflight: true: cors answers preflights first, any other OPTIONS needs a token",
            )


@rule("cors-origins")
def cors_origins(gateway: Gateway) -> Broken:
    """Kong sends a single origin to every caller, and takes one with other signs for a regex. `null` is what a file,
    and a page in a sandboxed frame of whatever site, call themselves: it is never an origin of ours."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, Cors):
            if len(plugin.config.origins) < 2:
                yield (
                    where,
                    "list at least two origins (the same one twice if need be): Kong does not compare a single one",
                )
            for origin in plugin.config.origins:
                if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?", origin):
                    yield where, f"origin {origin!r} must be scheme://host[:port]"
            if plugin.config.preflight_continue:
                yield where, "set preflight_continue: false: no service answers preflights"


@rule("request-id")
def request_id(gateway: Gateway) -> Broken:
    """Services, logs and clients know one request id, X-Request-ID."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, CorrelationId) and (
            plugin.config.header_name != "X-Request-ID"
            or plugin.config.generator != "uuid"
            or not plugin.config.echo_downstream
        ):
            yield where, "set header_name: X-Request-ID, generator: uuid, echo_downstream: true"


@rule("body-limit")
def body_limit(gateway: Gateway) -> Broken:
    """Kong's default of 128 MB lets a few requests fill a service's memory."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, RequestSizeLimiting):
            size = plugin.config.allowed_payload_size * UNIT_BYTES[plugin.config.size_unit]
            if not 0 < size <= MAX_BODY_BYTES:
                yield where, f"{size} bytes: the services take at most {MAX_BODY_BYTES}"


@rule("trace-of-a-client")
def trace_of_a_client(gateway: Gateway) -> Broken:
    """Whoever may name a trace says whether it is recorded, too: then any client could have all that it asks for
    recorded, at every service, or nothing. Services continue traceparent (w3c) and no other header."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, OpenTelemetry):
            if plugin.config.propagation.extract != []:
                yield where, "set propagation.extract: []: left out, a client's headers are read"
            if plugin.config.propagation.inject != ["w3c"]:
                yield where, "set propagation.inject: [w3c]"


@rule("trace-by-name")
def trace_by_name(gateway: Gateway) -> Broken:
    """Without its own rate Kong records one request in a hundred whatever was rendered; without a name it is `kong`."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, OpenTelemetry):
            if plugin.config.sampling_rate is None:
                yield where, "set sampling_rate"
            if plugin.config.resource_attributes.get("service.name") != "gateway":
                yield where, "set resource_attributes: {service.name: gateway}"


@rule("trace-patience")
def trace_patience(gateway: Gateway) -> Broken:
    """A collector that hangs: Kong's default keeps a batch for a minute, with five seconds a try."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, OpenTelemetry):
            timeouts = (plugin.config.connect_timeout, plugin.config.send_timeout, plugin.config.read_timeout)
            if max(timeouts) > MAX_EXPORT_MILLIS:
                yield where, f"set connect_, send_ and read_timeout to at most {MAX_EXPORT_MILLIS}"
            if plugin.config.queue.max_retry_time > MAX_RETRY_SECONDS:
                yield where, f"set queue.max_retry_time to at most {MAX_RETRY_SECONDS}"


@rule("cached-for-everybody")
def cached_for_everybody(gateway: Gateway) -> Broken:
    """proxy-cache keys on the path alone: on a route with tokens, one user was shown another's bookings."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, ProxyCache) and len(where) == 2:
            yield where, "proxy-cache may not be global: some routes answer each user differently"
    for way in gateway.ways():
        if way.closed and way.plugin(ProxyCache):
            yield way.where, "proxy-cache may not be on a route that needs a token"


def functions(gateway: Gateway) -> Iterator[tuple[Where, str, str]]:
    """Every Lua function: its place, its phase, its text."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, PreFunction):
            for phase in ("access", "header_filter", "body_filter"):
                for index, text in enumerate(getattr(plugin.config, phase)):
                    yield (*where, "config", phase, index), phase, text


@rule("lua-require")
def lua_require(gateway: Gateway) -> Broken:
    """The sandbox refuses require at run time: the file parses, and then every request answers 500."""
    for where, _, text in functions(gateway):
        for name in ("require", "os", "io", "load", "loadstring", "dofile"):
            if re.search(rf"(?<![\w.:]){name}\s*[.(\[\"']", re.sub(r"--[^\n]*", "", text)):
                yield where, f"{name} is not available to Lua in the gateway"


@rule("lua-unknown")
def lua_unknown(gateway: Gateway) -> Broken:
    """The local gateway runs no Lua: it does itself what the known functions do, so it must know their exact text."""
    for where, _, text in functions(gateway):
        if not is_known(text):
            name = name_of(text)
            said = f"function {name!r} differs from gateway/lua/" if name else "this function is not known"
            yield where, f"{said}; change both, and the compiler with them"


@rule("lua-missing")
def lua_missing(gateway: Gateway) -> Broken:
    """Without them clients could claim an identity, users would share a limit, and errors would have no `error`.

    All three are in pre-function. Kong gathers the plugins that look at an answer as it goes through them: a request
    that ends while its body is read (a broken chunk, too many bytes) had never come to post-function, the last, and its
    error was Kong's own.
    """
    present = {(where[:1] == ("plugins",), phase, text) for where, phase, text in functions(gateway)}
    wanted = ((IDENTITY, "access"), (PROBLEM_HEADERS, "header_filter"), (PROBLEM_BODY, "body_filter"))
    for name, phase in wanted:
        if (True, phase, text_of(name)) not in present:
            yield ("plugins",), f"the global function {name} is missing in phase {phase}"
