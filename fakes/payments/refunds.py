"""/v1/refunds: money given back, and that a bank does not take it."""

from __future__ import annotations

from fakes.payments import objects
from fakes.payments.calls import Call, integer
from fakes.payments.charges import of_payment
from fakes.payments.errors import invalid, missing
from fakes.payments.state import Sandbox
from fakes.payments.store import Json


def create(call: Call) -> Json:
    """Give back all, or `amount` of it."""
    call.only("payment_intent", "charge", "amount", "reason", "metadata")
    charge = _charge_to_refund(call)
    left = charge["amount"] - charge["amount_refunded"]
    if left <= 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = integer(call.params.get("amount", str(left)), "amount", most=left)
    refund = call.sandbox.store.save(objects.refund(charge, amount, call.now))
    _count(call.sandbox, charge, amount)
    call.sandbox.announce("charge.refunded", charge)
    return refund


def listing(call: Call) -> Json:
    """Of one charge or payment intent, the newest first."""
    return of_payment(call, "refund", "/v1/refunds")


def fail(sandbox: Sandbox, identity: str) -> Json:
    """The bank sends the money back to the account, days later. Raises StripeError."""
    refund = sandbox.store.get("refund", identity)
    charge = None if refund is None else sandbox.store.get("charge", refund["charge"])
    if refund is None or charge is None:
        raise missing("refund", identity, "refund")
    if refund["status"] != "succeeded":
        raise invalid(f"The refund is {refund['status']}")
    refund.update(status="failed", failure_reason="expired_or_canceled_card")
    sandbox.store.save(refund)
    _count(sandbox, charge, -refund["amount"])
    sandbox.announce("refund.failed", refund)
    return refund


def _count(sandbox: Sandbox, charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    sandbox.store.save(charge)


def _charge_to_refund(call: Call) -> Json:
    identity = call.params.get("charge")
    if identity is None:
        intent = call.sandbox.store.get("payment_intent", call.text("payment_intent"))
        if intent is None or not intent["latest_charge"]:
            raise missing("payment_intent", call.text("payment_intent"), "payment_intent")
        identity = intent["latest_charge"]
    charge = call.sandbox.store.get("charge", identity)
    if charge is None:
        raise missing("charge", identity, "charge")
    return charge
