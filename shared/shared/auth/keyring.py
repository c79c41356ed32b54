"""The keys a process knows at the moment, kept through outages and renewed without being hammered."""

import asyncio
import logging
from collections.abc import Mapping
from time import monotonic

from joserfc.jwk import RSAKey

from shared.auth.errors import KeysUnavailable
from shared.auth.keys import KeySource
from shared.tasks import cancel_and_wait

logger = logging.getLogger(__name__)


class KeyRing:
    """Public keys by `kid`.

    An unknown `kid` fetches them again, at most once in `min_interval` seconds whatever arrives. Keys older than
    `max_age` seconds are renewed in the background, so that a retired key stops working. A failed fetch changes
    nothing: what is known stays good while platform is down.
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
        """The key of this id, fetched if need be. Raises KeysUnavailable as long as no key is known at all."""
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
            logger.warning("public keys could not be fetched, %d known ones stay: %r", len(self._keys), error)
        else:
            self._replace(keys)
        finally:
            self._running = None

    def _replace(self, keys: Mapping[str, RSAKey]) -> None:
        if not keys:
            logger.warning("the key source answered no usable key; %d known ones stay", len(self._keys))
            return
        self._fetched_at = monotonic()
        before = {kid: key.thumbprint() for kid, key in self._keys.items()}
        after = {kid: key.thumbprint() for kid, key in keys.items()}
        if not before.items() <= after.items():
            self.generation += 1
        self._keys = keys
