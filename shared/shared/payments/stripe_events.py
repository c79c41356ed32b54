"""From a webhook's body to our own terms: which of Stripe's event types we handle, and which need nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from shared.payments.errors import UnreadableAmount
from shared.payments.provider import CheckoutState, EventData, EventKind, ProviderEvent, SubscriptionState
from shared.payments.stripe_objects import (
    checkout_state,
    identity,
    money,
    subscription_details,
    subscription_state,
)

Json = Mapping[str, Any]

KINDS: Final[Mapping[str, EventKind]] = {
    "checkout.session.completed": "checkout_completed",
    "checkout.session.async_payment_succeeded": "checkout_completed",
    "checkout.session.async_payment_failed": "checkout_expired",
    "checkout.session.expired": "checkout_expired",
    "invoice.paid": "invoice_paid",
    "invoice.payment_failed": "invoice_failed",
    "invoice.payment_action_required": "invoice_failed",
    "invoice.marked_uncollectible": "invoice_failed",
    "invoice.voided": "invoice_failed",
    "customer.subscription.created": "subscription_changed",
    "customer.subscription.updated": "subscription_changed",
    "customer.subscription.paused": "subscription_changed",
    "customer.subscription.resumed": "subscription_changed",
    "customer.subscription.deleted": "subscription_deleted",
    "payment_intent.succeeded": "payment_changed",
    "charge.succeeded": "payment_changed",
    "charge.captured": "payment_changed",
    "charge.refunded": "payment_changed",
    "charge.refund.updated": "payment_changed",
    "refund.created": "payment_changed",
    "refund.updated": "payment_changed",
    "refund.failed": "payment_changed",
    "charge.dispute.created": "payment_changed",
    "charge.dispute.updated": "payment_changed",
    "charge.dispute.closed": "payment_changed",
    "charge.dispute.funds_withdrawn": "payment_changed",
    "charge.dispute.funds_reinstated": "payment_changed",
}
# These move no customer's money, or move what another event of the list above reports too.
IRRELEVANT: Final = frozenset(
    {
        "charge.expired",
        "charge.failed",
        "charge.pending",
        "charge.updated",
        "customer.created",
        "customer.deleted",
        "customer.subscription.trial_will_end",
        "customer.updated",
        "invoice.created",
        "invoice.deleted",
        "invoice.finalized",
        "invoice.overdue",
        "invoice.payment_attempt_required",
        "invoice.payment_succeeded",
        "invoice.sent",
        "invoice.upcoming",
        "invoice.updated",
        "invoice.will_be_due",
        "invoice_payment.paid",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.created",
        "payment_intent.payment_failed",
        "payment_intent.processing",
        "payment_intent.requires_action",
    }
)
IRRELEVANT_OBJECTS: Final = (
    "balance",
    "payment_method",
    "payout",
    "plan",
    "price",
    "product",
    "setup_intent",
)
"""What is configured or kept on file, and what goes from the provider to our own bank."""


def provider_event(event: Json) -> ProviderEvent:
    """The event in a webhook's body. Raises ValueError, ArithmeticError and the like for a body that is not an
    event."""
    if not (isinstance(event["id"], str) and isinstance(event["type"], str)):
        raise TypeError("an event's id and type are texts")
    kind, problem = kind_of(event["type"]), ""
    try:
        data = _event_data(kind, event["data"]["object"])
    except UnreadableAmount as error:
        kind, data, problem = "other", EventData(), error.message
    return ProviderEvent(
        id=event["id"],
        type=event["type"],
        created=datetime.fromtimestamp(event["created"], UTC),
        kind=kind,
        data=data,
        problem=problem,
    )


def kind_of(event_type: str) -> EventKind:
    """What a type means to us; `other` is one that nobody has looked at yet."""
    if event_type in IRRELEVANT or event_type.partition(".")[0] in IRRELEVANT_OBJECTS:
        return "irrelevant"
    return KINDS.get(event_type, "other")


def _event_data(kind: EventKind, thing: Json) -> EventData:
    if kind in ("checkout_completed", "checkout_expired"):
        return _of_checkout(checkout_state(thing))
    if kind in ("subscription_changed", "subscription_deleted"):
        return _of_subscription(subscription_state(thing))
    if kind in ("invoice_paid", "invoice_failed"):
        return _of_invoice(thing)
    if kind == "payment_changed":
        return _of_payment(thing)
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
    details = subscription_details(invoice)
    ends = [
        line["period"]["end"] for line in (invoice.get("lines") or {}).get("data", []) if line.get("period")
    ]
    return EventData(
        subscription=identity(details.get("subscription")) or identity(invoice.get("subscription")),
        customer=identity(invoice.get("customer")),
        payment=invoice["id"],
        status=invoice.get("status"),
        paid=invoice.get("status") == "paid",
        amount=money(invoice.get("amount_paid"), invoice.get("currency")),
        period_end=datetime.fromtimestamp(max(ends), UTC) if ends else None,
        metadata=dict(details.get("metadata") or invoice.get("metadata") or {}),
    )


def _of_payment(thing: Json) -> EventData:
    """The event of a payment intent, a charge, a refund or a dispute: which payment it is about.

    The metadata is the payment's only if the object is the payment; a refund's and a dispute's are their own.
    """
    is_payment = thing["object"] in ("payment_intent", "charge")
    of_charge = identity(thing.get("payment_intent")) or identity(thing.get("charge"))
    return EventData(
        customer=identity(thing.get("customer")),
        payment=of_charge or thing["id"],
        status=thing.get("status"),
        amount=money(thing.get("amount"), thing.get("currency")),
        metadata=dict(thing.get("metadata") or {}) if is_payment else {},
    )
