"""/v1/payment_intents and /v1/charges: money taken from a card on file."""

from __future__ import annotations

from fakes.payments import objects
from fakes.payments.calls import Call, amount_in, currency, integer
from fakes.payments.customers import known
from fakes.payments.errors import declined, invalid, missing
from fakes.payments.state import Sandbox
from fakes.payments.store import Json

DECLINING = {objects.DECLINED_CARD[-4:], objects.FAILS_LATER_CARD[-4:]}


def create(call: Call) -> Json:
    """Charge at once; confirming later is not known here."""
    call.only(
        "amount",
        "currency",
        "customer",
        "payment_method",
        "confirm",
        "off_session",
        "description",
        "metadata",
    )
    if call.params.get("confirm") != "true":
        raise invalid("The sandbox charges at once: confirm must be true", param="confirm")
    customer = known(call.sandbox, call.text("customer"), call.now)
    card = call.sandbox.store.get("payment_method", call.text("payment_method"))
    if card is None or card["customer"] != customer["id"]:
        raise missing("PaymentMethod", call.text("payment_method"), "payment_method")
    code = currency(call.text("currency"))
    intent = objects.payment_intent(
        amount=amount_in(code, integer(call.params.get("amount"), "amount")),
        currency=code,
        now=call.now,
        customer=customer["id"],
        payment_method=card["id"],
        description=call.params.get("description"),
        metadata=call.metadata(),
    )
    if call.declined or card["card"]["last4"] in DECLINING:
        _decline(call, intent)
    return complete(call, intent)


def complete(call: Call, intent: Json) -> Json:
    """Take the money: the charge beside the intent, and its event."""
    record(call.sandbox, intent, call.now)
    call.sandbox.announce("payment_intent.succeeded", intent)
    return intent


def record(sandbox: Sandbox, intent: Json, now: int) -> None:
    """Save a paid intent and its charge."""
    charge = sandbox.store.save(objects.charge(intent, now))
    intent["latest_charge"] = charge["id"]
    sandbox.store.save(intent)


def retrieve(call: Call) -> Json:
    intent = call.sandbox.store.get("payment_intent", call.path["id"])
    if intent is None:
        raise missing("payment_intent", call.path["id"], "intent")
    return intent


def listing(call: Call) -> Json:
    call.only("customer", "limit", "starting_after")
    limit = integer(call.params.get("limit", "10"), "limit", most=100)
    found = call.sandbox.store.newest(
        "payment_intent",
        customer=call.params.get("customer"),
        before=call.params.get("starting_after"),
        limit=limit + 1,
    )
    return {
        "object": "list",
        "url": "/v1/payment_intents",
        "has_more": len(found) > limit,
        "data": found[:limit],
    }


def retrieve_charge(call: Call) -> Json:
    charge = call.sandbox.store.get("charge", call.path["id"])
    if charge is None:
        raise missing("charge", call.path["id"], "charge")
    return charge


def to_dispute(sandbox: Sandbox, payment: str) -> Json:
    """The charge of an intent or an invoice. Raises StripeError (404)."""
    invoice = sandbox.store.get("invoice", payment)
    identity = payment if invoice is None else invoice.get("sandbox_intent", "")
    intent = sandbox.store.get("payment_intent", identity)
    charge = None if intent is None else sandbox.store.get("charge", intent["latest_charge"] or "")
    if charge is None:
        raise missing("payment_intent", payment, "payment_intent")
    return charge


def of_payment(call: Call, kind: str, url: str) -> Json:
    """What there is of `kind` about a payment intent or a charge, the newest first."""
    call.only("payment_intent", "charge", "limit", "starting_after")
    by = "charge" if "charge" in call.params else "payment_intent"
    wanted, limit = call.text(by), integer(call.params.get("limit", "10"), "limit", most=100)
    found = [one for one in call.sandbox.store.newest(kind, limit=1000) if one[by] == wanted]
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": found[:limit]}


def _decline(call: Call, intent: Json) -> None:
    intent.update(status="requires_payment_method", amount_received=0)
    call.sandbox.store.save(intent)
    call.sandbox.announce("payment_intent.payment_failed", intent)
    raise declined(intent)
