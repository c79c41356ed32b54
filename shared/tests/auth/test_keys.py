"""Public keys: what is accepted as one, how they are renewed, what an outage changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.auth.errors import InvalidToken, KeysUnavailable
from shared.auth.keys import HttpKeySource, KeyRing, StaticKeySource, UnusableKey, public_rsa_key, rsa_key
from shared.auth.tokens import TokenSigner, TokenVerifier
from testing import eventually
from testing.serving import bound_socket, serving


class Source:
    """Keys that a test changes; `down` makes it fail."""

    def __init__(self, keys: Mapping[str, RSAKey]) -> None:
        self.keys = dict(keys)
        self.down = False
        self.fetches = 0

    async def fetch(self) -> Mapping[str, RSAKey]:
        self.fetches += 1
        await asyncio.sleep(0)
        if self.down:
            raise OSError("platform is down")
        return self.keys

    async def close(self) -> None:
        pass


def public(key: RSAKey) -> RSAKey:
    return public_rsa_key(key.as_pem(private=False))


async def test_a_new_key_is_found_without_a_restart(private_key: RSAKey, other_key: RSAKey) -> None:
    source = Source({"k1": public(private_key)})
    verifier = TokenVerifier(source)
    verifier.ring = KeyRing(source, min_interval=0)
    await verifier.verify(TokenSigner("k1", private_key).sign(user_id=1, session_id="s", role="user"))
    source.keys["k2"] = public(other_key)
    principal = await verifier.verify(
        TokenSigner("k2", other_key).sign(user_id=2, session_id="s", role="user")
    )
    assert principal.user_id == 2


async def test_unknown_key_ids_cannot_hammer_the_source(private_key: RSAKey) -> None:
    source = Source({"k1": public(private_key)})
    ring = KeyRing(source, min_interval=60)
    answers = await asyncio.gather(*(ring.find(f"unknown-{number}") for number in range(200)))
    assert answers == [None] * 200
    assert source.fetches == 1


async def test_a_failing_source_is_not_hammered_either() -> None:
    source = Source({})
    source.down = True
    ring = KeyRing(source, min_interval=60)
    for _ in range(5):
        with pytest.raises(KeysUnavailable):
            await ring.find("k1")
    assert source.fetches == 1


async def test_an_outage_keeps_the_known_keys(private_key: RSAKey) -> None:
    source = Source({"k1": public(private_key)})
    ring = KeyRing(source, min_interval=0, max_age=0)
    assert await ring.find("k1") is not None
    source.down = True
    assert await ring.find("unknown") is None
    assert await ring.find("k1") is not None


async def test_an_empty_answer_keeps_the_known_keys(private_key: RSAKey) -> None:
    source = Source({"k1": public(private_key)})
    ring = KeyRing(source, min_interval=0)
    await ring.find("k1")
    source.keys = {}
    await ring.find("unknown")
    assert await ring.find("k1") is not None


async def test_a_retired_key_stops_working_also_for_remembered_tokens(
    private_key: RSAKey, other_key: RSAKey
) -> None:
    source = Source({"k1": public(private_key), "k2": public(other_key)})
    verifier = TokenVerifier(source)
    verifier.ring = KeyRing(source, min_interval=0, max_age=0)
    token = TokenSigner("k1", private_key).sign(user_id=1, session_id="s", role="user")
    await verifier.verify(token)
    del source.keys["k1"]
    await verifier.ring.find("unknown")
    with pytest.raises(InvalidToken):
        await verifier.verify(token)
    await verifier.close()


async def test_old_keys_are_renewed_in_the_background(private_key: RSAKey) -> None:
    source = Source({"k1": public(private_key)})
    ring = KeyRing(source, min_interval=0, max_age=0)
    await ring.find("k1")
    ring.known("k1")

    async def fetched_again() -> bool:
        return source.fetches >= 2

    await eventually(fetched_again)
    await ring.close()


async def test_keys_come_from_a_jwks_document_and_others_in_it_are_passed_over(private_key: RSAKey) -> None:
    good = {**private_key.as_dict(private=False), "kid": "k1", "use": "sig", "alg": "RS256"}
    encryption = {**good, "kid": "k2", "use": "enc"}
    curve = {**ECKey.generate_key("P-256").as_dict(private=False), "kid": "k3"}

    async def jwks(request: Request) -> Response:
        return JSONResponse({"keys": [good, encryption, curve, {"kty": "RSA"}, "rubbish"]})

    with bound_socket() as listener, serving(Starlette(routes=[Route("/jwks", jwks)]), listener) as url:
        source = HttpKeySource(f"{url}/jwks")
        assert list(await source.fetch()) == ["k1"]
        strange = HttpKeySource(f"{url}/nowhere")
        ring = KeyRing(strange)
        with pytest.raises(KeysUnavailable):
            await ring.find("k1")
        await source.close()
        await ring.close()


def test_short_keys_and_other_kinds_are_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    short = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505  # that is the point
    with pytest.raises(UnusableKey, match="1024"):
        rsa_key(short.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for wrong in (ECKey.generate_key("P-256").as_pem(), "no key", b"", {"kty": "oct", "k": "c2VjcmV0"}):
        with pytest.raises(UnusableKey):
            rsa_key(wrong)


async def test_a_source_never_holds_the_private_part(private_key: RSAKey) -> None:
    keys = await StaticKeySource({"k1": private_key.as_pem(private=True)}).fetch()
    assert not keys["k1"].is_private
