"""/v1/subscriptions: reading and ending them, and their renewal, which only a hook starts."""

from shared.payments.sandbox import objects
from shared.payments.sandbox.calls import Call
from shared.payments.sandbox.errors import missing
from shared.payments.sandbox.state import Sandbox
from shared.payments.sandbox.store import Json


def retrieve(call: Call) -> Json:
    return known(call.sandbox, call.path["id"])


def update(call: Call) -> Json:
    call.only("cancel_at_period_end", "metadata")
    subscription = _alive(call)
    if "cancel_at_period_end" in call.params:
        subscription["cancel_at_period_end"] = call.params["cancel_at_period_end"] == "true"
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
    """Begin the next period, as time would: with an invoice, or the end of one that was not to go on."""
    if subscription["cancel_at_period_end"]:
        return end(sandbox, subscription, now)
    item = subscription["items"]["data"][0]
    start = item["current_period_end"]
    item.update(
        current_period_start=start,
        current_period_end=objects.after(start, item["price"]["recurring"]["interval"]),
    )
    subscription["status"] = "active" if paid else "past_due"
    sandbox.store.save(subscription)
    invoice = sandbox.store.save(objects.invoice(subscription, now, reason="subscription_cycle", paid=paid))
    sandbox.announce("invoice.paid" if paid else "invoice.payment_failed", invoice)
    sandbox.announce("customer.subscription.updated", subscription)
    return subscription


def _alive(call: Call) -> Json:
    subscription = known(call.sandbox, call.path["id"])
    if subscription["status"] == "canceled":
        raise missing("subscription", call.path["id"])
    return subscription
