"""Types and bases of request bodies that refuse what the database or a reader could not take."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, get_args
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError, core_schema

from shared.schemas.dates import PLAIN_NUMBER
from shared.schemas.text import UnnormalizedText

MAX_ID = 2**63 - 1


def _accept_cancelled(value: Any) -> Any:
    return "canceled" if value == "cancelled" else value


AcceptsCancelled = BeforeValidator(_accept_cancelled)
"""Marks a status that may be `canceled`, which today's apps also spell `cancelled`."""


def _plain(value: Any) -> Any:
    if type(value) is int:  # nearly always, and long lists have many
        return value
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    if isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value.strip()):
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


Url = Annotated[str, UnnormalizedText(8, 2048), AfterValidator(_url)]
"""An absolute http or https address."""

WRONG_ITEMS: Final = 10
_wrong: ContextVar[list[None]] = ContextVar("the wrong items of the list that is being validated")


@dataclass(frozen=True, slots=True)
class BoundedList:
    """Marks a list: `posts: Annotated[list[NewPost], BoundedList(1, 1000)]`, lengths in items.

    After `WRONG_ITEMS` wrong ones the rest is not looked at: an error costs as much as a dozen good values.
    """

    min: int
    max: int

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        (item,) = get_args(source)
        one = core_schema.no_info_wrap_validator_function(_unless_given_up, handler.generate_schema(item))
        several = core_schema.list_schema(one, min_length=self.min, max_length=self.max)
        return core_schema.no_info_wrap_validator_function(_counting_wrong_items, several)


def _counting_wrong_items(value: Any, validate: Callable[[Any], Any]) -> Any:
    token = _wrong.set([])
    try:
        return validate(value)
    finally:
        _wrong.reset(token)


def _unless_given_up(value: Any, validate: Callable[[Any], Any]) -> Any:
    wrong = _wrong.get()
    if len(wrong) >= WRONG_ITEMS:
        return value  # of a list that is refused anyway
    try:
        return validate(value)
    except ValidationError:
        wrong.append(None)
        raise


class Request(BaseModel):
    """A body. An unknown field is ignored, and `""` for an optional one means that it was left out, as in forms."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        return cls.prepare(given) if isinstance(given, dict) else given

    @classmethod
    def prepare(cls, given: dict[str, Any]) -> dict[str, Any]:
        """What of the body is looked at."""
        if "" not in given.values():
            return given
        return {name: value for name, value in given.items() if value != "" or cls._is_required(name)}

    @classmethod
    def _is_required(cls, name: str) -> bool:
        return name in cls.model_fields and cls.model_fields[name].is_required()


class Changes(Request):
    """A body of which what is left out stays as it is. Only `nullable` fields can be null, and `""` empties those."""

    nullable: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def prepare(cls, given: dict[str, Any]) -> dict[str, Any]:
        """What of the body is looked at."""
        emptied = {name: None for name in cls.nullable if given.get(name) == ""}
        return super().prepare({**given, **emptied})

    @field_validator("*", mode="before", check_fields=False)
    @classmethod
    def _not_null(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None and info.field_name not in cls.nullable:
            raise PydanticCustomError("null", "Leave it out to keep it; it cannot be null")
        return value


class StrictRequest(Request):
    """What a network or a model is given, within a body. No app of today sends it, and what is mistyped is missed much
    later: an unknown field is refused."""

    model_config = ConfigDict(extra="forbid")
