"""Where the provider sends the browser back: for anybody, at little cost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from platform_service.payments.success_page import BillingPage
from services.platform.tests.payments.conftest import Shop


async def test_anybody_who_loads_a_pending_success_page_costs_the_provider_little(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id, provider, asked = await shop.open_page(), shop.provider, []
    ask = provider.get_checkout

    async def counted(checkout_id: str) -> Any:
        asked.append(checkout_id)
        return await ask(checkout_id)

    monkeypatch.setattr(provider, "get_checkout", counted)
    await asyncio.gather(*[shop.come_back(session_id) for _ in range(20)])
    answers = [await shop.come_back(session_id) for _ in range(80)]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["message"] for answer in answers} == {"The payment is not completed yet."}
    assert len(asked) <= 5
    assert (await shop.come_back("cs_test_never_issued")).status_code == 404
    assert set(asked) == {session_id}
    await shop.pay(session_id)
    await shop.report()
    assert "active" in (await shop.come_back(session_id)).json()["message"]


async def test_an_expired_checkout_is_not_asked_about_again(shop: Shop) -> None:
    session_id = await shop.open_page()
    await shop.order(f"checkouts/{session_id}/expire")
    assert "expired" in (await shop.come_back(session_id)).json()["message"]
    path = f"/v1/checkout/sessions/{session_id}"
    await shop.order("faults", path=path, method="GET", mode="error_500", times=20)
    assert "expired" in (await shop.come_back(session_id)).json()["message"]


@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml,*/*;q=0.8"])
async def test_a_browser_is_sent_on_to_the_billing_page(shop: Shop, accept: str) -> None:
    session_id = await shop.open_page()
    headers = {"Accept": accept}
    params = {"session_id": session_id}
    waiting = await shop.client.get("/api/payment/success", params=params, headers=headers)
    assert waiting.status_code == 303
    assert waiting.headers["location"] == "http://shop.test/web/platform/billing.html?checkout=pending"
    await shop.pay(session_id)
    paid = await shop.client.get("/api/payment/success", params=params, headers=headers)
    assert paid.headers["location"] == "http://shop.test/web/platform/billing.html?checkout=success"
    assert (await shop.client.get("/api/payment/success", params=params)).status_code == 200


async def test_who_leaves_without_paying_goes_to_the_billing_page_too(shop: Shop) -> None:
    page = f"{shop.sandbox.url}/checkout/{await shop.open_page()}"
    left = await shop.browser.post(page, data={"action": "cancel"})
    assert left.status_code == 303
    assert left.headers["location"] == "http://shop.test/web/platform/billing.html?checkout=canceled"


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("/billing?tab=1", "http://shop.test/billing?tab=1&checkout=canceled"),
        ("http://localhost:3000/billing", "http://localhost:3000/billing?checkout=canceled"),
    ],
)
def test_the_billing_page_may_be_anywhere(page: str, address: str) -> None:
    assert BillingPage("http://shop.test", page).after("canceled") == address


@pytest.mark.parametrize("page", ["billing.html", "ftp://shop.test/x", "http://", "javascript:alert(1)"])
async def test_a_billing_page_that_is_no_address_is_named_at_the_start(shop: Shop, page: str) -> None:
    settings = shop.settings
    with pytest.raises(ValidationError, match="billing_page"):
        type(settings)(**{**settings.model_dump(), "billing_page": page})


async def test_a_browser_goes_on_also_while_the_provider_cannot_be_asked(shop: Shop) -> None:
    session_id = await shop.open_page()
    path = f"/v1/checkout/sessions/{session_id}"
    await shop.order("faults", path=path, method="GET", mode="error_500", times=20)
    params = {"session_id": session_id}
    page = await shop.client.get("/api/payment/success", params=params, headers={"Accept": "text/html"})
    assert page.headers["location"].endswith("?checkout=pending")
    assert (await shop.come_back(session_id)).status_code == 503
