"""Taking money from a card on file with Stripe, finding out whether it was taken, and giving it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import stripe

from shared.payments.errors import PaymentMethodMissing, RefundFailed, UnknownPayment
from shared.payments.provider import Charge
from shared.payments.stripe_http import AlreadyRefunded, KeyUsedDifferently, translated
from shared.payments.stripe_objects import charge as charge_of
from shared.schemas.money import Money, minor_units

KEY_METADATA: Final = "idempotency_key"


class StripeCharges:
    """The part of PaymentProvider about single charges; `total` is the seconds that a call may take."""

    def __init__(self, client: stripe.StripeClient, *, total: float) -> None:
        self._client = client
        self._total = total

    async def charge(
        self,
        *,
        amount: Money,
        customer: str,
        description: str,
        metadata: Mapping[str, str],
        idempotency_key: str,
    ) -> Charge:
        card = await self._card_of(customer)
        try:
            async with translated("charge a customer", seconds=self._total):
                intent = await self._client.v1.payment_intents.create_async(
                    {
                        "amount": minor_units(amount),
                        "currency": amount.currency.lower(),
                        "customer": customer,
                        "payment_method": card,
                        "confirm": True,
                        "off_session": True,
                        "description": description,
                        "metadata": {**metadata, KEY_METADATA: idempotency_key},
                    },
                    {"idempotency_key": idempotency_key},
                )
        except KeyUsedDifferently:
            # The card on file has changed since the first try: what that one did is what counts.
            found = await self.find_charge(customer=customer, idempotency_key=idempotency_key)
            if found is None:
                raise
            return found
        return charge_of(intent.to_dict())

    async def find_charge(self, *, customer: str, idempotency_key: str) -> Charge | None:
        async with translated("look for a charge", seconds=self._total):
            intents = await self._client.v1.payment_intents.list_async({"customer": customer, "limit": 100})
            async for intent in intents.auto_paging_iter():
                content: dict[str, Any] = intent.to_dict()
                if (content.get("metadata") or {}).get(KEY_METADATA) == idempotency_key:
                    return charge_of(content)
        return None

    async def refund(self, charge_id: str, *, idempotency_key: str) -> None:
        if charge_id.startswith("in_"):
            charge_id = await self._payment_of_invoice(charge_id)
        whole = {"charge": charge_id} if charge_id.startswith("ch_") else {"payment_intent": charge_id}
        try:
            async with translated("refund a charge", seconds=self._total):
                made = await self._client.v1.refunds.create_async(whole, {"idempotency_key": idempotency_key})  # type: ignore[arg-type]
        except AlreadyRefunded:
            return
        if made.status in ("failed", "canceled"):
            raise RefundFailed

    async def _payment_of_invoice(self, invoice_id: str) -> str:
        async with translated("read an invoice's payments", seconds=self._total):
            payments = await self._client.v1.invoice_payments.list_async({"invoice": invoice_id, "limit": 10})
        for payment in payments.to_dict()["data"]:
            paid_by = payment["payment"]
            if found := paid_by.get("payment_intent") or paid_by.get("charge"):
                return str(found["id"] if isinstance(found, dict) else found)
        raise UnknownPayment

    async def _card_of(self, customer: str) -> str:
        try:
            async with translated("read a customer's cards", seconds=self._total):
                cards = await self._client.v1.customers.payment_methods.list_async(customer, {"limit": 1})
        except UnknownPayment as error:
            raise PaymentMethodMissing from error
        if not cards.data:
            raise PaymentMethodMissing
        return cards.data[0].id
