"""/v1/customers: customers and their cards. Customers called `cus_demo_*` exist, with a good card."""

from __future__ import annotations

from typing import Final

from fakes.payments import objects
from fakes.payments.calls import Call, integer
from fakes.payments.errors import missing
from fakes.payments.state import Sandbox
from fakes.payments.store import Json, new_id

DEMO: Final = "cus_demo_"


def create(call: Call) -> Json:
    call.only("email", "name", "metadata")
    fields = {"email": call.params.get("email"), "name": call.params.get("name"), "metadata": call.metadata()}
    return call.sandbox.store.save(objects.customer(new_id("cus"), call.now, **fields))


def retrieve(call: Call) -> Json:
    return known(call.sandbox, call.path["id"], call.now)


def cards(call: Call) -> Json:
    """The newest card first, which is the one that is charged."""
    call.only("limit", "type")
    customer = known(call.sandbox, call.path["id"], call.now)
    limit = integer(call.params.get("limit", "10"), "limit", most=100)
    found = call.sandbox.store.newest("payment_method", customer=customer["id"], limit=limit)
    return {
        "object": "list",
        "url": f"/v1/customers/{customer['id']}/payment_methods",
        "has_more": False,
        "data": found,
    }


def known(sandbox: Sandbox, identity: str, now: int, *, param: str = "customer") -> Json:
    """The customer. Raises StripeError (404)."""
    found = sandbox.store.get("customer", identity)
    if found is None and identity.startswith(DEMO):
        found = sandbox.store.save(objects.customer(identity, now, email=None, name="Demo", metadata={}))
        add_card(sandbox, identity, objects.GOOD_CARD, now)
    if found is None:
        raise missing("customer", identity, param)
    return found


def add_card(sandbox: Sandbox, customer: str, number: str, now: int) -> str:
    """Put a card on file. Its id."""
    method = objects.payment_method(customer, number, now)
    sandbox.store.save(method)
    identity: str = method["id"]
    return identity
