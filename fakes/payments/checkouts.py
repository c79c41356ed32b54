"""/v1/checkout/sessions: pages on which a customer subscribes, and what happens when they pay or let it expire."""

from __future__ import annotations

from typing import Any

from fakes.payments import invoices, objects
from fakes.payments.calls import Call, amount_in, currency, integer
from fakes.payments.customers import add_card, known
from fakes.payments.errors import invalid, missing
from fakes.payments.state import Sandbox
from fakes.payments.store import Json

AMOUNT = "line_items[0][price_data][unit_amount]"


def create(call: Call) -> Json:
    call.only("mode", "customer", "line_items", "metadata", "subscription_data", "success_url", "cancel_url")
    if call.text("mode") != "subscription":
        raise invalid("The sandbox knows checkouts of subscriptions only", param="mode")
    subscription_data = call.params.get("subscription_data") or {}
    session = objects.checkout_session(
        url=call.sandbox.url,
        now=call.now,
        line=_line(call.params.get("line_items")),
        customer=known(call.sandbox, call.text("customer"), call.now)["id"],
        metadata=call.metadata(),
        success_url=call.text("success_url"),
        cancel_url=call.params.get("cancel_url"),
        sandbox_subscription_metadata=call.metadata(subscription_data),
    )
    return call.sandbox.store.save(session)


def retrieve(call: Call) -> Json:
    """With `expand[]=subscription` the subscription stands in it."""
    session = current(call.sandbox, call.path["id"], call.now)
    if session is None:
        raise missing("checkout.session", call.path["id"], "session")
    if "subscription" in (call.params.get("expand") or []) and session["subscription"]:
        session = {**session, "subscription": call.sandbox.store.get("subscription", session["subscription"])}
    return session


def current(sandbox: Sandbox, identity: str, now: int) -> Json | None:
    """The session as it is now: one that nobody paid in a day has expired."""
    session = sandbox.store.get("checkout.session", identity)
    if session is not None and session["status"] == "open" and session["expires_at"] <= now:
        expire(sandbox, session)
    return session


def expire(sandbox: Sandbox, session: Json) -> None:
    session.update(status="expired", url=None)
    sandbox.store.save(session)
    sandbox.announce("checkout.session.expired", session)


def pay(sandbox: Sandbox, session: Json, card_number: str, now: int) -> str:
    """Put the card on file, start the subscription and take its first payment. The id of the event that says so."""
    card = add_card(sandbox, session["customer"], card_number, now)
    subscription = sandbox.store.save(objects.subscription(session, card, now))
    invoice = invoices.draw_up(sandbox, subscription, now, reason="subscription_create")
    invoices.settle(sandbox, invoice, now)
    session.update(
        status="complete",
        payment_status="paid",
        url=None,
        subscription=subscription["id"],
        invoice=invoice["id"],
    )
    sandbox.store.save(session)
    sandbox.announce("customer.subscription.created", subscription)
    sandbox.announce("invoice.paid", invoice)
    return sandbox.announce("checkout.session.completed", session)


def _line(items: Any) -> Json:
    """The one line, with its numbers as numbers. Raises StripeError."""
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], dict):
        raise invalid("The sandbox needs exactly one line item", param="line_items")
    price: Any = items[0].get("price_data")
    try:
        interval, name, code = (
            price["recurring"]["interval"],
            price["product_data"]["name"],
            currency(price["currency"]),
        )
    except (KeyError, TypeError) as error:
        raise invalid("A line item needs price_data with currency, recurring and product_data") from error
    if interval not in ("month", "year"):
        raise invalid(
            "Invalid interval: month or year", param="line_items[0][price_data][recurring][interval]"
        )
    return {
        "quantity": integer(items[0].get("quantity", "1"), "quantity", most=100),
        "price_data": {
            "currency": code,
            "unit_amount": amount_in(code, integer(price.get("unit_amount"), AMOUNT, least=0), AMOUNT),
            "recurring": {"interval": interval},
            "product_data": {"name": str(name)},
        },
    }
