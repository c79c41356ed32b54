"""Withdrawing Stripe's open claims: the open invoices of a subscription that is over."""

from __future__ import annotations

from typing import Final

import stripe

from shared.payments.errors import ProviderRefused, UnknownPayment
from shared.payments.stripe_http import translated

PAGE: Final = 100


class StripeInvoices:
    """The part of PaymentProvider about invoices; `total` is the seconds that a call may take."""

    def __init__(self, client: stripe.StripeClient, *, total: float) -> None:
        self._client = client
        self._total = total

    async def void_open_invoices(self, subscription_id: str) -> None:
        try:
            found = await self._open_invoices(subscription_id)
        except UnknownPayment:
            return
        for invoice_id in found:
            await self._void(invoice_id)

    async def _open_invoices(self, subscription_id: str) -> list[str]:
        async with translated("list open invoices", seconds=self._total):
            page = await self._client.v1.invoices.list_async(
                {"subscription": subscription_id, "status": "open", "limit": PAGE}
            )
            return [invoice.id async for invoice in page.auto_paging_iter()]

    async def _void(self, invoice_id: str) -> None:
        """One that is no longer open is fine: it is void already, or was paid meanwhile, which an event reports."""
        invoices = self._client.v1.invoices
        try:
            async with translated("void an invoice", seconds=self._total):
                await invoices.void_invoice_async(invoice_id, {}, {"idempotency_key": f"void:{invoice_id}"})
        except ProviderRefused:
            # Stripe has no code for that, only a sentence; what it is now tells more.
            async with translated("read an invoice", seconds=self._total):
                found = await invoices.retrieve_async(invoice_id)
            if found.status == "open":
                raise
