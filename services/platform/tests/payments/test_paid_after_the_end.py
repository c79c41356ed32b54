"""Nobody pays for a subscription that is over: open invoices are void, and what was paid all the same goes back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from platform_service.payments.models import Payment, UnhandledEvent
from platform_service.payments.reconciliation import end_at_provider
from platform_service.subscriptions.models import Subscription
from services.platform.tests.payments.conftest import Shop, run_jobs
from shared.payments.errors import ProviderUnavailable


async def rows(shop: Shop, table: Any) -> list[Any]:
    async with shop.database.read(fresh=True) as connection:
        return list((await connection.execute(select(table.__table__).order_by(table.id))).all())


async def ledger(shop: Shop) -> list[int]:
    return sorted(int(payment.amount) for payment in await rows(shop, Payment))


async def past_due(shop: Shop) -> tuple[str, dict[str, Any]]:
    """A subscriber whose renewal was declined: the provider's id, and the open invoice."""
    await shop.subscribe()
    await shop.report()
    (row,) = await rows(shop, Subscription)
    await shop.order(f"subscriptions/{row.provider_subscription_id}/renew", outcome="failed")
    await shop.report()
    (invoice,) = [one for one in await shop.listing("invoices") if one["status"] == "open"]
    return row.provider_subscription_id, invoice


async def cancel(shop: Shop) -> None:
    (row,) = await rows(shop, Subscription)
    answer = await shop.client.delete(f"/api/payment/subscriptions/{row.id}", headers=shop.headers)
    assert answer.status_code == 200


async def pay(shop: Shop, invoice: dict[str, Any]) -> str:
    """Press the button on the invoice's page; what it says then."""
    return (await shop.browser.post(invoice["hosted_invoice_url"])).text


async def new_events(shop: Shop) -> list[dict[str, Any]]:
    return [event for event in await shop.events() if event["id"] not in shop.reported]


async def statuses(shop: Shop, kind: str) -> list[str]:
    return sorted(one["status"] for one in await shop.listing(kind))


async def test_a_canceled_subscription_leaves_no_invoice_to_pay(shop: Shop) -> None:
    _, invoice = await past_due(shop)
    await cancel(shop)
    await run_jobs(shop)
    assert await statuses(shop, "invoices") == ["paid", "void"]
    assert "is void" in await pay(shop, invoice)
    for _ in range(2):
        await shop.report()
        await run_jobs(shop)
    assert await statuses(shop, "subscriptions") == ["canceled"]
    assert (await shop.listing("refunds"), await ledger(shop)) == ([], [29])


async def test_what_the_provider_ended_leaves_no_invoice_to_pay_either(shop: Shop) -> None:
    theirs, _ = await past_due(shop)
    await shop.order(f"subscriptions/{theirs}/status", status="canceled")
    await shop.report()
    await run_jobs(shop)
    assert await statuses(shop, "invoices") == ["paid", "void"]


async def test_an_account_that_is_deleted_leaves_no_invoice_to_pay(shop: Shop) -> None:
    await past_due(shop)
    body = {"password": "correct horse battery staple"}
    answer = await shop.client.request("DELETE", "/api/auth/me", json=body, headers=shop.headers)
    assert answer.status_code == 200
    await run_jobs(shop)
    assert await statuses(shop, "invoices") == ["paid", "void"]


async def test_a_provider_that_is_away_is_asked_again_until_nothing_is_open(shop: Shop) -> None:
    theirs, invoice = await past_due(shop)
    for mode in ("error_500", "drop_answer"):
        await shop.order("faults", path=f"/v1/invoices/{invoice['id']}/void", mode=mode, times=9)
        with pytest.raises(ProviderUnavailable):
            await end_at_provider(shop.provider, theirs)
        await shop.browser.delete(f"{shop.sandbox.url}/_sandbox/faults")
    await end_at_provider(shop.provider, theirs)
    assert await statuses(shop, "invoices") == ["paid", "void"]


