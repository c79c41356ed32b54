"""Platform's forms: registering, logging in, the checkout of each product by each plan, and the admin's pages."""

from __future__ import annotations

from typing import Final

import httpx

from tests.contract.clients.people import PASSWORD, Cast, some_address
from tests.contract.clients.replay import Replay

PLANS: Final = ("monthly", "annual", "")
CHECKOUT: Final = "POST /api/payment/checkout"


async def fill_in(replay: Replay, cast: Cast) -> None:
    """Send them all."""
    anybody, admin = await cast.anybody(), await cast.known("admin")
    await _accounts(replay, anybody)
    await _checkout(replay, await cast.newcomer())
    for page in ("", "0", "-1", "undefined"):
        users = await replay.call(
            "GET /api/platform/admin/users", admin, params={"page": page, "per_page": ""}
        )
        assert users["current_page"] == 1
        assert len(users["users"]) <= 20


async def _accounts(replay: Replay, anybody: httpx.AsyncClient) -> None:
    person = {"email": some_address(), "password": PASSWORD, "name": "김하나"}
    form = {**person, "confirm_password": PASSWORD, "terms": "on", "phone": ""}
    made = await replay.call("POST /api/auth/register", anybody, json=form)
    assert made["user"]["name"] == person["name"]
    login = {"email": person["email"], "password": PASSWORD, "remember": "on"}
    assert (await replay.call("POST /api/auth/login", anybody, json=login))["user"] == made["user"]
    wrong = await anybody.post("/api/auth/login", json={**login, "password": "not this one at all"})
    assert (wrong.status_code, wrong.json()["message"]) == (401, wrong.json()["error"])


async def _checkout(replay: Replay, customer: httpx.AsyncClient) -> None:
    for product in await replay.call("GET /api/payment/plans", customer):
        for plan in PLANS:
            body = {"product_id": str(product["id"]), "plan_type": plan}
            if plan == "annual" and product["annual_price"] is None:
                refused = await customer.post("/api/payment/checkout", json=body)
                assert refused.is_client_error, refused.text
                assert refused.json()["message"] == refused.json()["error"]
                continue
            page = await replay.call(CHECKOUT, customer, json=body)
            assert page["checkout_url"].startswith("http")
