"""Types of request and answer fields that refuse what the database or a reader could not take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, PlainSerializer
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError, core_schema

MAX_ID = 2**63 - 1
EARLIEST, LATEST = 1900, 2200
# Everything below space but newline and tab, DEL, and the C1 block: PostgreSQL refuses NUL, the rest no form sends.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}")
_LABEL = re.compile(r"[^\W_]([\w-]{0,61}[^\W_])?")


@dataclass(frozen=True, slots=True)
class Text:
    """Marks a string field: `name: Annotated[str, Text(1, 120)]`, lengths in characters, after stripping.

    Refuses control characters but newline and tab (a CR LF becomes a newline), and lone surrogates.
    """

    min: int
    max: int

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        text = core_schema.str_schema(strip_whitespace=True, min_length=self.min, max_length=self.max)
        return core_schema.no_info_after_validator_function(_printable, text)


def _printable(value: str) -> str:
    if _CONTROL.search(value) is None:
        return value
    value = value.replace("\r\n", "\n")
    if _CONTROL.search(value):
        raise PydanticCustomError("control_character", "Contains a control character")
    return value


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


NotBool = BeforeValidator(_no_bool)
"""Marks a number field: `Annotated[int, Field(ge=1), NotBool]`, so that `true` is not taken for 1."""

Id = Annotated[int, Field(ge=1, le=MAX_ID), NotBool]
"""A primary key, 1 to 2**63 - 1."""


def _email(value: str) -> str:
    local, _, domain = value.rpartition("@")
    labels = domain.split(".")
    if not _LOCAL.fullmatch(local) or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise PydanticCustomError("email", "Not an e-mail address")
    return value


Email = Annotated[str, Text(3, 254), AfterValidator(_email)]
"""An address as its owner typed it; whether it exists, only a mail can tell."""


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or len(value.split(maxsplit=1)) > 1:  # many times as fast as to look at each character
        raise PydanticCustomError("url", "Not an http or https address")
    return value


Url = Annotated[str, Text(8, 2048), AfterValidator(_url)]
"""An absolute http or https address."""


def _number(value: Decimal) -> int | float:
    """Money fits a float exactly enough to be written with its two decimals."""
    return int(value) if value == value.to_integral_value() else float(value)


Amount = Annotated[
    Decimal,
    Field(max_digits=14, decimal_places=2, allow_inf_nan=False),
    BeforeValidator(_no_bool),
    PlainSerializer(_number, return_type=int | float, when_used="json"),
]
"""An amount of money as a JSON number, at most 14 digits with 2 of them decimals."""


_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)")
"""Pydantic takes it for seconds since 1970."""


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
        raise PydanticCustomError("date_type", "Send a date as a string such as 2030-01-31T18:00:00Z")
    return value


Day = Annotated[date, BeforeValidator(_no_number), AfterValidator(_sane_year)]
"""A calendar day in the years 1900 to 2199."""

Timestamp = Annotated[datetime, BeforeValidator(_no_number), AfterValidator(_to_utc)]
"""A moment in the years 1900 to 2199; becomes aware, in UTC (without an offset it is taken as UTC)."""
