"""Where the public keys come from that tokens are checked with."""

import warnings
from collections.abc import Mapping
from typing import Any, Protocol

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import RSAKey

from shared.tls import trust_for

MIN_BITS = 2048


class KeySource(Protocol):
    """Answers the public keys that are good now, by `kid`.

    `fetch` may raise anything: the verifier logs it and goes on with the keys it has.
    """

    async def fetch(self) -> Mapping[str, RSAKey]: ...

    async def close(self) -> None: ...


class UnusableKey(ValueError):
    """Not an RSA key of at least 2048 bits."""


def rsa_key(value: str | bytes | Mapping[str, Any]) -> RSAKey:
    """The RSA key of a PEM text or of a JWK.

    Raises UnusableKey for another kind of key and for a short one.
    """
    material = dict(value) if isinstance(value, Mapping) else value
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # about short keys, which are refused below
            key = RSAKey.import_key(material)
            bits = key.public_key.key_size
    except (JoseError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableKey("not an RSA key") from error
    if bits < MIN_BITS:
        raise UnusableKey(f"an RSA key of {bits} bits; at least {MIN_BITS} are needed")
    return key


def public_rsa_key(value: str | bytes | Mapping[str, Any]) -> RSAKey:
    """As `rsa_key`, without the private part where there is one. Raises UnusableKey."""
    return RSAKey.import_key(rsa_key(value).public_key)


class StaticKeySource:
    """Keys that stand in memory: {kid: PEM or JWK}. For tests and for tools."""

    def __init__(self, keys: Mapping[str, str | bytes | Mapping[str, Any]]) -> None:
        self._keys = {kid: public_rsa_key(value) for kid, value in keys.items()}

    async def fetch(self) -> Mapping[str, RSAKey]:
        return self._keys

    async def close(self) -> None:
        """Nothing is held open."""


class HttpKeySource:
    """The JWKS document that platform publishes. Keys of other kinds or uses in it are passed over."""

    def __init__(self, url: str, *, timeout: float = 2.0) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=timeout, verify=trust_for(url))

    async def fetch(self) -> Mapping[str, RSAKey]:
        """Raises httpx.HTTPError, or ValueError for a document that is no key set."""
        answer = await self._client.get(self._url, headers={"Accept": "application/json"})
        answer.raise_for_status()
        document = answer.json()
        entries = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise ValueError(f"{self._url} answered no key set")
        return {entry["kid"]: public_rsa_key(entry) for entry in entries if _is_signing_key(entry)}

    async def close(self) -> None:
        await self._client.aclose()


def _is_signing_key(entry: object) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return False
    return (
        entry.get("kty") == "RSA"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", "RS256") == "RS256"
    )
