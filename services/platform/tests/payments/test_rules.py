"""Arithmetic of plans and currencies."""

from __future__ import annotations

from decimal import Decimal

import pytest

from platform_service.payments.rules import converted, interval, rounded
from platform_service.subscriptions.rules import monthly_value


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
