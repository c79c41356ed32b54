"""/v1/disputes: customers who ask their bank for a charge's money. Only hooks open and close them, as banks do."""

from __future__ import annotations

from fakes.payments.calls import Call, integer
from fakes.payments.charges import of_payment, to_dispute
from fakes.payments.errors import invalid, missing
from fakes.payments.state import Sandbox
from fakes.payments.store import Json, new_id


def retrieve(call: Call) -> Json:
    return known(call.sandbox, call.path["id"])


def listing(call: Call) -> Json:
    """Of one charge or payment intent, the newest first."""
    return of_payment(call, "dispute", "/v1/disputes")


def known(sandbox: Sandbox, identity: str) -> Json:
    """Raises StripeError (404)."""
    found = sandbox.store.get("dispute", identity)
    if found is None:
        raise missing("dispute", identity, "dispute")
    return found


def open_dispute(sandbox: Sandbox, payment: str, now: int, *, amount: str | None, inquiry: bool) -> Json:
    """A dispute takes the money at once; an inquiry is a question first. Raises StripeError."""
    charge = to_dispute(sandbox, payment)
    left = charge["amount"] - charge["amount_refunded"]
    taken = left if amount is None else integer(amount, "amount", most=left)
    status = "warning_needs_response" if inquiry else "needs_response"
    dispute = sandbox.store.save(_dispute(charge, taken, now, status=status))
    sandbox.announce("charge.dispute.created", dispute)
    if not inquiry:
        _move(sandbox, dispute, -taken, now)
        sandbox.announce("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close(sandbox: Sandbox, identity: str, now: int, *, won: bool) -> Json:
    """The bank's word. Raises StripeError for a dispute that is closed already."""
    dispute = known(sandbox, identity)
    if dispute["status"] in ("won", "lost", "warning_closed"):
        raise invalid("This dispute is already closed")
    if dispute["status"].startswith("warning_"):
        dispute["status"] = "warning_closed"
    else:
        dispute["status"] = "won" if won else "lost"
        if won:
            _move(sandbox, dispute, dispute["amount"], now)
            sandbox.announce("charge.dispute.funds_reinstated", dispute)
    sandbox.store.save(dispute)
    sandbox.announce("charge.dispute.closed", dispute)
    return dispute


def _move(sandbox: Sandbox, dispute: Json, amount: int, now: int) -> None:
    dispute["balance_transactions"].append(_balance_transaction(dispute, amount, now))
    sandbox.store.save(dispute)


def _dispute(charge: Json, amount: int, now: int, *, status: str) -> Json:
    return {
        "id": new_id("du"),
        "object": "dispute",
        "status": status,
        "reason": "fraudulent",
        "amount": amount,
        "currency": charge["currency"],
        "charge": charge["id"],
        "payment_intent": charge["payment_intent"],
        "balance_transactions": [],
        "is_charge_refundable": status.startswith("warning_"),
        "metadata": {},
        "created": now,
        "livemode": False,
    }


def _balance_transaction(dispute: Json, amount: int, now: int) -> Json:
    """What a dispute takes from the account (below zero) or gives again."""
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "type": "adjustment",
        "reporting_category": "dispute" if amount < 0 else "dispute_reversal",
        "amount": amount,
        "currency": dispute["currency"],
        "fee": 1500 if amount < 0 else 0,
        "net": amount - 1500 if amount < 0 else amount,
        "source": dispute["id"],
        "created": now,
    }
