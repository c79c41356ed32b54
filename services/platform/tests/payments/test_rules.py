"""Arithmetic of plans and currencies."""

from datetime import datetime
from decimal import Decimal

import pytest

from platform_service.payments.rules import PlanType, converted, interval, monthly_value, period_end, rounded


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
