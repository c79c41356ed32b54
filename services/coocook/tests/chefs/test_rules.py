"""What a profile must satisfy, and how text is looked for."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coocook_service.chefs.errors import HoursReversed, PriceTooFine
from coocook_service.chefs.queries import like_part
from coocook_service.chefs.schemas import Currency
from coocook_service.chefs.service import check_profile
from shared.schemas.money import UnknownCurrency


def _like(pattern: str, text: str) -> bool:
    """LIKE as PostgreSQL does it."""
    parts = re.findall(r"\\(.)|(%)|(_)|(.)", pattern, re.DOTALL)
    regex = "".join(
        re.escape(quoted or plain) if quoted or plain else ".*" if many else "."
        for quoted, many, one, plain in parts
    )
    return re.fullmatch(regex, text, re.DOTALL) is not None


@given(st.text(alphabet="ab%_\\"), st.text(alphabet="ab%_\\"))
def test_a_search_finds_exactly_what_contains_the_text(part: str, text: str) -> None:
    assert _like(like_part(part), text) == (part in text)


def test_hours_must_not_be_reversed() -> None:
    with pytest.raises(HoursReversed):
        check_profile(price=Decimal(1), currency="USD", opens_hour=12, closes_hour=12)


def test_a_price_in_won_has_no_decimals() -> None:
    check_profile(price=Decimal("50000.00"), currency="KRW", opens_hour=9, closes_hour=24)
    with pytest.raises(PriceTooFine):
        check_profile(price=Decimal("50000.50"), currency="KRW", opens_hour=9, closes_hour=24)


def test_every_currency_of_a_chef_can_be_charged() -> None:
    for currency in get_args(Currency):
        check_profile(price=Decimal(7), currency=currency, opens_hour=9, closes_hour=24)
    with pytest.raises(UnknownCurrency):
        check_profile(price=Decimal(7), currency="XYZ", opens_hour=9, closes_hour=24)
