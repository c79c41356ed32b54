"""A running sandbox, and the provider that talks to it over HTTP."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared.payments.provider import Checkout
from shared.payments.stripe_provider import StripeProvider
from shared.schemas.money import Money
from testing.payments import (  # noqa: F401  # fixtures
    SandboxServer,
    empty_sandbox,
    http_client,
    provider_customer,
    running_for_all,
    sandbox_hooks,
    stripe_provider,
)

USD_29 = Money(Decimal("29.00"), "USD")


@pytest.fixture
async def checkout(provider: StripeProvider, customer: str) -> Checkout:
    return await provider.create_checkout(
        customer=customer,
        product_name="CooCook",
        price=USD_29,
        interval="month",
        metadata={"user_id": "7", "product": "coocook"},
        success_url="http://shop.test/success?session_id={CHECKOUT_SESSION_ID}",
        cancel_url="http://shop.test/cancel",
        idempotency_key="checkout-7",
    )
