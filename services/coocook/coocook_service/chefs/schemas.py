"""What clients send and read about chefs."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from shared.schemas.money import Amount, DecimalNumber
from shared.schemas.text import Name, Text
from shared.schemas.types import Changes, PlainNumber, Request

MAX_PRICE = Decimal(1_000_000)
Currency = Literal["USD", "KRW", "EUR", "JPY", "GBP"]


@cache
def _timezones() -> set[str]:
    return available_timezones()  # walks a directory


def _known_timezone(value: str) -> str:
    if value not in _timezones():
        raise PydanticCustomError("timezone", "Not a timezone such as Asia/Seoul")
    return value


ChefName = Annotated[str, Name(1, 120)]
Bio = Annotated[str, Text(0, 4000)]
Cuisine = Annotated[str, Name(1, 50)]
Location = Annotated[str, Name(1, 200)]
Price = Annotated[Amount, Field(ge=1, le=MAX_PRICE)]
Timezone = Annotated[str, Text(1, 50), AfterValidator(_known_timezone)]
OpensHour = Annotated[int, Field(ge=0, le=23), PlainNumber]
ClosesHour = Annotated[int, Field(ge=1, le=24), PlainNumber]


class NewChef(Request):
    """A profile. `price_per_session` is for one hour, `currency` cannot be changed later."""

    name: ChefName
    cuisine_type: Cuisine
    location: Location
    price_per_session: Price
    bio: Bio | None = None
    currency: Currency = "USD"
    timezone: Timezone = "Asia/Seoul"
    opens_hour: OpensHour = 9
    closes_hour: ClosesHour = 21


class ChefChanges(Changes):
    """What to change; what is left out stays. Only `bio` may be null."""

    nullable = frozenset({"bio"})

    name: ChefName | None = None
    cuisine_type: Cuisine | None = None
    location: Location | None = None
    price_per_session: Price | None = None
    bio: Bio | None = None
    timezone: Timezone | None = None
    opens_hour: OpensHour | None = None
    closes_hour: ClosesHour | None = None
    is_active: bool | None = None


class ChefCard(BaseModel):
    """A chef in a list. `price_per_session` is for one hour, `rating` the average of the reviews.

    Without any it is 5 with a `rating_count` of 0.
    """

    id: int
    name: str
    bio: str | None
    cuisine_type: str
    location: str
    price_per_session: DecimalNumber
    currency: str
    rating: float
    rating_count: int


class ChefPage(BaseModel):
    """A page of active chefs. `next_cursor` leads to the next page even if chefs are added or removed in between."""

    chefs: list[ChefCard]
    total: int
    pages: int
    current_page: int
    next_cursor: str | None


class ChefProfile(ChefCard):
    """One chef. Working hours are whole hours of the clock in `timezone`."""

    user_id: int
    timezone: str
    opens_hour: int
    closes_hour: int


class OwnProfile(ChefProfile):
    """A chef's own profile, as only the chef sees it."""

    is_active: bool


class ChefRegistered(BaseModel):
    """The new chef's id."""

    id: int
    message: str
