"""Stripe's objects as the sandbox makes them, with the fields that our code and Stripe's SDK read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from fakes.payments.store import new_id
from shared.schemas.dates import months_later

Json = dict[str, Any]
API_VERSION: Final = "2026-10-28.endive"
CHECKOUT_SECONDS: Final = 24 * 3600
GOOD_CARD: Final = "4242424242424242"
DECLINED_CARD: Final = "4000000000000002"
FAILS_LATER_CARD: Final = "4000000000000341"
CARDS: Final = frozenset({GOOD_CARD, DECLINED_CARD, FAILS_LATER_CARD})


def customer(identity: str, now: int, **fields: Any) -> Json:
    return {"id": identity, "object": "customer", "created": now, "livemode": False, **fields}


def payment_method(customer_id: str, number: str, now: int) -> Json:
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "type": "card",
        "customer": customer_id,
        "card": {"brand": "visa", "last4": number[-4:], "exp_month": 12, "exp_year": 2040},
        "created": now,
        "livemode": False,
    }


def checkout_session(*, url: str, now: int, line: Json, **fields: Any) -> Json:
    identity = new_id("cs_test")
    price = line["price_data"]
    total = price["unit_amount"] * line["quantity"]
    return {
        "id": identity,
        "object": "checkout.session",
        "mode": "subscription",
        "status": "open",
        "payment_status": "unpaid",
        "url": f"{url}/checkout/{identity}",
        "amount_subtotal": total,
        "amount_total": total,
        "currency": price["currency"],
        "created": now,
        "expires_at": now + CHECKOUT_SECONDS,
        "livemode": False,
        "subscription": None,
        "invoice": None,
        "payment_intent": None,
        "sandbox_line": line,
        **fields,
    }


def subscription(session: Json, card: str, now: int) -> Json:
    line = session["sandbox_line"]
    interval = line["price_data"]["recurring"]["interval"]
    item = {
        "id": new_id("si"),
        "object": "subscription_item",
        "quantity": line["quantity"],
        "current_period_start": now,
        "current_period_end": after(now, interval),
        "price": {
            "id": new_id("price"),
            "object": "price",
            "currency": session["currency"],
            "unit_amount": line["price_data"]["unit_amount"],
            "recurring": {"interval": interval, "interval_count": 1},
            "product_name": line["price_data"]["product_data"]["name"],
        },
    }
    return {
        "id": new_id("sub"),
        "object": "subscription",
        "status": "active",
        "customer": session["customer"],
        "currency": session["currency"],
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "latest_invoice": None,
        "pause_collection": None,
        "created": now,
        "billing_cycle_anchor": now,
        "default_payment_method": card,
        "items": {"object": "list", "data": [item], "has_more": False},
        "metadata": session["sandbox_subscription_metadata"],
        "livemode": False,
    }


def invoice(subscription: Json, now: int, *, reason: str, url: str, status: str = "open") -> Json:
    """Of the subscription's present period, not paid yet."""
    identity = new_id("in")
    item = subscription["items"]["data"][0]
    amount = item["price"]["unit_amount"] * item["quantity"]
    details = {"subscription": subscription["id"], "metadata": subscription["metadata"]}
    return {
        "id": identity,
        "object": "invoice",
        "status": status,
        "attempt_count": 0,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "customer": subscription["customer"],
        "currency": subscription["currency"],
        "amount_due": amount,
        "amount_paid": 0,
        "amount_remaining": amount,
        "hosted_invoice_url": f"{url}/invoices/{identity}" if status == "open" else None,
        "parent": {"type": "subscription_details", "subscription_details": details},
        "lines": {"object": "list", "data": [_line(subscription, item, amount)], "has_more": False},
        "metadata": {},
        "status_transitions": {"finalized_at": now, "paid_at": None, "voided_at": None},
        "created": now,
        "livemode": False,
    }


def _line(subscription: Json, item: Json, amount: int) -> Json:
    details = {
        "subscription": subscription["id"],
        "subscription_item": item["id"],
        "invoice_item": None,
        "proration": False,
    }
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": subscription["currency"],
        "quantity": item["quantity"],
        "parent": {"type": "subscription_item_details", "subscription_item_details": details},
        "pricing": {"type": "price_details", "price_details": {"price": item["price"]["id"]}},
        "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
        "metadata": subscription["metadata"],
    }


def invoice_payment(identity: str, invoice_id: str, intent_id: str, now: int) -> Json:
    return {
        "id": identity,
        "object": "invoice_payment",
        "invoice": invoice_id,
        "status": "paid",
        "payment": {"type": "payment_intent", "payment_intent": intent_id},
        "created": now,
        "livemode": False,
    }


def payment_intent(*, amount: int, currency: str, now: int, **fields: Any) -> Json:
    return {
        "id": new_id("pi"),
        "object": "payment_intent",
        "status": "succeeded",
        "amount": amount,
        "amount_received": amount,
        "currency": currency,
        "created": now,
        "livemode": False,
        "latest_charge": None,
        **fields,
    }


def charge(intent: Json, now: int) -> Json:
    same = {
        name: intent.get(name)
        for name in ("amount", "currency", "customer", "description", "metadata", "payment_method")
    }
    return {
        "id": new_id("ch"),
        "object": "charge",
        "status": "succeeded",
        "paid": True,
        "payment_intent": intent["id"],
        "amount_refunded": 0,
        "refunded": False,
        "created": now,
        "livemode": False,
        **same,
    }


def refund(charge: Json, amount: int, now: int) -> Json:
    return {
        "id": new_id("re"),
        "object": "refund",
        "status": "succeeded",
        "amount": amount,
        "currency": charge["currency"],
        "charge": charge["id"],
        "payment_intent": charge["payment_intent"],
        "metadata": {},
        "created": now,
    }


def event(kind: str, thing: Json, now: int) -> Json:
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "type": kind,
        "created": now,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": public(thing)},
    }


def public(thing: Json) -> Json:
    """Without what only the sandbox needs to know."""
    return {name: value for name, value in thing.items() if not name.startswith("sandbox_")}


def after(moment: int, interval: str, *, anchor: int | None = None) -> int:
    """A month or a year later, as counted from the anchor: the 31st comes back after a shorter month."""
    then = datetime.fromtimestamp(moment, UTC)
    began = then if anchor is None else datetime.fromtimestamp(anchor, UTC)
    passed = (then.year - began.year) * 12 + then.month - began.month
    return int(months_later(began, passed + (12 if interval == "year" else 1)).timestamp())
