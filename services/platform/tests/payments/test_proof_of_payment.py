"""Access follows what is paid: declined renewals, suspended subscriptions, changed prices and set ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from platform_service.payments import subscription_sync
from platform_service.payments.models import Payment
from platform_service.payments.reconciliation import expire_due
from platform_service.subscriptions.models import Subscription
from platform_service.tables import Entitlement
from services.platform.tests.payments.conftest import Shop, run_jobs
from shared.schemas.dates import utcnow


async def rows(shop: Shop, table: Any) -> list[Any]:
    async with shop.database.read(fresh=True) as connection:
        return list((await connection.execute(select(table.__table__).order_by(table.id))).all())


async def entitlement(shop: Shop) -> Any:
    async with shop.database.read(fresh=True) as connection:
        return (await connection.execute(select(Entitlement.__table__))).one()


async def subscribed(shop: Shop, **body: Any) -> str:
    """A subscriber, whose first reports have arrived; the provider's id of the subscription."""
    await shop.subscribe(**body)
    await shop.report()
    (row,) = await rows(shop, Subscription)
    return str(row.provider_subscription_id)


async def test_a_declined_renewal_gives_no_new_period(shop: Shop) -> None:
    theirs = await subscribed(shop, plan_type="annual")
    (before,) = await rows(shop, Subscription)
    for _ in range(2):
        await shop.order(f"subscriptions/{theirs}/renew", outcome="failed")
        await shop.report()
    (after,) = await rows(shop, Subscription)
    assert after.current_period_end == before.current_period_end
    assert (await entitlement(shop)).valid_until == before.current_period_end + timedelta(hours=24)
    await shop.order(f"subscriptions/{theirs}/retry", outcome="paid")
    await shop.report()
    (paid,) = await rows(shop, Subscription)
    assert paid.current_period_end > before.current_period_end + timedelta(days=700)


async def test_reports_that_come_late_change_nothing(shop: Shop) -> None:
    theirs = await subscribed(shop)
    await shop.order(f"subscriptions/{theirs}/renew", outcome="failed")
    await shop.order(f"subscriptions/{theirs}/status", status="unpaid")
    await shop.order(f"subscriptions/{theirs}/retry")
    for event in reversed(await shop.events()):
        assert (await shop.deliver(event)).status_code == 200
    (row,) = await rows(shop, Subscription)
    assert row.suspended_at is None
    assert row.current_period_end > utcnow() + timedelta(days=50)
    assert [payment.amount for payment in await rows(shop, Payment)] == [29, 29]


async def test_an_answer_that_was_asked_for_earlier_changes_nothing_later(shop: Shop) -> None:
    theirs = await subscribed(shop)
    await shop.order(f"subscriptions/{theirs}/renew", outcome="failed")
    await shop.order(f"subscriptions/{theirs}/status", status="unpaid")
    slow = await subscription_sync.ask(shop.database, shop.provider, theirs)
    await shop.order(f"subscriptions/{theirs}/retry")
    await shop.report()
    (before,) = await rows(shop, Subscription)
    async with shop.database.session() as session:
        await subscription_sync.follow(session, slow, grace=timedelta(hours=24))
    assert await rows(shop, Subscription) == [before]
    assert before.suspended_at is None


@pytest.mark.parametrize("status", ["unpaid", "paused", "incomplete"])
async def test_what_can_be_mended_suspends_and_comes_back_with_the_payment(shop: Shop, status: str) -> None:
    theirs = await subscribed(shop)
    await shop.order(f"subscriptions/{theirs}/renew", outcome="failed")
    await shop.order(f"subscriptions/{theirs}/status", status=status)
    await shop.report()
    (shown,) = await shop.get("/api/payment/subscriptions")
    assert (shown["status"], shown["suspended"]) == ("expired", True)
    assert not (await entitlement(shop)).active
    dashboard = await shop.get("/api/platform/dashboard")
    assert dashboard["subscription_count"] == 0
    (suspended,) = (await shop.get("/api/payment/billing-info"))["subscriptions"]
    assert suspended["payment_url"] == shown["payment_url"]
    await shop.order(f"subscriptions/{theirs}/{'resume' if status == 'paused' else 'retry'}")
    await shop.report()
    (row,) = await shop.get("/api/payment/subscriptions")
    assert (row["status"], row["suspended"], row["payment_url"]) == ("active", False, None)
    assert (await entitlement(shop)).active
    assert [one["status"] for one in await shop.listing("subscriptions")] == ["active"]


async def test_a_suspended_subscription_is_paid_not_bought_again(shop: Shop) -> None:
    theirs = await subscribed(shop)
    await shop.order(f"subscriptions/{theirs}/renew", outcome="failed")
    await shop.order(f"subscriptions/{theirs}/status", status="unpaid")
    await shop.report()
    refused = await shop.checkout()
    assert refused.status_code == 409
    assert refused.json()["code"] == "subscription_suspended"
    address = refused.json()["payment_url"]
    assert address in refused.json()["error"]
    assert (await shop.browser.post(address)).status_code == 200
    await shop.report()
    assert (await shop.get("/api/payment/subscriptions"))[0]["status"] == "active"
    assert (await shop.checkout()).json()["code"] == "already_subscribed"


