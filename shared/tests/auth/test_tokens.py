"""What a token must be to be accepted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from shared.auth.errors import InvalidToken
from shared.auth.keys import StaticKeySource
from shared.auth.service_tokens import ServiceTokenVerifier
from shared.auth.tokens import Principal, TokenSigner, TokenVerifier

Forge = Callable[..., str]


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)
    ]
    return ".".join(parts)


def good_claims() -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": "softfactory",
        "aud": "softfactory-api",
        "sub": "7",
        "sid": "s1",
        "role": "admin",
        "iat": now,
        "exp": now + 60,
    }


async def test_a_signed_token_answers_whom_it_speaks_for(
    signer: TokenSigner, verifier: TokenVerifier
) -> None:
    now = int(time.time())
    token = signer.sign(user_id=2**63 - 1, session_id="s1", role="admin", now=now)
    assert await verifier.verify(token) == Principal(2**63 - 1, "s1", "admin", now + 900)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody"},
        {"iss": None},
        {"aud": "another-api"},
        {"aud": None},
        {"aud": ["softfactory-api"]},
        {"exp": None},
        {"exp": int(time.time()) - 60},
        {"exp": True},
        {"exp": "9999999999"},
        {"exp": 1e12},
        {"iat": None},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200},
        {"iat": int(time.time()) + 899, "exp": int(time.time()) + 898},
        {"nbf": int(time.time()) + 3600},
        {"nbf": "soon"},
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
        {"sub": "0"},
        {"sub": "-7"},
        {"sub": "+7"},
        {"sub": " 7"},
        {"sub": "7.0"},
        {"sub": "1_0"},
        {"sub": "٧"},
        {"sub": "²"},
        {"sub": str(2**63)},
        {"sub": "9" * 5000},
        {"sid": None},
        {"sid": ""},
        {"sid": 5},
        {"role": None},
        {"role": ["admin"]},
    ],
    ids=lambda claims: next(iter(claims)),  # not its values: both workers must call a test the same
)
async def test_claims_that_make_no_sense_are_refused(
    forge: Forge, verifier: TokenVerifier, claims: dict[str, Any]
) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(forge(**claims))


@pytest.mark.parametrize(
    "header", [{"kid": ""}, {"kid": "unknown"}, {"kid": "../k1"}, {"alg": "RS512"}, {"alg": "PS256"}], ids=str
)
async def test_another_algorithm_or_key_id_is_refused(
    forge: Forge, verifier: TokenVerifier, header: dict[str, Any]
) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(forge(header))


async def test_a_token_needs_its_key_id(private_key: RSAKey, verifier: TokenVerifier) -> None:
    from joserfc import jwt

    with pytest.raises(InvalidToken):
        await verifier.verify(jwt.encode({"alg": "RS256"}, good_claims(), private_key))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
async def test_a_token_without_signature_is_refused(verifier: TokenVerifier, algorithm: str) -> None:
    token = unsigned({"alg": algorithm, "kid": "k1", "typ": "JWT"}, good_claims()) + "."
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_the_public_key_is_no_shared_secret(private_key: RSAKey, verifier: TokenVerifier) -> None:
    signed = unsigned({"alg": "HS256", "kid": "k1", "typ": "JWT"}, good_claims())
    digest = hmac.new(private_key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
    token = f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_another_key_of_the_same_id_is_refused(other_key: RSAKey, verifier: TokenVerifier) -> None:
    token = TokenSigner("k1", other_key).sign(user_id=7, session_id="s1", role="admin")
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_a_changed_token_is_refused_though_the_true_one_is_remembered(
    signer: TokenSigner, verifier: TokenVerifier
) -> None:
    token = signer.sign(user_id=7, session_id="s1", role="user")
    await verifier.verify(token)
    header, _, signature = token.split(".")
    claims = unsigned({}, {**good_claims(), "role": "admin"}).split(".")[1]
    with pytest.raises(InvalidToken):
        await verifier.verify(f"{header}.{claims}.{signature}")


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "é.é.é",
        "x" * 100_000,
        "e30.e30.e30",
        "W10.W10.W10",
        "\x00.\x00.\x00",
    ],
    ids=lambda token: repr(token[:12]),
)
async def test_what_is_no_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_claims_nested_beyond_reason_are_refused(verifier: TokenVerifier, private_key: RSAKey) -> None:
    from joserfc import jws

    bomb = b'{"a":' * 800 + b"1" + b"}" * 800
    token = jws.serialize_compact({"alg": "RS256", "kid": "k1"}, bomb, private_key, algorithms=["RS256"])
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 1400 + b"]" * 1400,
        b'{"alg":"RS256","kid":"k1","x":' + b"[" * 1300 + b"]" * 1300 + b"}",
        b'{"alg":"RS256","kid":' + b"9" * 2900 + b"}",
        b'{"alg":["RS256"],"kid":"k1"}',
        b'{"alg":{},"kid":"k1"}',
        b'{"alg":"RS256","kid":["k1"]}',
        b'{"alg":"RS256","kid":"\\ud800"}',
        b'{"alg":"RS256","kid":"k1","crit":5}',
        b'{"alg":"RS256","kid":"k1","b64":false}',
        b"\xff",
    ],
    ids=range(10),
)
async def test_what_no_header_says_is_refused_by_users_and_services_verifiers(
    verifier: TokenVerifier, header: bytes
) -> None:
    encoded = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    services = ServiceTokenVerifier("platform", {"k1": "s" * 32})
    for rest in (".e30.AAAA", f".{encoded}."):
        with pytest.raises(InvalidToken):
            await verifier.verify(encoded + rest)
        with pytest.raises(InvalidToken):
            services.verify(encoded.replace("RS256", "HS256") + rest)


async def test_a_remembered_token_expires_all_the_same(
    signer: TokenSigner, verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = signer.sign(user_id=7, session_id="s1", role="user")
    await verifier.verify(token)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 906)
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_a_remembered_token_is_refused_once_its_session_is_revoked(
    private_key: RSAKey, signer: TokenSigner
) -> None:
    revoked: set[str] = set()
    keys = StaticKeySource({"k1": private_key.as_pem(private=False)})
    verifier = TokenVerifier(keys, revoked=revoked)  # type: ignore[arg-type]  # only `in` is asked of it
    token = signer.sign(user_id=7, session_id="s1", role="user")
    await verifier.verify(token)
    revoked.add("s1")
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_the_memory_of_tokens_is_bounded(private_key: RSAKey, signer: TokenSigner) -> None:
    verifier = TokenVerifier(StaticKeySource({"k1": private_key.as_pem(private=False)}), remember=3)
    for user_id in range(1, 6):
        await verifier.verify(signer.sign(user_id=user_id, session_id="s", role="user"))
    assert len(verifier._verified) == 3


def test_a_public_key_cannot_sign(private_key: RSAKey) -> None:
    with pytest.raises(ValueError, match="private"):
        TokenSigner("k1", private_key.as_pem(private=False))
