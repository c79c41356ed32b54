"""The public keys that tokens are checked with: where they come from, and those that a process knows."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Mapping
from time import monotonic
from typing import Any, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import RSAKey

from shared.auth.errors import KeysUnavailable
from shared.observability.http_client import ObservedClient
from shared.tasks import cancel_and_wait
from shared.tls import context_for

MIN_BITS = 2048


class KeySource(Protocol):
    """Returns the public keys that are valid now, by `kid`.

    `fetch` may raise anything: the verifier logs it and keeps using the keys it has.
    """

    async def fetch(self) -> Mapping[str, RSAKey]: ...

    async def close(self) -> None: ...


class UnusableKey(ValueError):
    """The key is not an RSA key of at least 2048 bits."""


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
    """Keys in memory: {kid: PEM or JWK}. For tests and for tools."""

    def __init__(self, keys: Mapping[str, str | bytes | Mapping[str, Any]]) -> None:
        self._keys = {kid: public_rsa_key(value) for kid, value in keys.items()}

    async def fetch(self) -> Mapping[str, RSAKey]:
        return self._keys

    async def close(self) -> None:
        """Nothing is held open."""


class HttpKeySource:
    """The JWKS document that platform publishes. Keys of other kinds or for other uses are skipped."""

    def __init__(self, url: str, *, timeout: float = 2.0) -> None:
        self._url = url
        self._client = ObservedClient("platform", passes_ids=True, timeout=timeout, verify=context_for(url))

    async def fetch(self) -> Mapping[str, RSAKey]:
        """Raises httpx.HTTPError, or ValueError for a document that is not a key set."""
        answer = await self._client.get(self._url, headers={"Accept": "application/json"})
        answer.raise_for_status()
        document = answer.json()
        entries = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(entries, list):
            raise ValueError(f"{self._url} did not return a key set")
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


logger = logging.getLogger(__name__)


class KeyRing:
    """Public keys by `kid`.

    An unknown `kid` fetches them again, but at most once in `min_interval` seconds. Keys older than `max_age` seconds
    are refreshed in the background, so that a retired key stops working. A failed fetch changes nothing: known keys
    stay valid while platform is down.
    """

    def __init__(self, source: KeySource, *, min_interval: float = 3.0, max_age: float = 300.0) -> None:
        self._source = source
        self._min_interval = min_interval
        self._max_age = max_age
        self._keys: Mapping[str, RSAKey] = {}
        self._tried_at = float("-inf")
        self._fetched_at = float("-inf")
        self._running: asyncio.Task[None] | None = None
        self.generation = 0  # grows when a key is gone or replaced: whatever was verified before is doubtful

    def known(self, kid: str) -> RSAKey | None:
        """The key of this id, if it is in memory; starts a renewal in the background when the keys are old."""
        now = monotonic()
        if now - self._fetched_at > self._max_age and now - self._tried_at > self._min_interval:
            self._start(now)
        return self._keys.get(kid)

    async def find(self, kid: str) -> RSAKey | None:
        """The key of this id, fetched if necessary. Raises KeysUnavailable as long as no key is known at all."""
        key = self.known(kid)
        if key is not None:
            return key
        now = monotonic()
        if self._running is None and now - self._tried_at > self._min_interval:
            self._start(now)
        if self._running is not None:
            await asyncio.shield(self._running)
        if not self._keys:
            raise KeysUnavailable(retry_after=self._min_interval)
        return self._keys.get(kid)

    async def close(self) -> None:
        if self._running is not None:
            await cancel_and_wait(self._running)
        await self._source.close()

    def _start(self, now: float) -> None:
        if self._running is None:
            self._tried_at = now
            self._running = asyncio.create_task(self._fetch(), name="fetch public keys")

    async def _fetch(self) -> None:
        try:
            keys = dict(await self._source.fetch())
        except Exception as error:  # whatever a source raises, the old keys stay
            logger.warning(
                "public keys could not be fetched; the %d known keys stay in use: %r", len(self._keys), error
            )
        else:
            self._replace(keys)
        finally:
            self._running = None

    def _replace(self, keys: Mapping[str, RSAKey]) -> None:
        if not keys:
            logger.warning(
                "the key source returned no usable key; the %d known keys stay in use", len(self._keys)
            )
            return
        self._fetched_at = monotonic()
        before = {kid: key.thumbprint() for kid, key in self._keys.items()}
        after = {kid: key.thumbprint() for kid, key in keys.items()}
        if not before.items() <= after.items():
            self.generation += 1
        self._keys = keys
