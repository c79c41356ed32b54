"""Types of request and answer fields that refuse what the database or a reader could not take."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError, core_schema

from shared.clock import end_of_day, start_of_day, start_of_next_day
from shared.schemas.unicode import MOST_MARKS, composed, hidden, is_visible, too_many_marks

MAX_ID = 2**63 - 1
EARLIEST, LATEST = 1900, 2200
# Everything below space but newline and tab, DEL, and the C1 block: PostgreSQL refuses NUL, the rest no form sends.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Text:
    """Marks a string field: `bio: Annotated[str, Text(0, 4000)]`, lengths in characters of the text as it is kept.

    It is kept composed (NFC) and stripped; where `min` is not 0, there must be something to see. Refuses control
    characters but newline and tab (a CR LF becomes a newline), lone surrogates, and piles of combining marks.
    """

    min: int
    max: int

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        text = core_schema.str_schema(strip_whitespace=True, min_length=self.min, max_length=self.max)
        checked = core_schema.no_info_after_validator_function(self.check, text)
        return core_schema.no_info_before_validator_function(self.prepare, checked)

    def prepare(self, value: Any) -> Any:
        """What is measured and kept."""
        if not isinstance(value, str) or value.isascii():
            return value
        if too_many_marks(value):
            raise PydanticCustomError(
                "combining_marks", "More than {most} combining marks in a row", {"most": MOST_MARKS}
            )
        return composed(value)

    def check(self, value: str) -> str:
        """The value, or what is wrong with it."""
        value = _printable(value)
        if self.min and not is_visible(value):
            raise PydanticCustomError("invisible", "There is nothing to see in it")
        return value


@dataclass(frozen=True, slots=True)
class Name(Text):
    """Marks what is told apart by looking at it: names, titles, places, categories.

    Refuses also what nobody sees but what makes another name of it: zero-width spaces, fillers, overrides of the
    direction. Joiners and variation selectors stay, since languages and emoji are written with them.
    """

    def check(self, value: str) -> str:
        """The value, or what is wrong with it."""
        value = Text.check(self, value)
        if character := hidden(value):
            raise PydanticCustomError(
                "hidden_character", "Contains an invisible character, {character}", {"character": character}
            )
        return value


@dataclass(frozen=True, slots=True)
class Verbatim(Text):
    """Marks text that means something to somebody else: an address, a user's name at a network. It is not composed."""

    def prepare(self, value: Any) -> Any:
        """As it came."""
        return value


def _american(value: Any) -> Any:
    return "canceled" if value == "cancelled" else value


American = BeforeValidator(_american)
"""Marks a status that may be `canceled`, which today's apps also spell `cancelled`."""


class AsSent:
    """Marks a string that is compared or parsed as it came: a secret, a token, a cursor, a signed body."""


def _printable(value: str) -> str:
    if _CONTROL.search(value) is None:
        return value
    value = value.replace("\r\n", "\n")
    if _CONTROL.search(value):
        raise PydanticCustomError("control_character", "Contains a control character")
    return value


_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)")


def _plain(value: Any) -> Any:
    if type(value) is int:  # nearly always, and long lists have many
        return value
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        raise PydanticCustomError("number", "Input should be a number in plain digits, such as 1000")
    return value


PlainNumber = BeforeValidator(_plain)
"""Marks a number field: `Annotated[int, Field(ge=1), PlainNumber]`, so that `true` is not taken for 1, nor `1_000` and
`٣٠` for what Python reads in them; a string of plain digits is a number."""

Id = Annotated[int, Field(ge=1, le=MAX_ID), PlainNumber]
"""A primary key, 1 to 2**63 - 1."""


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or len(value.split(maxsplit=1)) > 1:  # many times as fast as to look at each character
        raise PydanticCustomError("url", "Not an http or https address")
    return value


Url = Annotated[str, Verbatim(8, 2048), AfterValidator(_url)]
"""An absolute http or https address."""


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


def _sane_year(value: date) -> date:
    if not EARLIEST <= value.year < LATEST:
        raise PydanticCustomError("date_range", f"The year must be from {EARLIEST} to {LATEST - 1}")
    return value


def _to_utc(value: datetime) -> datetime:
    _sane_year(value)  # before it is converted: the first and the last day that there are have no neighbours
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    _sane_year(moment)
    return moment


def _no_number(value: Any) -> Any:
    if isinstance(value, bool | int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value.strip())):
        # Pydantic takes it for seconds since 1970.
        raise PydanticCustomError("date_type", "Send a date as a string such as 2030-01-31T18:00:00Z")
    return value


Day = Annotated[date, BeforeValidator(_no_number), AfterValidator(_sane_year)]
"""A calendar day in the years 1900 to 2199."""

Timestamp = Annotated[datetime, BeforeValidator(_no_number), AfterValidator(_to_utc)]
"""A moment in the years 1900 to 2199; becomes aware, in UTC (without an offset it is taken as UTC)."""

_DAY_ALONE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _a_day_is(moment: Callable[[date], datetime]) -> WrapValidator:
    """A day without a time is not midnight in UTC, which is nine o'clock in Seoul, but `moment` of it."""

    def read(value: Any, handler: ValidatorFunctionWrapHandler) -> datetime:
        given: datetime = handler(value)
        alone = isinstance(value, str) and _DAY_ALONE.fullmatch(value.strip())
        return moment(given.date()) if alone else given

    return WrapValidator(read)


Deadline = Annotated[Timestamp, _a_day_is(end_of_day), AfterValidator(_sane_year)]
"""A Timestamp up to which something may still be done; a day alone, `2026-12-24`, is its last second in Seoul."""

Since = Annotated[Timestamp, _a_day_is(start_of_day), AfterValidator(_sane_year)]
"""A Timestamp from which on something counts; a day alone is its first moment in Seoul."""

Until = Annotated[Timestamp, _a_day_is(start_of_next_day), AfterValidator(_sane_year)]
"""A Timestamp that ends a period and is not of it; a day alone is the whole day in Seoul."""
