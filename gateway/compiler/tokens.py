"""jwt as Envoy's jwt_authn: the same keys by kid, only in the Authorization header, expiry demanded."""

import json

from gateway.compiler.typed import JWT, RBAC, Message, named, typed
from gateway.keys import jwk
from gateway.model import KongFile

CACHED_TOKENS = 20_000
"""Verified tokens that are remembered, so that a busy client's token is verified once."""


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
