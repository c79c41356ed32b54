"""No event about money is acknowledged unless it is handled or kept, and what is kept is seen to by a command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select, text, update

from platform_service.payments.commands import payments_command
from platform_service.payments.event_outcomes import forget_old
from platform_service.payments.models import Payment, UnhandledEvent, WebhookEvent
from platform_service.resources import open_provider
from services.platform.tests.payments.conftest import Shop
from shared.payments import stripe_reports as reports
from shared.payments.stripe_objects import amount_of
from shared.schemas.dates import utcnow

NOTE = {
    "id": "cn_1",
    "object": "credit_note",
    "amount": 500,
    "currency": "usd",
    "metadata": {"note": "a\u0000b"},
}


async def kept(shop: Shop) -> Sequence[Any]:
    async with shop.database.read(fresh=True) as connection:
        return (await connection.execute(select(UnhandledEvent.__table__))).all()


async def run(shop: Shop, *words: str) -> int:
    command, parser = payments_command(open_provider), argparse.ArgumentParser()
    assert command.configure is not None
    command.configure(parser)
    return await command.run(parser.parse_args(words), shop.runtime) or 0


def count(event_type: str, outcome: str) -> float:
    labels = {"type": event_type, "outcome": outcome}
    return REGISTRY.get_sample_value("payment_events_total", labels) or 0


async def test_an_event_about_money_that_nobody_knows_is_kept_whole_and_counted_once(shop: Shop) -> None:
    before = count("credit_note.created", "unhandled")
    await shop.order("events", type="credit_note.created", object=NOTE)
    for event in await shop.events() * 2:
        assert (await shop.deliver(event)).status_code == 200
    (row,) = await kept(shop)
    assert (row.type, row.handled_at) == ("credit_note.created", None)
    assert row.payload["data"]["object"] == NOTE
    assert count("credit_note.created", "unhandled") == before + 1


async def test_money_in_a_currency_that_nobody_knows_is_kept_and_not_guessed(shop: Shop) -> None:
    await shop.subscribe()
    (invoice,) = await shop.listing("invoices")
    odd = {**invoice, "id": "in_odd", "currency": "xyz"}
    await shop.order("events", type="invoice.paid", object=odd)
    for event in await shop.events() * 2:
        assert (await shop.deliver(event)).status_code == 200
    (row,) = await kept(shop)
    assert (row.type, row.payload["data"]["object"]["id"]) == ("invoice.paid", "in_odd")
    assert "xyz" in row.reason
    async with shop.database.read(fresh=True) as connection:
        assert list(await connection.scalars(select(Payment.amount))) == [29]


async def test_what_the_provider_says_in_such_a_currency_when_asked_is_kept_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.subscribe()
    monkeypatch.setattr(reports, "subscription_state", lambda *_: amount_of(5124, "kwd"))
    await shop.report()
    reasons = {row.type: row.reason for row in await kept(shop)}
    assert "5124 of 'kwd'" in reasons["invoice.paid"]


async def test_what_moves_no_money_is_not_kept(shop: Shop) -> None:
    for kind in ("price.updated", "customer.updated", "payout.paid", "invoice.finalized"):
        await shop.order("events", type=kind, object={"id": "x_1", "object": "x"})
    await shop.report()
    assert await kept(shop) == []
    assert set(await shop.outcomes("price.updated", "payout.paid")) == {"irrelevant"}


async def test_an_event_that_cannot_be_kept_is_not_acknowledged(shop: Shop) -> None:
    await shop.order("events", type="credit_note.created", object=NOTE)
    (event,) = await shop.events()
    async with shop.database.session() as session:
        await session.execute(text("ALTER TABLE unhandled_events RENAME TO away"))
    answer = await shop.deliver(event)
    assert answer.status_code >= 500
    async with shop.database.session() as session:
        await session.execute(text("ALTER TABLE away RENAME TO unhandled_events"))
    assert (await shop.deliver(event)).status_code == 200
    assert len(await kept(shop)) == 1


async def test_kept_events_are_listed_retried_and_dismissed(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    await shop.order("events", type="credit_note.created", object=NOTE)
    await shop.subscribe()
    events = await shop.events()
    paid = next(event for event in events if event["type"] == "invoice.paid")
    async with shop.database.session() as session:
        for event in (paid, events[0]):
            values = {"id": event["id"], "type": event["type"], "payload": event, "created_at": utcnow()}
            session.add(UnhandledEvent(**values, reason="an older release did not know it"))
    assert await run(shop, "unhandled") == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == 2
    assert all("an older release" in line for line in listed)

    assert await run(shop, "retry") == 1, "one is still not known"
    assert await run(shop, "dismiss", events[0]["id"]) == 0
    assert await run(shop, "dismiss", "evt_unknown") == 1
    assert await run(shop, "retry") == 0
    capsys.readouterr()
    for step in ("unhandled", "retry"):
        assert await run(shop, step) == 0
        written = capsys.readouterr()
        assert (written.out, written.err) == ("", "No unhandled events.\n")
    async with shop.database.read(fresh=True) as connection:
        assert list(await connection.scalars(select(Payment.amount))) == [29]


async def test_handled_events_are_forgotten_and_waiting_ones_are_not(shop: Shop) -> None:
    await shop.order("events", type="credit_note.created", object=NOTE)
    await shop.subscribe()
    await shop.report()
    long_ago = utcnow() - timedelta(days=400)
    async with shop.database.session() as session:
        await session.execute(update(WebhookEvent).values(received_at=long_ago))
        await session.execute(update(UnhandledEvent).values(received_at=long_ago))
        await forget_old(session)
    (row,) = await kept(shop)
    async with shop.database.read(fresh=True) as connection:
        assert list(await connection.scalars(select(WebhookEvent.id))) == [row.id]
