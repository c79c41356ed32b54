"""Asking Stripe what was paid for: a subscription with its paid invoices, a charge with its refunds and disputes."""

from __future__ import annotations

from typing import Any, Final

import stripe

from shared.payments.errors import UnknownPayment
from shared.payments.provider import PaidInvoice, PaymentState, SubscriptionState
from shared.payments.stripe_http import translated
from shared.payments.stripe_objects import (
    dispute_movements,
    identity,
    paid_invoice,
    refund_movements,
    subscription_state,
)

LATEST: Final = 12
"""Paid invoices that are looked at. The newest decides; the others are there in case their reports got lost."""
ALL: Final = 100


class StripeReports:
    """The part of PaymentProvider that only reads; `total` is the seconds that a question may take."""

    def __init__(self, client: stripe.StripeClient, *, total: float) -> None:
        self._client = client
        self._total = total

    async def get_subscription(self, subscription_id: str) -> SubscriptionState:
        v1 = self._client.v1
        async with translated("read a subscription", seconds=self._total):
            subscription = await v1.subscriptions.retrieve_async(
                subscription_id, {"expand": ["latest_invoice"]}
            )
            invoices = await v1.invoices.list_async(
                {"subscription": subscription_id, "status": "paid", "limit": LATEST}
            )
        return subscription_state(subscription.to_dict(), invoices.to_dict()["data"])

    async def get_payment(self, charge_id: str) -> PaymentState:
        v1 = self._client.v1
        async with translated("read a payment", seconds=self._total):
            intent_id = await self._intent_of(charge_id)
            intent: dict[str, Any] = (await v1.payment_intents.retrieve_async(intent_id)).to_dict()
            invoice = await self._invoice_of(intent_id)
            refunds = await v1.refunds.list_async({"payment_intent": intent_id, "limit": ALL})
            disputes = await v1.disputes.list_async({"payment_intent": intent_id, "limit": ALL})
        disputed = disputes.to_dict()["data"]
        movements = [move for refund in refunds.to_dict()["data"] for move in refund_movements(refund)]
        movements += [move for dispute in disputed for move in dispute_movements(dispute)]
        return PaymentState(
            id=intent_id,
            customer=identity(intent.get("customer")),
            metadata=dict(intent.get("metadata") or {}),
            invoice=invoice,
            movements=sorted(movements, key=lambda move: move.at),
            dispute_lost=any(dispute["status"] == "lost" for dispute in disputed),
        )

    async def _intent_of(self, charge_id: str) -> str:
        if not charge_id.startswith(("ch_", "py_")):
            return charge_id
        charge = await self._client.v1.charges.retrieve_async(charge_id)
        intent = identity(charge.to_dict().get("payment_intent"))
        if intent is None:
            raise UnknownPayment
        return intent

    async def _invoice_of(self, intent_id: str) -> PaidInvoice | None:
        """Since 2025 neither a charge nor its intent names the invoice; this list does."""
        found = await self._client.v1.invoice_payments.list_async(
            {
                "payment": {"type": "payment_intent", "payment_intent": intent_id},
                "status": "paid",
                "limit": 1,
                "expand": ["data.invoice"],
            }
        )
        payments = found.to_dict()["data"]
        return paid_invoice(payments[0]["invoice"]) if payments else None
