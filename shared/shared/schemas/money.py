"""Amounts of money; never a float.

The units of a currency follow Stripe's table ("Supported currencies" in its documentation), the only one here: a
currency that is not in it is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import (
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from shared.schemas.types import PlainNumber


@dataclass(frozen=True, slots=True)
class MinorUnit:
    """How the provider counts a currency: in units of 10 to the power of minus `digits`, in multiples of `step`."""

    digits: int
    step: int = 1

    @property
    def smallest(self) -> Decimal:
        """The smallest amount that there is."""
        return Decimal(self.step).scaleb(-self.digits)


_CENTS: Final = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE
    CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK
    LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR
    RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD XCG YER
    ZAR ZMW
"""
_WHOLE: Final = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_WHOLE_IN_CENTS: Final = "ISK UGX"
"""Have no fractions, and are counted in hundredths all the same, as they once were: 5 UGX are 500."""
_THOUSANDTHS: Final = "BHD JOD KWD OMR TND"
"""The last digit has to be 0, since not all banks take it."""

# HUF and TWD are paid out in whole units, and charged in hundredths.
CURRENCIES: Final[Mapping[str, MinorUnit]] = MappingProxyType(
    {
        **dict.fromkeys(_CENTS.split(), MinorUnit(2)),
        **dict.fromkeys(_WHOLE.split(), MinorUnit(0)),
        **dict.fromkeys(_WHOLE_IN_CENTS.split(), MinorUnit(2, step=100)),
        **dict.fromkeys(_THOUSANDTHS.split(), MinorUnit(3, step=10)),
    }
)


class UnknownCurrency(ValueError):
    """A currency of which nobody here knows how it is counted."""


class AmountTooFine(ValueError):
    """An amount with a fraction of what the provider can charge."""


DecimalNumber = Annotated[Decimal, WithJsonSchema({"type": "number"})]
"""An amount in an answer: a JSON number with the decimals that the database gives it, such as 19.90."""


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` of `currency`, a code of CURRENCIES. Raises UnknownCurrency, and ValueError for what is not an
    amount."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        minor_unit(self.currency)
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise ValueError(f"not an amount: {self.amount!r}")


def minor_unit(currency: str) -> MinorUnit:
    """How a currency is counted; the code in capitals. Raises UnknownCurrency."""
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise UnknownCurrency(f"not a currency that is known here: {currency!r}") from None


def decimals(currency: str) -> int:
    """How many decimals amounts of `currency` have: 0 for the won and the yen. Raises UnknownCurrency."""
    return -minor_unit(currency).smallest.adjusted()


def is_chargeable(amount: Decimal, currency: str) -> bool:
    """Whether the provider can charge exactly that. Raises UnknownCurrency."""
    return amount % minor_unit(currency).smallest == 0


def minor_units(money: Money) -> int:
    """The amount as the provider counts it: in cents, or in won. Raises AmountTooFine."""
    if not is_chargeable(money.amount, money.currency):
        raise AmountTooFine(f"{money.amount} {money.currency} has a fraction of the smallest unit")
    return int(money.amount.scaleb(minor_unit(money.currency).digits))


def from_minor_units(units: int, currency: str) -> Money:
    """The reverse of `minor_units`; takes the code in either case, as providers send it in lower case.

    Raises UnknownCurrency and AmountTooFine.
    """
    code = currency.upper()
    counted = minor_unit(code)
    if units % counted.step:
        raise AmountTooFine(f"{units} of {code} is no multiple of {counted.step}")
    return Money(Decimal(units).scaleb(-counted.digits), code)


def _number(value: Decimal) -> int | float:
    """Money fits a float exactly enough to be written with its two decimals."""
    return int(value) if value == value.to_integral_value() else float(value)


Amount = Annotated[
    Decimal,
    Field(max_digits=14, decimal_places=2, allow_inf_nan=False),
    PlainNumber,
    PlainSerializer(_number, return_type=int | float, when_used="json"),
]
"""An amount of money as a JSON number, at most 14 digits with 2 of them decimals."""