async def test_a_payment_whose_report_got_lost_is_seen_at_the_checkout(shop: Shop) -> None:
    theirs = await subscribed(shop)
    await shop.order(f"subscriptions/{theirs}/renew", outcome="failed")
    await shop.order(f"subscriptions/{theirs}/status", status="unpaid")
    await shop.report()
    await shop.order(f"subscriptions/{theirs}/retry")
    assert (await shop.checkout()).json()["code"] == "already_subscribed"
    assert (await entitlement(shop)).active


async def test_a_suspended_subscription_that_the_provider_ended_makes_room(shop: Shop) -> None:
    theirs = await subscribed(shop)
    await shop.order(f"subscriptions/{theirs}/status", status="unpaid")
    await shop.report()
    await shop.order(f"subscriptions/{theirs}/status", status="canceled")
    assert (await shop.checkout()).status_code == 200
    assert (await shop.get("/api/payment/subscriptions"))[0]["status"] == "canceled"


async def test_an_unpaid_renewal_beyond_the_grace_suspends_while_the_provider_tries_on(shop: Shop) -> None:
    theirs = await subscribed(shop)
    await shop.order(f"subscriptions/{theirs}/age", days=35)
    await shop.order(f"subscriptions/{theirs}/renew", outcome="failed")
    async with shop.database.session() as session:
        await session.execute(update(Subscription).values(current_period_end=utcnow() - timedelta(days=4)))
    assert await expire_due(shop.database, shop.provider, grace=shop.settings.subscription_grace) == 0
    (row,) = await rows(shop, Subscription)
    assert (row.status, row.ended_at) == ("active", None)
    assert row.suspended_at is not None
    assert (await shop.checkout()).json()["code"] == "subscription_suspended"
    await shop.order(f"subscriptions/{theirs}/retry")
    await shop.report()
    (back,) = await rows(shop, Subscription)
    assert back.suspended_at is None


async def test_who_paid_anew_from_an_older_page_leaves_the_suspended_one_behind(shop: Shop) -> None:
    page = await shop.open_page()
    theirs = await subscribed(shop)
    await shop.order(f"subscriptions/{theirs}/status", status="unpaid")
    await shop.report()
    await shop.pay(page)
    assert "active" in (await shop.come_back(page)).json()["message"]
    await run_jobs(shop)
    assert [row.status for row in await rows(shop, Subscription)] == ["canceled", "active"]
    assert sorted(one["status"] for one in await shop.listing("subscriptions")) == ["active", "canceled"]


async def test_what_ended_here_and_goes_on_there_is_ended_there_and_paid_back(shop: Shop) -> None:
    theirs = await subscribed(shop)
    (row,) = await rows(shop, Subscription)
    await shop.client.delete(f"/api/payment/subscriptions/{row.id}", headers=shop.headers)
    await shop.order(f"subscriptions/{theirs}/renew")  # before the job came to it
    await shop.report()
    await run_jobs(shop)
    assert [one["status"] for one in await shop.listing("subscriptions")] == ["canceled"]
    (refund,) = await shop.listing("refunds")
    assert refund["amount"] == 2900
    await shop.report()
    assert sorted(payment.amount for payment in await rows(shop, Payment)) == [-29, 29, 29]


async def test_what_is_canceled_at_the_end_of_its_period_costs_nothing_more(shop: Shop) -> None:
    theirs = await subscribed(shop)
    info = await shop.get("/api/payment/billing-info")
    assert [one["amount"] for one in info["upcoming_payments"]] == [29]
    await shop.provider.cancel_subscription(theirs, idempotency_key="end", at_period_end=True)
    await shop.report()
    info = await shop.get("/api/payment/billing-info")
    assert info["upcoming_payments"] == info["monthly_total"] == []
    assert info["subscriptions"][0]["cancel_at_period_end"] is True
    assert info["subscriptions"][0]["status"] == "active"


async def test_a_price_that_changed_at_the_provider_is_what_is_due(shop: Shop) -> None:
    theirs = await subscribed(shop)
    await shop.order(f"subscriptions/{theirs}/price", amount=4900)
    await shop.report()
    info = await shop.get("/api/payment/billing-info")
    assert [one["amount"] for one in info["upcoming_payments"]] == [49]
    assert info["monthly_total"] == [{"currency": "USD", "amount": 49}]
    assert (await rows(shop, Payment))[0].amount == 29


async def test_an_account_that_is_deleted_ends_a_suspended_subscription_too(shop: Shop) -> None:
    theirs = await subscribed(shop)
    await shop.order(f"subscriptions/{theirs}/status", status="unpaid")
    await shop.report()
    answer = await shop.client.request(
        "DELETE", "/api/auth/me", json={"password": "correct horse battery staple"}, headers=shop.headers
    )
    assert answer.status_code == 200
    await run_jobs(shop)
    assert [one["status"] for one in await shop.listing("subscriptions")] == ["canceled"]
