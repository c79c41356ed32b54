"""From Stripe's JSON to our own words. Pure functions; they know the older and the newer places of a field."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

from shared.payments.provider import (
    Charge,
    CheckoutState,
    EventData,
    EventKind,
    ProviderEvent,
    SubscriptionState,
)
from shared.schemas.money import Money, from_minor_units

Json = Mapping[str, Any]

KINDS: Final[Mapping[str, EventKind]] = {
    "checkout.session.completed": "checkout_completed",
    "checkout.session.async_payment_succeeded": "checkout_completed",
    "checkout.session.expired": "checkout_expired",
    "invoice.paid": "invoice_paid",
    "invoice.payment_failed": "invoice_failed",
    "customer.subscription.created": "subscription_changed",
    "customer.subscription.updated": "subscription_changed",
    "customer.subscription.deleted": "subscription_deleted",
    "charge.refunded": "refunded",
}
_PAID: Final = {"active", "trialing"}


def checkout_state(session: Json) -> CheckoutState:
    """Of a checkout session, whose `subscription` may be expanded."""
    subscription = session.get("subscription")
    return CheckoutState(
        id=session["id"],
        status=cast(Literal["open", "complete", "expired"], session["status"]),
        paid=session["payment_status"] in ("paid", "no_payment_required"),
        subscription=_id(subscription),
        customer=_id(session.get("customer")),
        amount=_money(session.get("amount_total"), session.get("currency")),
        metadata=dict(session.get("metadata") or {}),
        period_end=_period_end(subscription) if isinstance(subscription, Mapping) else None,
        payment=_id(session.get("invoice")) or _id(session.get("payment_intent")),
    )


def subscription_state(subscription: Json) -> SubscriptionState:
    """Of a subscription."""
    return SubscriptionState(
        id=subscription["id"],
        status=subscription["status"],
        active=subscription["status"] in _PAID,
        customer=_id(subscription.get("customer")),
        period_end=_period_end(subscription),
        cancel_at_period_end=bool(subscription.get("cancel_at_period_end")),
        metadata=dict(subscription.get("metadata") or {}),
    )


def charge(intent: Json) -> Charge:
    """Of a payment intent. One that waits for the customer has failed: nobody is there to answer."""
    if intent["status"] in ("succeeded", "processing"):
        return Charge(intent["id"], cast(Literal["succeeded", "processing"], intent["status"]))
    return Charge(intent["id"], "failed")


def provider_event(event: Json) -> ProviderEvent:
    """Of a webhook's body. Raises ValueError, ArithmeticError and the like for a body that is no event."""
    if not (isinstance(event["id"], str) and isinstance(event["type"], str)):
        raise TypeError("an event's id and type are texts")
    kind = KINDS.get(event["type"], "other")
    thing = event["data"]["object"]
    return ProviderEvent(
        id=event["id"],
        type=event["type"],
        created=datetime.fromtimestamp(event["created"], UTC),
        kind=kind,
        data=_event_data(kind, thing),
    )


def _event_data(kind: EventKind, thing: Json) -> EventData:
    if kind in ("checkout_completed", "checkout_expired"):
        return _of_checkout(checkout_state(thing))
    if kind in ("subscription_changed", "subscription_deleted"):
        return _of_subscription(subscription_state(thing))
    if kind in ("invoice_paid", "invoice_failed"):
        return _of_invoice(thing)
    if kind == "refunded":
        return _of_refunded_charge(thing)
    return EventData(metadata=dict(thing.get("metadata") or {}))


def _of_checkout(state: CheckoutState) -> EventData:
    return EventData(
        checkout=state.id,
        subscription=state.subscription,
        customer=state.customer,
        payment=state.payment,
        status=state.status,
        paid=state.paid,
        amount=state.amount,
        metadata=state.metadata,
    )


def _of_subscription(state: SubscriptionState) -> EventData:
    return EventData(
        subscription=state.id,
        customer=state.customer,
        status=state.status,
        active=state.active,
        period_end=state.period_end,
        cancel_at_period_end=state.cancel_at_period_end,
        metadata=state.metadata,
    )


def _of_invoice(invoice: Json) -> EventData:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    ends = [
        line["period"]["end"] for line in (invoice.get("lines") or {}).get("data", []) if line.get("period")
    ]
    return EventData(
        subscription=_id(details.get("subscription")) or _id(invoice.get("subscription")),
        customer=_id(invoice.get("customer")),
        payment=invoice["id"],
        status=invoice.get("status"),
        paid=invoice.get("status") == "paid",
        amount=_money(invoice.get("amount_paid"), invoice.get("currency")),
        period_end=datetime.fromtimestamp(max(ends), UTC) if ends else None,
        metadata=dict(details.get("metadata") or invoice.get("metadata") or {}),
    )


def _of_refunded_charge(charge: Json) -> EventData:
    return EventData(
        customer=_id(charge.get("customer")),
        payment=_id(charge.get("payment_intent")) or charge["id"],
        status="refunded" if charge.get("refunded") else "partly_refunded",
        amount=_money(charge.get("amount_refunded"), charge.get("currency")),
        metadata=dict(charge.get("metadata") or {}),
    )


def _period_end(subscription: Json) -> datetime | None:
    """Since 2025 the period is the items'; before, it was the subscription's own."""
    items = (subscription.get("items") or {}).get("data") or []
    ends = [item["current_period_end"] for item in items if item.get("current_period_end")]
    end = max(ends, default=subscription.get("current_period_end"))
    return None if end is None else datetime.fromtimestamp(end, UTC)


def _id(value: object) -> str | None:
    """The id of something that Stripe may have expanded."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) else None


def _money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else from_minor_units(minor, currency.upper())
