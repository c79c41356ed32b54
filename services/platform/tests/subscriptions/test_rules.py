"""When a subscription gives access, and the arithmetic of plans and currencies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from platform_service.subscriptions.rules import (
    PlanType,
    converted,
    interval,
    last_paid,
    monthly_value,
    paid_after,
    period_end,
    rounded,
    status_at,
    valid_until,
)
from shared.payments.provider import PaidInvoice
from shared.schemas.money import Money

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GRACE = timedelta(hours=24)


def test_access_outlasts_the_paid_period_by_the_grace() -> None:
    assert valid_until(NOW, GRACE) == NOW + GRACE
    assert valid_until(None, GRACE) is None


def test_an_active_subscription_is_expired_when_its_time_is_over_whatever_the_job_did() -> None:
    for end, expected in (
        (NOW + timedelta(seconds=1), "active"),
        (NOW - GRACE + timedelta(seconds=1), "active"),
        (NOW - GRACE, "expired"),
        (None, "active"),
    ):
        assert status_at("active", end, suspended=False, grace=GRACE, now=NOW) == expected
    for suspended in (True, False):
        assert status_at("canceled", None, suspended=suspended, grace=GRACE, now=NOW) == "canceled"
    assert status_at("active", None, suspended=True, grace=GRACE, now=NOW) == "expired"


def invoice(identity: str, days: int | None) -> PaidInvoice:
    """Of a month that ends in so many days; None: of no period."""
    end = None if days is None else NOW + timedelta(days=days)
    start = None if end is None else end - timedelta(days=30)
    return PaidInvoice(identity, Money(Decimal(29), "USD"), "cus", "sub", start, end, NOW, {})


def test_the_latest_period_counts_in_whatever_order_invoices_are_paid() -> None:
    late, early, single = invoice("late", 30), invoice("early", 0), invoice("single", None)
    assert last_paid([early, single, late]) == last_paid([late, early]) == late
    assert last_paid([single]) is None
    assert last_paid([]) is None


def test_what_was_paid_after_the_end_is_told_by_when_it_was_paid_and_for_when() -> None:
    assert paid_after(invoice("paid later", 0), NOW - timedelta(hours=1), None)
    assert paid_after(invoice("of a later month", 60), NOW + timedelta(hours=1), None)
    assert not paid_after(invoice("before", 30), NOW + timedelta(hours=1), None)


def test_in_the_second_of_the_end_what_the_end_had_not_seen_was_paid_after_it() -> None:
    """The provider's clock has seconds, ours has more."""
    ended_at = NOW.replace(microsecond=0) + timedelta(milliseconds=300)
    renewal = replace(invoice("renewal", 20), paid_at=NOW.replace(microsecond=0))
    assert paid_after(renewal, ended_at, renewal.period_start)
    assert not paid_after(renewal, ended_at, renewal.period_end)
    assert not paid_after(renewal, ended_at, None)


@pytest.mark.parametrize(
    ("begins", "plan", "ends"),
    [
        ("2026-01-31", "monthly", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("2027-12-30", "monthly", ["2028-01-30", "2028-02-29", "2028-03-30"]),
        ("2028-02-29", "annual", ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
        ("2026-12-15", "monthly", ["2027-01-15", "2027-02-15"]),
    ],
)
def test_periods_end_on_the_day_on_which_the_first_began(
    begins: str, plan: PlanType, ends: list[str]
) -> None:
    anchor = datetime.fromisoformat(f"{begins}T09:30:00+00:00")
    counted = [period_end(anchor, plan, periods=count) for count in range(1, len(ends) + 1)]
    assert [f"{end:%Y-%m-%d %H:%M}" for end in counted] == [f"{end} 09:30" for end in ends]


def test_an_annual_plan_is_worth_a_twelfth_a_month() -> None:
    assert rounded(monthly_value(Decimal(290), "annual"), "USD") == Decimal("24.17")
    assert monthly_value(Decimal(29), "monthly") == 29


@pytest.mark.parametrize(("currency", "expected"), [("USD", "2.35"), ("KRW", "2"), ("JPY", "2")])
def test_amounts_are_rounded_to_what_the_currency_counts_in(currency: str, expected: str) -> None:
    assert rounded(Decimal("2.345"), currency) == Decimal(expected)


def test_a_currency_without_a_rate_is_not_converted() -> None:
    rates = {"KRW": Decimal("0.00072")}
    assert converted(Decimal(590000), "KRW", to="USD", rates=rates) == Decimal("424.8")
    assert converted(Decimal(5), "USD", to="USD", rates=rates) == 5
    assert converted(Decimal(5), "EUR", to="USD", rates=rates) is None


def test_plans_are_named_as_the_provider_names_them() -> None:
    assert (interval("monthly"), interval("annual")) == ("month", "year")
