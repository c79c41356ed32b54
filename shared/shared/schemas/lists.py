"""Lists that may be long, of which a client learns what is wrong without everybody else waiting for it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import core_schema

WRONG_ITEMS: Final = 10
_wrong: ContextVar[list[None]] = ContextVar("the wrong items of the list that is being validated")


@dataclass(frozen=True, slots=True)
class Several:
    """Marks a list: `posts: Annotated[list[NewPost], Several(1, 1000)]`, lengths in items.

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
