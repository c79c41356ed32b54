"""How Stripe's SDK reaches the network, on httpx with our timeouts, and what its errors mean to our callers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager

import httpx
import stripe

from shared.admission import release_permit
from shared.errors import ServiceError
from shared.observability.http_client import ObservedClient
from shared.payments.errors import CardDeclined, ProviderRefused, ProviderUnavailable, UnknownPayment
from shared.tls import context_for


class StripeTransport(stripe.HTTPClient):
    """An async-only client of the SDK. Its own httpx client sends forms in a way that httpx has deprecated."""

    name = "httpx"

    def __init__(self, url: str, *, timeout: httpx.Timeout, connections: int = 20) -> None:
        super().__init__()
        limits = httpx.Limits(max_connections=connections)
        self._client = ObservedClient("stripe", timeout=timeout, limits=limits, verify=context_for(url))

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One try. Raises stripe.APIConnectionError, which the SDK retries."""
        release_permit()
        try:
            answer = await self._client.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as error:
            reason = f"Network error: {type(error).__name__}"
            raise stripe.APIConnectionError(reason, should_retry=True) from error  # type: ignore[no-untyped-call]
        return answer.content, answer.status_code, answer.headers

    def sleep_async(self, secs: float) -> Awaitable[None]:
        """The SDK's pause between two tries."""
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        await self._client.aclose()


logger = logging.getLogger(__name__)


class KeyUsedDifferently(ProviderRefused):
    """This idempotency key was used for another request."""

    code = "payment_key_reused"


class AlreadyRefunded(ProviderRefused):
    """This payment has already been refunded."""

    code = "payment_already_refunded"


@asynccontextmanager
async def translated(what: str, *, seconds: float) -> AsyncIterator[None]:
    """Run calls to Stripe within `seconds`. Raises only errors of shared.payments.errors and of this module."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        logger.warning("payment provider: %s took longer than %g s", what, seconds)
        raise ProviderUnavailable(retry_after=2) from error
    except stripe.StripeError as error:
        raise _meaning(what, error) from error


def _meaning(what: str, error: stripe.StripeError) -> ServiceError:
    if isinstance(error, stripe.CardError):
        return CardDeclined(error.user_message, reason=error.code)
    if isinstance(error, stripe.IdempotencyError):
        return KeyUsedDifferently()
    known = {"resource_missing": UnknownPayment, "charge_already_refunded": AlreadyRefunded}.get(
        error.code or ""
    )
    if known is not None:
        return known()
    temporary = isinstance(error, stripe.APIConnectionError | stripe.RateLimitError)
    if temporary or (error.http_status or 0) >= 500 or error.http_status == 409:
        logger.warning("payment provider: %s failed temporarily: %r", what, error)
        return ProviderUnavailable(retry_after=2)
    logger.error("payment provider: %s was refused: %r", what, error)
    return ProviderRefused()
