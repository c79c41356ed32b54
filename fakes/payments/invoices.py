"""/v1/invoices and /v1/invoice_payments: what a period costs, what paid it, and that it was not paid."""

from __future__ import annotations

from fakes.payments import objects
from fakes.payments.calls import Call, integer
from fakes.payments.charges import record
from fakes.payments.errors import invalid, missing
from fakes.payments.state import Sandbox
from fakes.payments.store import Json

STATUSES = ("draft", "open", "paid", "uncollectible", "void")
MOST = 1000


def listing(call: Call) -> Json:
    """The newest first, of a subscription or of a customer."""
    call.only("customer", "subscription", "status", "limit", "starting_after")
    status = call.params.get("status")
    if status is not None and status not in STATUSES:
        raise invalid(f"Invalid status: must be one of {', '.join(STATUSES)}", param="status")
    limit = integer(call.params.get("limit", "10"), "limit", most=100)
    found = [invoice for invoice in _asked_for(call) if status in (None, invoice["status"])]
    return {
        "object": "list",
        "url": "/v1/invoices",
        "has_more": len(found) > limit,
        "data": [objects.public(invoice) for invoice in found[:limit]],
    }


def retrieve(call: Call) -> Json:
    return known(call.sandbox, call.path["id"], "invoice")


def void(call: Call) -> Json:
    """Take back an open invoice, which nobody can pay any more."""
    call.only()
    invoice = known(call.sandbox, call.path["id"])
    if invoice["status"] == "paid":
        raise invalid("Invoices with `paid` payments cannot be voided.")
    if invoice["status"] != "open":
        raise invalid("You can only pass in open invoices. This invoice isn't open.")
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = call.now
    call.sandbox.store.save(invoice)
    call.sandbox.announce("invoice.voided", invoice)
    return invoice


def payments(call: Call) -> Json:
    """The one payment of a paid invoice, found by the invoice or by what paid it."""
    call.only("invoice", "payment", "limit", "status", "starting_after")
    invoice = _invoice_asked_for(call)
    paid = invoice is not None and invoice["status"] == "paid" and invoice["amount_paid"]
    found = [_payment(call, invoice)] if invoice is not None and paid else []
    return {"object": "list", "url": "/v1/invoice_payments", "has_more": False, "data": found}


def known(sandbox: Sandbox, identity: str, param: str = "id") -> Json:
    """Raises StripeError (404)."""
    invoice = sandbox.store.get("invoice", identity)
    if invoice is None:
        raise missing("invoice", identity, param)
    return invoice


def of_subscription(sandbox: Sandbox, subscription: Json) -> list[Json]:
    """Newest first."""
    of_customer = sandbox.store.newest("invoice", customer=subscription["customer"], limit=MOST)
    return [invoice for invoice in of_customer if subscription_of(invoice) == subscription["id"]]


def subscription_of(invoice: Json) -> str:
    subscription: str = invoice["parent"]["subscription_details"]["subscription"]
    return subscription


def draw_up(sandbox: Sandbox, subscription: Json, now: int, *, reason: str, status: str = "open") -> Json:
    """The invoice of the subscription's present period, which is its latest one from then on."""
    invoice = objects.invoice(subscription, now, reason=reason, url=sandbox.url, status=status)
    subscription["latest_invoice"] = invoice["id"]
    sandbox.store.save(subscription)
    return sandbox.store.save(invoice)


def settle(sandbox: Sandbox, invoice: Json, now: int) -> None:
    """Take the money of an invoice, which is paid from then on."""
    if invoice["amount_due"] > 0:
        _charge(sandbox, invoice, now)
    invoice.update(status="paid", amount_paid=invoice["amount_due"], amount_remaining=0)
    invoice["attempt_count"] += 1
    invoice["status_transitions"]["paid_at"] = now
    sandbox.store.save(invoice)


def _charge(sandbox: Sandbox, invoice: Json, now: int) -> None:
    """An intent and a charge as for any other payment, with nothing in their metadata."""
    intent = objects.payment_intent(
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        now=now,
        customer=invoice["customer"],
        payment_method=None,
        description="Subscription payment",
        metadata={},
        sandbox_invoice=invoice["id"],
    )
    record(sandbox, intent, now)
    invoice["sandbox_intent"] = intent["id"]
    sandbox.store.save(invoice)


def pay(sandbox: Sandbox, identity: str, now: int) -> Json:
    """Pay an open invoice with a good card; paying the latest one makes its subscription active. Raises StripeError."""
    invoice = known(sandbox, identity)
    if invoice["status"] not in ("draft", "open"):
        raise invalid(f"Invoice is already {invoice['status']}", code="invoice_not_editable")
    settle(sandbox, invoice, now)
    sandbox.announce("invoice.paid", invoice)
    subscription = sandbox.store.get("subscription", subscription_of(invoice))
    if subscription is not None and subscription["latest_invoice"] == identity:
        _activate(sandbox, subscription)
    return invoice


def _activate(sandbox: Sandbox, subscription: Json) -> None:
    if subscription["status"] in ("past_due", "unpaid", "incomplete"):
        subscription["status"] = "active"
        sandbox.store.save(subscription)
        sandbox.announce("customer.subscription.updated", subscription)


def fail(sandbox: Sandbox, invoice: Json) -> None:
    """The card was declined."""
    invoice["attempt_count"] += 1
    sandbox.store.save(invoice)
    sandbox.announce("invoice.payment_failed", invoice)


def _asked_for(call: Call) -> list[Json]:
    """Newest first, those after `starting_after` only."""
    after = call.params.get("starting_after")
    if "subscription" in call.params:
        subscription = call.sandbox.store.get("subscription", call.text("subscription"))
        if subscription is None:
            raise missing("subscription", call.text("subscription"), "subscription")
        every = of_subscription(call.sandbox, subscription)
    else:
        every = call.sandbox.store.newest("invoice", customer=call.text("customer"), limit=MOST)
    ids = [invoice["id"] for invoice in every]
    if after is not None and after not in ids:
        raise missing("invoice", after, "starting_after")
    return every if after is None else every[ids.index(after) + 1 :]


def _invoice_asked_for(call: Call) -> Json | None:
    paid_by = call.params.get("payment")
    if paid_by is None:
        return known(call.sandbox, call.text("invoice"), "invoice")
    if not isinstance(paid_by, dict) or set(paid_by) != {"type", "payment_intent"}:
        raise invalid("payment needs a type and a payment_intent", param="payment")
    intent = call.sandbox.store.get("payment_intent", paid_by["payment_intent"])
    if paid_by["type"] != "payment_intent" or intent is None:
        raise missing("payment_intent", paid_by["payment_intent"], "payment[payment_intent]")
    invoice = intent.get("sandbox_invoice")
    return None if invoice is None else known(call.sandbox, invoice)


def _payment(call: Call, invoice: Json) -> Json:
    identity = "inpay_" + invoice["id"].removeprefix("in_")
    if "sandbox_intent" not in invoice:  # paid in a sandbox of an older release, which charged nobody
        _charge(call.sandbox, invoice, call.now)
    expanded = "data.invoice" in (call.params.get("expand") or [])
    made = objects.invoice_payment(identity, invoice["id"], invoice["sandbox_intent"], invoice["created"])
    return {**made, "invoice": objects.public(invoice)} if expanded else made
