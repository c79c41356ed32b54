"""Rules about signing keys."""

from __future__ import annotations

import re

from gateway.errors import GatewayError
from gateway.keys import require_public_key
from gateway.rules.registry import Broken, Gateway, rule

PLAIN_KID = "[A-Za-z0-9._-]+"


@rule("signing-key")
def signing_key(gateway: Gateway) -> Broken:
    """An HS256 entry would turn a published public key into the secret that signs tokens; a kid has one key."""
    seen: set[str] = set()
    for c, consumer in enumerate(gateway.file.consumers):
        for index, secret in enumerate(consumer.jwt_secrets):
            where = ("consumers", c, "jwt_secrets", index)
            if secret.algorithm != "RS256":
                yield where, f"algorithm {secret.algorithm}: only RS256 is used"
            if not re.fullmatch(PLAIN_KID, secret.key):
                yield (
                    where,
                    f"kid {secret.key!r}: the identity function drops every token whose kid is not {PLAIN_KID}",
                )
            if secret.key in seen:
                yield where, f"a second key is named {secret.key!r}"
            seen.add(secret.key)
            try:
                require_public_key(secret.key, secret.rsa_public_key or "")
            except GatewayError as error:
                yield where, str(error)


@rule("one-consumer")
def one_consumer(gateway: Gateway) -> Broken:
    """Keys are rotated under one consumer: with several, limits and logs would follow the key, not the user."""
    if len(gateway.file.consumers) != 1:
        yield ("consumers",), f"there must be exactly one consumer, not {len(gateway.file.consumers)}"
