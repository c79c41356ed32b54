"""Platform's part of the contract, from registration to the admin's lists."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from testing.payments import signed
from tests.contract.clients.people import PASSWORD, Cast, some_address
from tests.contract.clients.replay import Replay
from tests.integration.browser import pay_on_checkout_page


async def walk(replay: Replay, cast: Cast) -> None:
    """Call everything."""
    anybody = await cast.anybody()
    admin, demo = await cast.known("admin"), await cast.known("demo")
    assert await replay.call("GET /health", anybody) == {"status": "ok"}
    await _accounts(replay, cast, anybody, admin)
    await _shopping(replay, cast, anybody, demo)
    await _webhook(replay, cast, anybody)
    users = await replay.call("GET /api/platform/admin/users", admin, params={"per_page": 3})
    assert len(users["users"]) == 3
    past = await replay.call("GET /api/platform/admin/users", admin, params={"page": 9999})
    assert past["users"] == []
    nonsense = {"page": "0", "per_page": "all", "q": "", "role": ""}
    first = await replay.call("GET /api/platform/admin/users", admin, params=nonsense)
    assert (first["current_page"], len(first["users"])) == (1, min(20, first["total"]))
    revenue = await replay.call("GET /api/platform/admin/revenue", admin)
    assert revenue["arr"] == pytest.approx(12 * revenue["mrr"], abs=0.1)  # both are rounded


async def _accounts(replay: Replay, cast: Cast, anybody: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    person = {"email": some_address(), "password": PASSWORD, "name": "Contract"}
    made = await replay.call("POST /api/auth/register", anybody, json=person)
    assert made["user"]["email"] == person["email"]
    await replay.refuse("POST /api/auth/register", "duplicate email", anybody, json=person)
    await replay.refuse("POST /api/auth/register", "missing field", anybody, json={"email": some_address()})
    credentials = {"email": person["email"], "password": PASSWORD}
    session = await replay.call("POST /api/auth/login", anybody, json=credentials)
    wrong = {**credentials, "password": "not this one at all"}
    await replay.refuse("POST /api/auth/login", "wrong password", anybody, json=wrong)
    body = {"refresh_token": session["refresh_token"]}
    fresh = await replay.call("POST /api/auth/refresh", anybody, json=body)
    bad = {"refresh_token": "no-such-token"}
    await replay.refuse("POST /api/auth/refresh", "bad token", anybody, json=bad)
    me = await replay.call("GET /api/auth/me", await cast.with_token(fresh["access_token"]))
    assert me == made["user"]
    blocked = await admin.patch(f"/api/platform/admin/users/{me['id']}", json={"is_active": False})
    assert blocked.status_code == 200, blocked.text
    await replay.refuse("POST /api/auth/login", "inactive account", anybody, json=credentials)


async def _shopping(replay: Replay, cast: Cast, anybody: httpx.AsyncClient, demo: httpx.AsyncClient) -> None:
    products = await replay.call("GET /api/platform/products", anybody)
    assert await replay.call("GET /api/payment/plans", anybody) == products
    wanted = next(product for product in products if product["slug"] == "review")
    customer = await cast.newcomer()
    checkout = "POST /api/payment/checkout"
    await replay.refuse(checkout, "unknown product", customer, json={"product_id": 999_999})
    page = await replay.call(
        checkout, customer, json={"product_id": str(wanted["id"]), "plan_type": "", "coupon": "x"}
    )
    landed = await pay_on_checkout_page(page["checkout_url"])
    assert landed.url.path == "/api/payment/success"
    once_more = dict(landed.url.params)
    await replay.call("GET /api/payment/success", anybody, params=once_more)
    await replay.refuse(checkout, "already subscribed", customer, json={"product_id": wanted["id"]})
    dashboard = await replay.call("GET /api/platform/dashboard", customer)
    assert dashboard["subscription_count"] == 1
    subscribed = [p["subscription"]["product_id"] for p in dashboard["products"] if p["subscribed"]]
    assert subscribed == [wanted["id"]]
    (bought,) = (product for product in dashboard["products"] if product["subscribed"])
    assert bought["next_billing"] == bought["subscription"]["current_period_end"]
    await replay.call("GET /api/payment/billing-info", customer)
    await replay.call("GET /api/payment/history", customer)
    (mine,) = await replay.call("GET /api/payment/subscriptions", customer)
    cancel = "DELETE /api/payment/subscriptions/{id}"
    await replay.refuse(cancel, "somebody else's", demo, item=mine["id"])
    await replay.refuse(cancel, "unknown", customer, item=999_999)
    await replay.call(cancel, customer, item=mine["id"])


async def _webhook(replay: Replay, cast: Cast, anybody: httpx.AsyncClient) -> None:
    name = "POST /api/payment/webhook"
    payload, headers = _signed({"type": "product.created", "data": {"object": {"object": "product"}}}, cast)
    await replay.call(name, anybody, content=payload, headers=headers)
    forged = {"Stripe-Signature": headers["Stripe-Signature"].replace("v1=", "v1=0")}
    await replay.refuse(name, "bad signature", anybody, content=payload, headers=forged)


def _signed(event: dict[str, Any], cast: Cast) -> tuple[bytes, dict[str, str]]:
    """An event as the provider delivers it, signed with the running stack's own secret."""
    now = int(time.time())
    whole = {"id": f"evt_contract_{now}", "object": "event", "created": now, "livemode": False, **event}
    secret = json.loads((cast.stack.directory / "secrets.json").read_text())["stripe.webhook"]
    payload, signature = signed(whole, secret)
    return payload, {"Stripe-Signature": signature}
