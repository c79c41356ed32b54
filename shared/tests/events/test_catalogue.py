"""The check of the catalogue finds what it is there to find."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import pytest

from shared.events.catalogue import describe, differences
from shared.events.event import Event

CATALOGUE = """
## teller

| type | version | key | data | read by | when |
|---|---|---|---|---|---|
| `thing.happened` | 1 | its id | `thing: int`, `note: str`, `extra: int` | listener | It did. |
"""


def test_agreement_is_no_difference(things: Any) -> None:
    assert differences(CATALOGUE, {"teller": [things.Happened]}, [things.writing_consumer()]) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("thing: int", "thing: str"),
        (", `extra: int`", ""),
        ("| listener |", "| |"),
        ("| 1 |", "| 2 |"),
        ("thing.happened", "thing.forgotten"),
        ("## teller", "## somebody"),
    ],
)
def test_what_the_page_says_wrong_is_found(things: Any, right: str, wrong: str) -> None:
    page = CATALOGUE.replace(right, wrong)
    assert page != CATALOGUE
    assert differences(page, {"teller": [things.Happened]}, [things.writing_consumer()])


def test_a_consumer_of_what_nobody_says_is_found(things: Any) -> None:
    class Reduced(Event):
        type: ClassVar[str] = "thing.happened"
        thing: int
        extra: int

    page = CATALOGUE.replace(", `note: str`", "")
    [problem] = differences(page, {"teller": [Reduced]}, [things.writing_consumer()])
    assert (
        problem == "listener reads ['note: str'] of ('teller', 'thing.happened', 1), which it does not have"
    )


def test_types_are_written_as_people_read_them() -> None:
    class Timed(Event):
        type: ClassVar[str] = "timed"
        until: datetime | None
        name: str = ""

    assert describe(Timed) == ["until: datetime | null", "name: str"]


async def test_two_handlers_of_one_event_are_refused(things: Any) -> None:
    consumer = things.writing_consumer()
    with pytest.raises(ValueError, match="two handlers"):
        consumer.on(things.HappenedAsRead, source="teller")(None)
