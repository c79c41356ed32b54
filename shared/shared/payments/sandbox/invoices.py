"""/v1/invoice_payments: which charge paid an invoice, for giving it back."""

from shared.payments.sandbox import objects
from shared.payments.sandbox.calls import Call
from shared.payments.sandbox.errors import missing
from shared.payments.sandbox.store import Json


def payments(call: Call) -> Json:
    """The one payment of a paid invoice. Its charge is made when somebody asks: nobody else looks at it."""
    call.only("invoice", "limit", "status", "starting_after")
    invoice = call.sandbox.store.get("invoice", call.text("invoice"))
    if invoice is None:
        raise missing("invoice", call.text("invoice"), "invoice")
    found = [_payment(call, invoice)] if invoice["status"] == "paid" else []
    return {"object": "list", "url": "/v1/invoice_payments", "has_more": False, "data": found}


def _payment(call: Call, invoice: Json) -> Json:
    identity = "inpay_" + invoice["id"].removeprefix("in_")
    known = call.sandbox.store.get("invoice_payment", identity)
    if known is not None:
        return known
    intent = objects.payment_intent(
        amount=invoice["amount_paid"],
        currency=invoice["currency"],
        now=call.now,
        customer=invoice["customer"],
        payment_method=None,
        description=None,
        metadata={},
    )
    charge = call.sandbox.store.save(objects.charge(intent, call.now))
    intent["latest_charge"] = charge["id"]
    call.sandbox.store.save(intent)
    return call.sandbox.store.save(objects.invoice_payment(identity, invoice["id"], intent["id"], call.now))