@pytest.mark.parametrize("ended", ["here, and the job was late", "here and there", "there"])
async def test_an_invoice_that_is_paid_after_the_end_is_paid_back_once(shop: Shop, ended: str) -> None:
    theirs, invoice = await past_due(shop)
    if ended == "there":
        await shop.order(f"subscriptions/{theirs}/status", status="canceled")
        await shop.report()
    else:
        await cancel(shop)
    if ended == "here and there":
        await shop.provider.cancel_subscription(theirs, idempotency_key="by hand")
    await pay(shop, invoice)
    events = await new_events(shop)
    assert {event["type"] for event in events} >= {"invoice.paid"}
    answers = await asyncio.gather(*[shop.deliver(event) for event in reversed(events * 3)])
    assert {answer.status_code for answer in answers} == {200}
    for _ in range(2):
        await run_jobs(shop)
        await shop.report()
    (refund,) = await shop.listing("refunds")
    assert (refund["amount"], await ledger(shop)) == (2900, [-29, 29, 29])
    assert await statuses(shop, "subscriptions") == ["canceled"]
    (row,) = await rows(shop, Subscription)
    assert row.status == "canceled"
    assert (await shop.get("/api/payment/subscriptions"))[0]["status"] == "canceled"


async def test_the_charge_alone_tells_that_it_was_paid_after_the_end(shop: Shop) -> None:
    """The invoice's own report got lost."""
    _, invoice = await past_due(shop)
    await cancel(shop)
    await pay(shop, invoice)
    (paid,) = [one for one in await shop.listing("invoices") if one["id"] == invoice["id"]]
    provider = shop.provider
    payments = await provider._client.v1.invoice_payments.list_async({"invoice": paid["id"]})  # type: ignore[attr-defined]
    intent = payments.to_dict()["data"][0]["payment"]["payment_intent"]
    thing = {"id": intent, "object": "payment_intent", "amount": 2900, "currency": "usd"}
    await shop.order("events", type="payment_intent.succeeded", object=thing)
    (event,) = [one for one in await shop.events() if one["type"] == "payment_intent.succeeded"]
    assert (await shop.deliver(event)).status_code == 200
    await run_jobs(shop)
    assert [refund["amount"] for refund in await shop.listing("refunds")] == [2900]


async def test_a_refund_that_the_bank_sends_back_is_an_operators_and_not_tried_for_ever(shop: Shop) -> None:
    _, invoice = await past_due(shop)
    await cancel(shop)
    await pay(shop, invoice)
    await shop.report()
    await run_jobs(shop)
    (refund,) = await shop.listing("refunds")
    await shop.order(f"refunds/{refund['id']}/fail")
    for _ in range(2):
        await shop.report()
        await run_jobs(shop)
    (kept,) = await rows(shop, UnhandledEvent)
    assert (kept.type, "did not take" in kept.reason) == ("refund.failed", True)
    assert len(await shop.listing("refunds")) == 1


async def test_what_was_paid_before_the_end_stays_paid(shop: Shop) -> None:
    """Also where both were in one second, and its report comes again."""
    theirs, invoice = await past_due(shop)
    await pay(shop, invoice)
    await shop.report()
    await shop.order(f"subscriptions/{theirs}/age", days=45)
    await cancel(shop)
    for event in reversed(await shop.events()):
        assert (await shop.deliver(event)).status_code == 200
    await run_jobs(shop)
    await shop.report()
    assert (await shop.listing("refunds"), await ledger(shop)) == ([], [29, 29])


async def test_what_is_paid_again_for_a_checkout_that_was_undone_is_shown_to_an_operator(shop: Shop) -> None:
    first, second = await shop.open_page(), await shop.open_page()
    for session_id in (first, second):
        await shop.pay(session_id)
        await shop.come_back(session_id)
    await shop.report()
    (row,) = await rows(shop, Subscription)
    (undone,) = [
        one["id"] for one in await shop.listing("subscriptions") if one["id"] != row.provider_subscription_id
    ]
    await shop.order(f"subscriptions/{undone}/renew")  # before the job came to it
    await shop.report()
    kept = await rows(shop, UnhandledEvent)
    assert {event.type for event in kept} == {"invoice.paid", "customer.subscription.updated"}
    assert all("undone" in event.reason for event in kept)
