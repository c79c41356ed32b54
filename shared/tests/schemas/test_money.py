"""Money, and how the provider counts each currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.schemas.money import (
    CURRENCIES,
    AmountTooFine,
    Money,
    UnknownCurrency,
    decimals,
    from_minor_units,
    is_chargeable,
    minor_units,
)

ZERO_DECIMAL = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "JPY",
    "KMF",
    "KRW",
    "MGA",
    "PYG",
    "RWF",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
THREE_DECIMAL = ["BHD", "JOD", "KWD", "OMR", "TND"]
WHOLE_IN_CENTS = ["ISK", "UGX"]
IN_CENTS = sorted(CURRENCIES.keys() - {*ZERO_DECIMAL, *THREE_DECIMAL, *WHOLE_IN_CENTS})
CODES = sorted(CURRENCIES)


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("29", "USD", 2900),
        ("0.01", "EUR", 1),
        ("10.45", "HUF", 1045),
        ("800.45", "TWD", 80045),
        ("590000", "KRW", 590000),
        ("5", "UGX", 500),
        ("5", "ISK", 500),
        ("5.12", "KWD", 5120),
    ],
)
def test_an_amount_is_counted_as_the_provider_counts_it_and_back(
    amount: str, currency: str, units: int
) -> None:
    money = Money(Decimal(amount), currency)
    assert minor_units(money) == units
    assert from_minor_units(units, currency.lower()) == money


@pytest.mark.parametrize(
    ("codes", "units_of_7", "digits"),
    [(ZERO_DECIMAL, 7, 0), (THREE_DECIMAL, 7000, 2), (WHOLE_IN_CENTS, 700, 0), (IN_CENTS, 700, 2)],
)
def test_every_code_of_the_table_is_counted_by_its_kind(
    codes: list[str], units_of_7: int, digits: int
) -> None:
    for code in codes:
        assert (minor_units(Money(Decimal(7), code)), decimals(code)) == (units_of_7, digits), code


def test_the_table_has_the_currencies_of_the_provider_and_no_others() -> None:
    assert len(IN_CENTS) > 100
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CODES)
    assert CURRENCIES.keys().isdisjoint({"XXX", "XTS", "BTC", "usd", "EURO", ""})


@given(code=st.sampled_from(CODES), units=st.integers(-(10**12), 10**12))
def test_what_the_provider_counts_comes_back_as_it_was_or_is_refused(code: str, units: int) -> None:
    if units % CURRENCIES[code].step:
        with pytest.raises(AmountTooFine):
            from_minor_units(units, code)
    else:
        assert minor_units(from_minor_units(units, code)) == units


@given(code=st.sampled_from(CODES), amount=st.decimals(-(10**9), 10**9, places=4, allow_nan=False))
def test_no_amount_changes_on_its_way_to_the_provider_and_back(code: str, amount: Decimal) -> None:
    money = Money(amount, code)
    if is_chargeable(amount, code):
        assert from_minor_units(minor_units(money), code).amount == amount
    else:
        with pytest.raises(AmountTooFine):
            minor_units(money)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0.001", "USD"), ("0.5", "KRW"), ("0.5", "UGX"), ("1.50", "ISK"), ("5.124", "KWD"), ("0.0001", "TND")],
)
def test_a_fraction_of_what_can_be_charged_is_an_error(amount: str, currency: str) -> None:
    with pytest.raises(AmountTooFine, match="fraction"):
        minor_units(Money(Decimal(amount), currency))


@pytest.mark.parametrize(("units", "currency"), [(550, "ugx"), (1, "ISK"), (5124, "kwd")])
def test_what_the_provider_says_never_happens_is_not_rounded(units: int, currency: str) -> None:
    with pytest.raises(AmountTooFine):
        from_minor_units(units, currency)


@pytest.mark.parametrize("code", ["XYZ", "usd", "BTC", "", "DOLLAR", "Ⅷ€$"])
def test_an_unknown_currency_is_refused_and_not_taken_for_one_with_cents(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        Money(Decimal(1), code)
    with pytest.raises(UnknownCurrency):
        decimals(code)
    if code != "usd":
        with pytest.raises(UnknownCurrency):
            from_minor_units(100, code)


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), 1.5, 1])
def test_an_amount_is_a_finite_decimal(amount: Decimal) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        Money(amount, "USD")
