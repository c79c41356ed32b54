"""Webhooks: signed as Stripe signs them, tried several times, kept over a restart."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from dataclasses import dataclass
from typing import Final

import httpx

from fakes.payments.store import Delivery, Store

logger = logging.getLogger(__name__)

PAUSES: Final = (0.3, 1.0, 3.0, 10.0, 30.0)  # seconds after each failed try; then it is given up
AT_ONCE: Final = 8
IDLE_SECONDS: Final = 30.0


@dataclass(slots=True)
class Manner:
    """How events go out. held: not by themselves; copies: how often each; delay: seconds until the first try."""

    held: bool = False
    copies: int = 1
    delay: float = 0.0


def signature(payload: bytes, secret: str, moment: int) -> str:
    """The header Stripe-Signature."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


class Webhooks:
    """Delivers to one URL; without a URL events are only recorded."""

    def __init__(self, store: Store, *, url: str | None, secret: str) -> None:
        self.manner = Manner()
        self._store = store
        self._url = url
        self._secret = secret
        self._wake = asyncio.Event()
        self._tried: dict[str, asyncio.Event] = {}

    def queue(self, event_id: str) -> None:
        """Deliver an event as the manner says."""
        if self._url is not None and not self.manner.held:
            for _ in range(self.manner.copies):
                self.send(event_id, delay=self.manner.delay)

    def send(self, event_id: str, *, delay: float = 0.0) -> None:
        """Deliver an event (again), whatever the manner says."""
        self._store.schedule(event_id, time.time() + delay)
        self._wake.set()

    async def wait_for_try(self, event_id: str, seconds: float) -> None:
        """Wait until the event has been tried once; as Stripe does before it sends the browser back."""
        if self._url is None or self.manner.held:
            return
        tried = self._tried.setdefault(event_id, asyncio.Event())
        try:
            async with asyncio.timeout(seconds):
                await tried.wait()
        except TimeoutError:
            logger.warning("the webhook of %s has not been answered in %g s", event_id, seconds)
        finally:
            self._tried.pop(event_id, None)

    async def run(self) -> None:
        """Deliver until canceled."""
        async with httpx.AsyncClient(timeout=5.0) as client:
            while True:
                self._wake.clear()
                deliveries = self._store.due(time.time(), AT_ONCE)
                await asyncio.gather(*(self._deliver(client, delivery) for delivery in deliveries))
                if not deliveries:
                    await self._sleep()

    async def _sleep(self) -> None:
        due = self._store.next_due()
        seconds = IDLE_SECONDS if due is None else min(IDLE_SECONDS, max(0.01, due - time.time()))
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    async def _deliver(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        event = self._store.get("event", delivery.event)
        if event is None or self._url is None:
            self._store.delivered(delivery)
            return
        payload = json.dumps(event).encode()
        outcome = await self._post(client, self._url, payload)
        if outcome is None or delivery.tries >= len(PAUSES):
            self._store.delivered(delivery)
        else:
            self._store.postpone(delivery, time.time() + PAUSES[delivery.tries])
        if outcome is not None:
            logger.warning("webhook %s, try %d: %s", delivery.event, delivery.tries + 1, outcome)
        if tried := self._tried.get(delivery.event):
            tried.set()

    async def _post(self, client: httpx.AsyncClient, url: str, payload: bytes) -> str | None:
        """What went wrong, or None."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(payload, self._secret, int(time.time())),
            "User-Agent": "Stripe/1.0 (sandbox)",
        }
        try:
            answer = await client.post(url, content=payload, headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__
        return None if answer.is_success else f"status {answer.status_code}"
