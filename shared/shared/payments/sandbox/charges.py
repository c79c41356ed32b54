"""/v1/payment_intents and /v1/refunds: money taken from a card on file, and given back."""

from shared.payments.sandbox import objects
from shared.payments.sandbox.calls import Call, integer
from shared.payments.sandbox.customers import known
from shared.payments.sandbox.errors import declined, invalid, missing
from shared.payments.sandbox.store import Json

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
    intent = objects.payment_intent(
        amount=integer(call.params.get("amount"), "amount"),
        currency=_currency(call.text("currency")),
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
    charge = call.sandbox.store.save(objects.charge(intent, call.now))
    intent["latest_charge"] = charge["id"]
    call.sandbox.store.save(intent)
    call.sandbox.announce("payment_intent.succeeded", intent)
    return intent


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


def refund(call: Call) -> Json:
    """Give back all, or `amount` of it."""
    call.only("payment_intent", "charge", "amount", "reason", "metadata")
    charge = _charge_to_refund(call)
    left = charge["amount"] - charge["amount_refunded"]
    if left <= 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = integer(call.params.get("amount", str(left)), "amount", most=left)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    call.sandbox.store.save(charge)
    call.sandbox.announce("charge.refunded", charge)
    return call.sandbox.store.save(objects.refund(charge, amount, call.now))


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


def _decline(call: Call, intent: Json) -> None:
    intent.update(status="requires_payment_method", amount_received=0)
    call.sandbox.store.save(intent)
    call.sandbox.announce("payment_intent.payment_failed", intent)
    raise declined(intent)


def _currency(value: str) -> str:
    if len(value) != 3 or not value.isalpha() or not value.isascii():
        raise invalid(f"Invalid currency: {value}", param="currency")
    return value.lower()
