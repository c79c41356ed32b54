"""Stripe, or anything that speaks its protocol at STRIPE_API_URL."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import httpx
import stripe

from shared.payments.errors import BadWebhook, UnknownPayment
from shared.payments.provider import (
    Checkout,
    CheckoutState,
    Interval,
    ProviderEvent,
)
from shared.payments.stripe_charges import StripeCharges
from shared.payments.stripe_events import provider_event
from shared.payments.stripe_http import StripeTransport, translated
from shared.payments.stripe_invoices import StripeInvoices
from shared.payments.stripe_objects import checkout_state
from shared.payments.stripe_reports import StripeReports
from shared.schemas.money import Money, minor_units

# The SDK would write an id into the home directory and send the machine's name along.
stripe.enable_telemetry = False
# At lower levels it logs the bodies, which hold customers' addresses.
logging.getLogger("stripe").setLevel(logging.WARNING)

TOLERANCE_SECONDS: Final = 300
_UNREADABLE: Final = (
    stripe.StripeError,
    ArithmeticError,  # a moment or an amount out of range
    AttributeError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
)


class StripeProvider(StripeCharges, StripeInvoices, StripeReports):
    """The PaymentProvider on Stripe's SDK.

    `timeout` limits one try, in seconds, `total` all tries of one call. `webhook_secret` may be missing where no
    webhooks arrive.
    """

    def __init__(
        self,
        *,
        api_url: str,
        secret_key: str,
        webhook_secret: str | None = None,
        timeout: float = 4.0,
        total: float = 8.0,
        retries: int = 2,
    ) -> None:
        self._http = StripeTransport(api_url, timeout=httpx.Timeout(timeout, connect=min(timeout, 1.0)))
        base = api_url.rstrip("/")
        client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": base, "connect": base, "files": base, "meter_events": base},
            max_network_retries=retries,
            http_client=self._http,
        )
        super().__init__(client, total=total)
        self._webhook_secret = webhook_secret

    async def create_customer(self, *, user_id: int, email: str, name: str, idempotency_key: str) -> str:
        async with translated("create a customer", seconds=self._total):
            customer = await self._client.v1.customers.create_async(
                {"email": email, "name": name, "metadata": {"user_id": str(user_id)}},
                {"idempotency_key": idempotency_key},
            )
        return customer.id

    async def create_checkout(
        self,
        *,
        customer: str,
        product_name: str,
        price: Money,
        interval: Interval,
        metadata: Mapping[str, str],
        success_url: str,
        cancel_url: str,
        idempotency_key: str,
    ) -> Checkout:
        async with translated("create a checkout", seconds=self._total):
            session = await self._client.v1.checkout.sessions.create_async(
                {
                    "mode": "subscription",
                    "customer": customer,
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": price.currency.lower(),
                                "unit_amount": minor_units(price),
                                "recurring": {"interval": interval},
                                "product_data": {"name": product_name},
                            },
                        }
                    ],
                    "metadata": dict(metadata),
                    # also on the subscription, so that its later events and invoices say whose they are
                    "subscription_data": {"metadata": dict(metadata)},
                    "success_url": success_url,
                    "cancel_url": cancel_url,
                },
                {"idempotency_key": idempotency_key},
            )
        return Checkout(id=session.id, url=session.url or "")

    async def get_checkout(self, checkout_id: str) -> CheckoutState:
        async with translated("read a checkout", seconds=self._total):
            session = await self._client.v1.checkout.sessions.retrieve_async(
                checkout_id, {"expand": ["subscription"]}
            )
        return checkout_state(session.to_dict())

    async def cancel_subscription(
        self, subscription_id: str, *, idempotency_key: str, at_period_end: bool = False
    ) -> None:
        subscriptions = self._client.v1.subscriptions
        try:
            async with translated("cancel a subscription", seconds=self._total):
                if at_period_end:
                    await subscriptions.update_async(
                        subscription_id, {"cancel_at_period_end": True}, {"idempotency_key": idempotency_key}
                    )
                else:
                    await subscriptions.cancel_async(
                        subscription_id, {}, {"idempotency_key": idempotency_key}
                    )
        except UnknownPayment:  # gone already: Stripe does not find canceled subscriptions
            return

    def parse_webhook(self, payload: bytes, signature: str | None) -> ProviderEvent:
        try:
            event = self._client.construct_event(payload, signature, self._webhook_secret, TOLERANCE_SECONDS)
            return provider_event(event.to_dict())
        except _UNREADABLE as error:
            raise BadWebhook from error

    def read_event(self, content: Mapping[str, Any]) -> ProviderEvent:
        try:
            return provider_event(content)
        except _UNREADABLE as error:
            raise BadWebhook from error

    async def close(self) -> None:
        await self._http.close_async()
