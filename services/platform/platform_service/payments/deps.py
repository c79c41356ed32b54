"""What the endpoints of payments ask for."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from platform_service.deps import Settings
from platform_service.payments.checkout import Addresses
from platform_service.payments.success_page import BillingPage
from shared.payments.provider import PaymentProvider


async def get_provider(request: Request) -> PaymentProvider:
    """Who charges cards."""
    return cast("PaymentProvider", request.app.state.payments)


async def get_billing_page(settings: Settings) -> BillingPage:
    """Where browsers end up."""
    return BillingPage(settings.public_url, settings.billing_page)


Provider = Annotated[PaymentProvider, Depends(get_provider)]
Billing = Annotated[BillingPage, Depends(get_billing_page)]


async def get_addresses(settings: Settings, billing: Billing) -> Addresses:
    """Where the provider sends browsers."""
    return Addresses(settings.public_url, billing)


ReturnAddresses = Annotated[Addresses, Depends(get_addresses)]
