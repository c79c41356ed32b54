"""From Stripe's JSON to our own terms. Pure functions; they know the older and the newer places of a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

from shared.payments.errors import UnreadableAmount
from shared.payments.provider import (
    Charge,
    CheckoutState,
    Interval,
    Movement,
    PaidInvoice,
    SubscriptionState,
)
from shared.schemas.money import AmountTooFine, Money, UnknownCurrency, from_minor_units

Json = Mapping[str, Any]

_PAID: Final = {"active", "trialing"}


def checkout_state(session: Json) -> CheckoutState:
    """The state of a checkout session, whose `subscription` may be expanded."""
    subscription = session.get("subscription")
    return CheckoutState(
        id=session["id"],
        status=cast("Literal['open', 'complete', 'expired']", session["status"]),
        paid=session["payment_status"] in ("paid", "no_payment_required"),
        subscription=identity(subscription),
        customer=identity(session.get("customer")),
        amount=money(session.get("amount_total"), session.get("currency")),
        metadata=dict(session.get("metadata") or {}),
        period_end=_period_end(subscription) if isinstance(subscription, Mapping) else None,
        payment=identity(session.get("invoice")) or identity(session.get("payment_intent")),
    )


def subscription_state(subscription: Json, invoices: Iterable[Json] = ()) -> SubscriptionState:
    """The state of a subscription, whose `latest_invoice` may be expanded, and of its paid invoices."""
    latest = subscription.get("latest_invoice")
    is_open = isinstance(latest, Mapping) and latest.get("status") == "open"
    return SubscriptionState(
        id=subscription["id"],
        status=subscription["status"],
        active=subscription["status"] in _PAID,
        customer=identity(subscription.get("customer")),
        period_end=_period_end(subscription),
        cancel_at_period_end=_ends_with_period(subscription),
        metadata=dict(subscription.get("metadata") or {}),
        price=_price(subscription),
        interval=_interval(subscription),
        invoices=tuple(paid_invoice(invoice) for invoice in invoices),
        payment_url=latest.get("hosted_invoice_url") if isinstance(latest, Mapping) and is_open else None,
    )


def paid_invoice(invoice: Json) -> PaidInvoice:
    """What a paid invoice proves. Prorations are left out of its period: they pay a part of one that another invoice
    began."""
    details = subscription_details(invoice)
    periods = [line["period"] for line in (invoice.get("lines") or {}).get("data", []) if _is_a_period(line)]
    paid_at = (invoice.get("status_transitions") or {}).get("paid_at") or invoice["created"]
    return PaidInvoice(
        id=invoice["id"],
        amount=amount_of(invoice["amount_paid"], invoice["currency"]),
        customer=identity(invoice.get("customer")),
        subscription=identity(details.get("subscription")) or identity(invoice.get("subscription")),
        period_start=_moment(min((period["start"] for period in periods), default=None)),
        period_end=_moment(max((period["end"] for period in periods), default=None)),
        paid_at=datetime.fromtimestamp(paid_at, UTC),
        metadata=dict(details.get("metadata") or invoice.get("metadata") or {}),
    )


def subscription_details(invoice: Json) -> Json:
    """What an invoice says of its subscription: `subscription` and `metadata`; empty in versions before 2025."""
    details: Json = (invoice.get("parent") or {}).get("subscription_details") or {}
    return details


def refund_movements(refund: Json) -> list[Movement]:
    """A refund that waits for the bank has already left the balance; a failed one has come back."""
    out = Movement(
        refund["id"],
        "refund",
        amount_of(refund["amount"], refund["currency"]),
        datetime.fromtimestamp(refund["created"], UTC),
    )
    if refund["status"] in ("succeeded", "pending"):
        return [out]
    if refund["status"] in ("failed", "canceled"):
        return [replace(out, id=f"{out.id}:reversed", kind="refund_reversal")]
    return []


def dispute_movements(dispute: Json) -> list[Movement]:
    """According to the account's balance: what a dispute withdrew and gave back, without the provider's fee."""
    return [
        Movement(
            entry["id"],
            "dispute" if entry["amount"] < 0 else "dispute_reversal",
            amount_of(_disputed(dispute, entry), dispute["currency"]),
            datetime.fromtimestamp(entry["created"], UTC),
        )
        for entry in dispute.get("balance_transactions") or []
    ]


def _disputed(dispute: Json, entry: Json) -> int:
    """In the charge's currency; the balance may be kept in another one."""
    amount: int = abs(entry["amount"]) if entry["currency"] == dispute["currency"] else dispute["amount"]
    return amount


def charge(intent: Json) -> Charge:
    """The charge of a payment intent. One that waits for the customer has failed, since no customer is present."""
    if intent["status"] in ("succeeded", "processing"):
        return Charge(intent["id"], cast("Literal['succeeded', 'processing']", intent["status"]))
    return Charge(intent["id"], "failed")


def _is_a_period(line: Json) -> bool:
    parent = line.get("parent") or {}
    details = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    return bool(line.get("period")) and not (details.get("proration") or line.get("proration"))


def _ends_with_period(subscription: Json) -> bool:
    """Also where the end was given as a date, as the newer versions do."""
    ends_at, period_ends = subscription.get("cancel_at"), _period_end(subscription)
    dated = ends_at is not None and period_ends is not None and ends_at <= period_ends.timestamp()
    return bool(subscription.get("cancel_at_period_end")) or dated


def _price(subscription: Json) -> Money | None:
    """What the items cost a period; None for prices by tiers, which say no amount."""
    items = (subscription.get("items") or {}).get("data") or []
    prices = [item.get("price") or {} for item in items]
    if not items or any(price.get("unit_amount") is None for price in prices):
        return None
    total = sum(
        price["unit_amount"] * (item.get("quantity") or 1) for item, price in zip(items, prices, strict=True)
    )
    return amount_of(total, prices[0]["currency"])


def _interval(subscription: Json) -> Interval | None:
    items = (subscription.get("items") or {}).get("data") or []
    recurring = (items[0].get("price") or {}).get("recurring") or {} if items else {}
    name = recurring.get("interval")
    return (
        cast("Interval", name)
        if name in ("month", "year") and recurring.get("interval_count", 1) == 1
        else None
    )


def _period_end(subscription: Json) -> datetime | None:
    """Since 2025 the period is the items'; before, it was the subscription's own."""
    items = (subscription.get("items") or {}).get("data") or []
    ends = [item["current_period_end"] for item in items if item.get("current_period_end")]
    end = max(ends, default=subscription.get("current_period_end"))
    return _moment(end)


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def identity(value: object) -> str | None:
    """The id of something that Stripe may have expanded."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) else None


def money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else amount_of(minor, currency)


def amount_of(minor: int, currency: str) -> Money:
    """The amount that the provider names. Raises UnreadableAmount for an unknown currency, rather than guess."""
    try:
        return from_minor_units(minor, currency)
    except (UnknownCurrency, AmountTooFine) as error:
        raise UnreadableAmount(f"The payment provider names {minor} of {currency!r}: {error}") from error
