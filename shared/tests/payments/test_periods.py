"""Periods of the sandbox's subscriptions, which begin on the day of the first one as Stripe's do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fakes.payments import objects, subscriptions
from fakes.payments.state import Sandbox
from fakes.payments.store import Store
from fakes.payments.webhooks import Webhooks
from shared.schemas.dates import months_later


def moment(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T09:30:00+00:00").timestamp())


def begun(sandbox: Sandbox, day: str, interval: str) -> dict[str, Any]:
    price = {
        "unit_amount": 2900,
        "currency": "usd",
        "recurring": {"interval": interval},
        "product_data": {"name": "CooCook"},
    }
    session = objects.checkout_session(
        url="http://sandbox.test",
        now=moment(day),
        line={"quantity": 1, "price_data": price},
        customer="cus_1",
        sandbox_subscription_metadata={},
    )
    return sandbox.store.save(objects.subscription(session, "pm_1", moment(day)))


def ends_of(subscription: dict[str, Any]) -> str:
    end = subscription["items"]["data"][0]["current_period_end"]
    return datetime.fromtimestamp(end, UTC).date().isoformat()


@pytest.fixture
def sandbox(tmp_path: Path) -> Any:
    store = Store(tmp_path / "state.sqlite")
    yield Sandbox(store, Webhooks(store, url=None, secret="whsec"), "http://sandbox.test")
    store.close()


@pytest.mark.parametrize(
    ("day", "interval", "ends"),
    [
        ("2026-01-31", "month", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("2028-02-29", "year", ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
        ("2027-12-30", "month", ["2028-01-30", "2028-02-29", "2028-03-30"]),
    ],
)
def test_renewals_keep_the_day_on_which_the_subscription_began(
    sandbox: Sandbox, day: str, interval: str, ends: list[str]
) -> None:
    subscription = begun(sandbox, day, interval)
    found = [ends_of(subscription)]
    while len(found) < len(ends):
        subscriptions.renew(sandbox, subscription, moment(day), paid=len(found) % 2 == 0)
        found.append(ends_of(subscription))
    assert found == ends


def test_what_is_resumed_or_made_older_is_counted_from_there(sandbox: Sandbox) -> None:
    subscription = begun(sandbox, "2026-01-31", "month")
    subscriptions.age(sandbox, subscription, 10 * 24 * 3600)
    subscriptions.renew(sandbox, subscription, moment("2026-02-18"), paid=True)
    assert ends_of(subscription) == "2026-03-18"
    subscriptions.set_status(sandbox, subscription, moment("2026-03-01"), status="paused")
    subscriptions.resume(sandbox, subscription, moment("2026-08-31"))
    subscriptions.renew(sandbox, subscription, moment("2026-09-30"), paid=True)
    assert ends_of(subscription) == "2026-10-31"


def test_months_are_counted_over_the_turn_of_a_year_and_back() -> None:
    anchor = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    days = [f"{months_later(anchor, months):%Y-%m-%d}" for months in (-8, 0, 1, 2, 4, 14, 16)]
    assert days == [
        "2026-02-28",
        "2026-10-31",
        "2026-11-30",
        "2026-12-31",
        "2027-02-28",
        "2027-12-31",
        "2028-02-29",
    ]
