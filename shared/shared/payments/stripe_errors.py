"""What Stripe's errors mean to our callers."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import stripe

from shared.errors import ServiceError
from shared.payments.errors import CardDeclined, ProviderRefused, ProviderUnavailable, UnknownPayment

logger = logging.getLogger(__name__)


class KeyUsedDifferently(ProviderRefused):
    """This idempotency key was used for another request."""

    code = "payment_key_reused"


class AlreadyRefunded(ProviderRefused):
    """This payment has been given back already."""

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
        logger.warning("payment provider: %s failed for now: %r", what, error)
        return ProviderUnavailable(retry_after=2)
    logger.error("payment provider: %s was refused: %r", what, error)
    return ProviderRefused()
