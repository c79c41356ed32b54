"""The provider's reports: twice, late, in any order, forged."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from platform_service.payments.models import Payment, WebhookEvent
from platform_service.subscriptions.models import Subscription
from platform_service.tables import Entitlement
from services.platform.tests.payments.conftest import Shop
from testing.payments import signed


async def rows(shop: Shop, table: Any) -> list[Any]:
    async with shop.database.read(fresh=True) as connection:
        return list((await connection.execute(select(table.__table__))).all())


async def post(shop: Shop, payload: bytes, signature: str | None) -> httpx.Response:
    headers = {} if signature is None else {"Stripe-Signature": signature}
    return await shop.client.post("/api/payment/webhook", content=payload, headers=headers)


async def test_a_webhook_alone_activates(shop: Shop) -> None:
    await shop.pay(await shop.open_page())
    for event in await shop.events():
        answer = await shop.deliver(event)
        assert answer.status_code == 200
        assert answer.json()["message"]
    (subscription,) = await shop.get("/api/payment/subscriptions")
    assert subscription["status"] == "active"


async def test_twice_is_once(shop: Shop) -> None:
    await shop.pay(await shop.open_page())
    for event in await shop.events() * 2:
        assert (await shop.deliver(event)).status_code == 200
    assert len(await rows(shop, Subscription)) == len(await rows(shop, Payment)) == 1
    assert len(await rows(shop, WebhookEvent)) == len(await shop.events())
    (entitlement,) = await rows(shop, Entitlement)
    assert entitlement.version == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_every_order_ends_the_same(shop: Shop, order: tuple[int, ...]) -> None:
    await shop.pay(await shop.open_page())
    events = await shop.events()
    assert len(events) == 3
    for position in order:
        assert (await shop.deliver(events[position])).status_code == 200
    (subscription,) = await rows(shop, Subscription)
    (payment,) = await rows(shop, Payment)
    assert subscription.status == "active"
    assert (payment.amount, payment.product_id, payment.user_id) == (29, shop.product, shop.user_id)


async def test_a_late_report_does_not_bring_a_canceled_subscription_back(shop: Shop) -> None:
    session_id = await shop.subscribe()
    (subscription,) = await rows(shop, Subscription)
    answer = await shop.client.delete(f"/api/payment/subscriptions/{subscription.id}", headers=shop.headers)
    assert answer.status_code == 200
    for event in await shop.events():
        assert (await shop.deliver(event)).status_code == 200
    await shop.come_back(session_id)
    (subscription,) = await rows(shop, Subscription)
    assert subscription.status == "canceled"
    (entitlement,) = await rows(shop, Entitlement)
    assert entitlement.active is False


async def test_the_providers_end_ends_it_here_also_when_reported_first(shop: Shop) -> None:
    await shop.pay(await shop.open_page())
    (theirs,) = await shop.listing("subscriptions")
    await shop.provider.cancel_subscription(theirs["id"], idempotency_key="test")
    for event in reversed(await shop.events()):
        assert (await shop.deliver(event)).status_code == 200
    (subscription,) = await rows(shop, Subscription)
    assert subscription.status == "canceled"
    (entitlement,) = await rows(shop, Entitlement)
    assert entitlement.active is False
    assert len(await rows(shop, Payment)) == 1


async def test_an_event_may_be_large_and_deep(shop: Shop) -> None:
    lines = [{f"field_{n}": {"id": n} for n in range(40)} for _ in range(100)]
    deep: dict[str, Any] = {}
    for _ in range(50):
        deep = {"parent": deep}
    event = {
        "id": "evt_large",
        "object": "event",
        "type": "invoice.created",
        "created": 1_900_000_000,
        "data": {"object": {"id": "in_1", "object": "invoice", "lines": {"data": lines}, "deep": deep}},
    }
    payload, signature = signed(event, shop.sandbox.webhook_secret)
    headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
    answer = await shop.client.post("/api/payment/webhook", content=payload, headers=headers)
    assert answer.status_code == 200, answer.text


async def test_unknown_events_and_things_are_fine(shop: Shop) -> None:
    stranger = {"id": "sub_strange", "status": "active", "customer": "cus_x", "items": {"data": []}}
    session = {
        "id": "cs_strange",
        "status": "complete",
        "payment_status": "paid",
        "amount_total": 1,
        "currency": "usd",
    }
    invoice = {
        "id": "in_strange",
        "status": "paid",
        "customer": "cus_x",
        "amount_paid": 100,
        "currency": "usd",
    }
    events: list[tuple[str, dict[str, Any]]] = [
        ("price.created", {"id": "price_1"}),
        ("customer.subscription.updated", stranger),
        ("checkout.session.completed", session),
        ("invoice.paid", invoice),
    ]
    for number, (kind, thing) in enumerate(events):
        answer = await shop.deliver(event(kind, thing, f"evt_strange_{number}"))
        assert answer.status_code == 200, answer.text
    assert await rows(shop, Subscription) == await rows(shop, Payment) == []


async def test_a_bad_signature_is_400_and_changes_nothing(shop: Shop) -> None:
    await shop.pay(await shop.open_page())
    completed = (await shop.events())[-1]
    payload, signature = signed(completed, shop.sandbox.webhook_secret)
    forged = signed(completed, "another secret")[1]
    old = signature.replace("t=1", "t=0")
    for bad in (forged, old, "", "nonsense", None):
        answer = await post(shop, payload, bad)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert (await post(shop, payload + b" ", signature)).status_code == 400
    assert await rows(shop, Subscription) == []


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"id": 1}', b'{"type": "x"}'])
async def test_a_signed_body_that_is_no_event_is_400(shop: Shop, payload: bytes) -> None:
    import hashlib
    import hmac
    import time

    now = int(time.time())
    mac = hmac.new(shop.sandbox.webhook_secret.encode(), f"{now}.".encode() + payload, hashlib.sha256)
    assert (await post(shop, payload, f"t={now},v1={mac.hexdigest()}")).status_code == 400


async def test_a_provider_that_cannot_be_asked_is_503_so_that_it_comes_again(shop: Shop) -> None:
    session_id = await shop.open_page()
    await shop.pay(session_id)
    completed = (await shop.events())[-1]
    path = f"/v1/checkout/sessions/{session_id}"
    await shop.order("faults", path=path, method="GET", mode="error_500", times=20)
    assert (await shop.deliver(completed)).status_code == 503
    await shop.browser.delete(f"{shop.sandbox.url}/_sandbox/faults")
    assert (await shop.deliver(completed)).status_code == 200
    async with shop.database.read(fresh=True) as connection:
        assert await connection.scalar(select(func.count()).select_from(Subscription.__table__)) == 1


def event(kind: str, thing: dict[str, Any], identity: str) -> dict[str, Any]:
    return {
        "id": identity,
        "object": "event",
        "type": kind,
        "created": int(datetime.now(UTC).timestamp()),
        "data": {"object": thing},
    }
