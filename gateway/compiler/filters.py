"""Envoy's filters: browsers, body size, compression, identity headers, tokens.

jwt is Envoy's jwt_authn: the same keys by kid, only in the Authorization header, expiry demanded.
"""

from __future__ import annotations

import json

from gateway.compiler.typed import BUFFER, COMPRESSOR, CORS, JWT, RBAC, ROUTER, Message, named, typed
from gateway.functions import identity_prefixes
from gateway.keys import jwk
from gateway.model import KongFile
from gateway.plugins import CorsConfig, SizeConfig
from gateway.rules.plugins import UNIT_BYTES

CLIENT_MAY_NOT_STEER = "x-envoy-"
"""Headers by which a client could change timeouts and retries of the local gateway."""
AT_ONCE = 8
"""Prefixes a pattern: each pattern is tried on every header of every request, and Envoy refuses too long ones."""
CACHED_TOKENS = 20_000
"""Verified tokens that are remembered, so that a busy client's token is verified once."""


def cors_filter() -> Message:
    """The filter; what it allows stands on the virtual host."""
    return named(CORS, typed("extensions.filters.http.cors.v3.Cors"))


def cors_policy(config: CorsConfig) -> Message:
    """Origins are compared whole, as Kong does for a list of plain origins."""
    policy = typed(
        "extensions.filters.http.cors.v3.CorsPolicy",
        allow_origin_string_match=[{"exact": origin} for origin in dict.fromkeys(config.origins)],
        allow_methods=",".join(config.methods),
        allow_headers=",".join(config.headers),
        expose_headers=",".join(config.exposed_headers),
        allow_credentials=config.credentials,
    )
    if config.max_age is not None:
        policy["max_age"] = str(config.max_age)
    return {CORS: policy}


def body_limit(config: SizeConfig) -> Message:
    """Holds the whole body, as Kong does, so that a slow sender does not occupy a service."""
    limit = config.allowed_payload_size * UNIT_BYTES[config.size_unit]
    return named(BUFFER, typed("extensions.filters.http.buffer.v3.Buffer", max_request_bytes=limit))


def compression() -> Message:
    """What Kong's nginx is told to do: gzip for 256 bytes and more (Envoy's own list of types holds JSON)."""
    gzip = typed(
        "extensions.compression.gzip.compressor.v3.Gzip",
        compression_level="BEST_SPEED",
        window_bits=15,
        memory_level=8,
        chunk_size=16384,
    )
    config = typed(
        "extensions.filters.http.compressor.v3.Compressor",
        response_direction_config={
            "common_config": {"min_content_length": 256},
            "disable_on_etag_header": False,
            "weaken_etag_on_compress": True,
        },
        compressor_library=named("gzip", gzip),
    )
    return named(COMPRESSOR, config)


def router() -> Message:
    """The last filter: sends the request on, without Envoy's own headers."""
    return named(ROUTER, typed("extensions.filters.http.router.v3.Router", suppress_envoy_headers=True))


def identity_headers() -> list[Message]:
    """Drops what the identity function drops, before any other filter sees the request."""
    prefixes = [_either(prefix) for prefix in (*identity_prefixes(), CLIENT_MAY_NOT_STEER)]
    mutations: list[Message] = [
        {"remove_on_match": {"key_matcher": {"safe_regex": {"regex": f"(?:{'|'.join(some)}).*"}}}}
        for some in (prefixes[at : at + AT_ONCE] for at in range(0, len(prefixes), AT_ONCE))
    ]
    config = typed(
        "extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation", mutations=mutations
    )
    return [named("envoy.http.early_header_mutation.header_mutation", config)]


def _either(prefix: str) -> str:
    """The prefix with - and _ alike, as the function compares."""
    return prefix.replace("-", "[-_]")


def token_filters(file: KongFile) -> list[Message]:
    """The filters that verify tokens on the routes that ask for it; none while there is no key."""
    keys = [jwk(s.key, s.rsa_public_key or "") for consumer in file.consumers for s in consumer.jwt_secrets]
    if not keys:
        return []
    provider = {
        "local_jwks": {"inline_string": json.dumps({"keys": keys})},
        "forward": True,
        # Named, or Envoy would also take ?access_token=...
        "from_headers": [
            {"name": "authorization", "value_prefix": prefix} for prefix in ("Bearer ", "bearer ")
        ],
        "payload_in_metadata": "token",
        "header_in_metadata": "head",
        "require_expiration": True,
        "clock_skew_seconds": 1,
        "jwt_cache_config": {"jwt_cache_size": CACHED_TOKENS},
    }
    authn = typed(
        "extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        providers={"access": provider},
        requirement_map={"access": {"provider_name": "access"}},
    )
    return [named(JWT, authn), named(RBAC, typed("extensions.filters.http.rbac.v3.RBAC"))]


def token_needed() -> Message:
    """A route's own configuration: a token, and a kid in it (Envoy alone would try every key without one)."""
    kid = {"filter": JWT, "path": [{"key": "head"}, {"key": "kid"}], "value": {"present_match": True}}
    rules = {
        "action": "ALLOW",
        "policies": {
            "kid": {
                "permissions": [{"any": True}],
                "principals": [{"sourced_metadata": {"metadata_matcher": kid}}],
            }
        },
    }
    return {
        JWT: typed("extensions.filters.http.jwt_authn.v3.PerRouteConfig", requirement_name="access"),
        RBAC: typed("extensions.filters.http.rbac.v3.RBACPerRoute", rbac={"rules": rules}),
    }
