"""/v1/subscriptions: reading and ending them, and what time, cards and the dashboard do, which only hooks start."""

from __future__ import annotations

from fakes.payments import invoices, objects
from fakes.payments.calls import Call
from fakes.payments.errors import invalid, missing
from fakes.payments.state import Sandbox
from fakes.payments.store import Json, new_id


def retrieve(call: Call) -> Json:
    """With `expand[]=latest_invoice` that invoice stands in it."""
    subscription = known(call.sandbox, call.path["id"])
    latest_id = subscription.get("latest_invoice")  # a sandbox of an older release knew none
    if "latest_invoice" in (call.params.get("expand") or []) and latest_id:
        latest = invoices.known(call.sandbox, latest_id)
        return {**subscription, "latest_invoice": objects.public(latest)}
    return subscription


def update(call: Call) -> Json:
    call.only("cancel_at_period_end", "metadata")
    subscription = _alive(call)
    if "cancel_at_period_end" in call.params:
        ends = call.params["cancel_at_period_end"] == "true"
        subscription["cancel_at_period_end"] = ends
        subscription["cancel_at"] = _item(subscription)["current_period_end"] if ends else None
    subscription["metadata"].update(call.metadata())
    call.sandbox.store.save(subscription)
    call.sandbox.announce("customer.subscription.updated", subscription)
    return subscription


def cancel(call: Call) -> Json:
    return end(call.sandbox, _alive(call), call.now)


def known(sandbox: Sandbox, identity: str) -> Json:
    """Raises StripeError (404)."""
    subscription = sandbox.store.get("subscription", identity)
    if subscription is None:
        raise missing("subscription", identity)
    return subscription


def end(sandbox: Sandbox, subscription: Json, now: int) -> Json:
    subscription.update(status="canceled", canceled_at=now)
    sandbox.store.save(subscription)
    sandbox.announce("customer.subscription.deleted", subscription)
    return subscription


def renew(sandbox: Sandbox, subscription: Json, now: int, *, paid: bool) -> Json:
    """Begin the next period, as time would: with an invoice, or the end of one that was not to go on.

    An unpaid subscription's invoice stays a draft, of which nobody is told. Raises StripeError for a paused one.
    """
    if subscription["status"] in ("canceled", "paused"):
        raise invalid(f"A {subscription['status']} subscription is not renewed")
    if subscription["cancel_at_period_end"]:
        return end(sandbox, subscription, now)
    _begin_period(subscription, _item(subscription)["current_period_end"])
    if subscription["status"] == "unpaid":
        invoices.draw_up(sandbox, subscription, now, reason="subscription_cycle", status="draft")
    else:
        subscription["status"] = "active" if paid else "past_due"
        _collect(sandbox, subscription, now, paid=paid)
    sandbox.announce("customer.subscription.updated", subscription)
    return subscription


def retry(sandbox: Sandbox, subscription: Json, now: int, *, paid: bool) -> Json:
    """Try the latest invoice again, as the provider does for some days. Raises StripeError."""
    invoice = invoices.known(sandbox, subscription["latest_invoice"])
    if paid:
        invoices.pay(sandbox, invoice["id"], now)
    else:
        invoices.fail(sandbox, invoice)
    return known(sandbox, subscription["id"])


def set_status(sandbox: Sandbox, subscription: Json, now: int, *, status: str) -> Json:
    """Give up collecting (unpaid, canceled), or pause as after a trial without a card. Raises StripeError."""
    if subscription["status"] == "canceled":
        raise invalid("This subscription is canceled")
    if status == "canceled":
        return end(sandbox, subscription, now)
    subscription["status"] = status
    sandbox.store.save(subscription)
    if status == "paused":
        sandbox.announce("customer.subscription.paused", subscription)
    sandbox.announce("customer.subscription.updated", subscription)
    return subscription


def resume(sandbox: Sandbox, subscription: Json, now: int) -> Json:
    """A paused subscription begins a period now, which is paid. Raises StripeError."""
    if subscription["status"] != "paused":
        raise invalid("This subscription is not paused")
    subscription["billing_cycle_anchor"] = now
    _begin_period(subscription, now)
    subscription["status"] = "active"
    _collect(sandbox, subscription, now, paid=True)
    sandbox.announce("customer.subscription.resumed", subscription)
    return subscription


def change_price(sandbox: Sandbox, subscription: Json, amount: int) -> Json:
    """From the next period on, as the dashboard does without prorations."""
    item = _item(subscription)
    item["price"] = {**item["price"], "id": new_id("price"), "unit_amount": amount}
    sandbox.store.save(subscription)
    sandbox.announce("customer.subscription.updated", subscription)
    return subscription


def age(sandbox: Sandbox, subscription: Json, seconds: int) -> Json:
    """As if it had begun earlier: its period, and those of its invoices."""
    item = _item(subscription)
    item["current_period_start"] -= seconds
    item["current_period_end"] -= seconds
    subscription["billing_cycle_anchor"] = item["current_period_end"]
    for invoice in invoices.of_subscription(sandbox, subscription):
        period = invoice["lines"]["data"][0]["period"]
        period.update(start=period["start"] - seconds, end=period["end"] - seconds)
        sandbox.store.save(invoice)
    return sandbox.store.save(subscription)


def _begin_period(subscription: Json, start: int) -> None:
    item = _item(subscription)
    item.update(
        current_period_start=start,
        current_period_end=objects.after(
            start,
            item["price"]["recurring"]["interval"],
            anchor=subscription.get("billing_cycle_anchor"),  # a sandbox of an older release knew none
        ),
    )


def _collect(sandbox: Sandbox, subscription: Json, now: int, *, paid: bool) -> None:
    invoice = invoices.draw_up(sandbox, subscription, now, reason="subscription_cycle")
    if paid:
        invoices.settle(sandbox, invoice, now)
        sandbox.announce("invoice.paid", invoice)
    else:
        invoices.fail(sandbox, invoice)


def _item(subscription: Json) -> Json:
    item: Json = subscription["items"]["data"][0]
    return item


def _alive(call: Call) -> Json:
    subscription = known(call.sandbox, call.path["id"])
    if subscription["status"] == "canceled":
        raise missing("subscription", call.path["id"])
    return subscription
