"""Keys and a verifier for the tests of authentication."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from shared.auth.keys import StaticKeySource
from shared.auth.tokens import TokenSigner, TokenVerifier


@pytest.fixture(scope="session")
def private_key() -> RSAKey:
    return RSAKey.generate_key(2048)


@pytest.fixture(scope="session")
def other_key() -> RSAKey:
    return RSAKey.generate_key(2048)


@pytest.fixture
def signer(private_key: RSAKey) -> TokenSigner:
    return TokenSigner("k1", private_key)


@pytest.fixture
def verifier(private_key: RSAKey) -> TokenVerifier:
    return TokenVerifier(StaticKeySource({"k1": private_key.as_pem(private=False)}))


@pytest.fixture
def forge(private_key: RSAKey) -> Callable[..., str]:
    """A token signed with the good key, whose claims and header are changed; None leaves a claim out."""

    def make(header: dict[str, Any] | None = None, **claims: Any) -> str:
        now = int(time.time())
        good = {
            "iss": "softfactory",
            "aud": "softfactory-api",
            "sub": "7",
            "sid": "s1",
            "role": "user",
            "iat": now,
            "exp": now + 900,
        }
        chosen = {name: value for name, value in {**good, **claims}.items() if value is not None}
        return jwt.encode(
            {"alg": "RS256", "kid": "k1", **(header or {})},
            chosen,
            private_key,
            algorithms=["RS256", "RS512", "PS256"],
        )

    return make
