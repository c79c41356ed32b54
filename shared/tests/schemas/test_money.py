from __future__ import annotations

from decimal import Decimal

import pytest

from shared.schemas.money import Money, from_minor_units, minor_units


@pytest.mark.parametrize(
    ("amount", "currency", "units"), [("29", "USD", 2900), ("0.01", "EUR", 1), ("590000", "KRW", 590000)]
)
def test_minor_units_are_cents_or_won_and_back(amount: str, currency: str, units: int) -> None:
    money = Money(Decimal(amount), currency)
    assert minor_units(money) == units
    assert from_minor_units(units, currency.lower()) == money


@pytest.mark.parametrize(("amount", "currency"), [("0.001", "USD"), ("0.5", "KRW")])
def test_a_fraction_of_the_smallest_unit_is_an_error(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match="fraction"):
        minor_units(Money(Decimal(amount), currency))


@pytest.mark.parametrize(("amount", "currency"), [(Decimal("NaN"), "USD"), (Decimal(1), "usd"), (1.5, "USD")])
def test_money_is_a_finite_decimal_and_a_currency(amount: Decimal, currency: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        Money(amount, currency)
