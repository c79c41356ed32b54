"""Amounts of money; never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

ZERO_DECIMAL = frozenset({"JPY", "KRW", "VND", "CLP", "PYG", "UGX", "XAF", "XOF", "XPF"})


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` of `currency`, an ISO 4217 code in capitals. Raises ValueError for anything else."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise ValueError(f"not a currency: {self.currency!r}")
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise ValueError(f"not an amount: {self.amount!r}")


def decimals(currency: str) -> int:
    """How many decimals amounts of `currency` have: 0 for the won and the yen, 2 otherwise."""
    return 0 if currency in ZERO_DECIMAL else 2


def minor_units(money: Money) -> int:
    """The amount in cents, or in won: what payment providers count in. ValueError if it has a fraction of one."""
    scaled = money.amount.scaleb(decimals(money.currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{money.amount} {money.currency} has a fraction of the smallest unit")
    return int(scaled)


def from_minor_units(units: int, currency: str) -> Money:
    """The reverse of `minor_units`; takes the code in either case, as providers send it in small letters."""
    code = currency.upper()
    return Money(Decimal(units).scaleb(-decimals(code)), code)
