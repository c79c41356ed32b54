"""Finding a time for an appointment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ai_service.scenarios.kinds.kind import Given, Kind, Result, Unfit
from shared.schemas.dates import Since, Until
from shared.schemas.text import Text
from shared.schemas.types import PlainNumber


class Period(Given):
    """From a moment until just before another; a day such as 2026-12-24 is the whole day in Seoul."""

    start: Since
    end: Until

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end <= self.start:
            raise PydanticCustomError("period", "end must be after start")
        return self


class SchedulingInput(Given):
    """An appointment that somebody asks for, the time within which it may be, and what is taken of it."""

    request: Annotated[str, Text(1, 4000)]
    duration_minutes: Annotated[int, Field(ge=5, le=24 * 60), PlainNumber]
    window: Period
    busy: Annotated[list[Period], Field(max_length=100, default_factory=list)]


class SchedulingOutput(Result):
    """The appointment, or no time where none is free; `message` is for the person who asked."""

    start: datetime | None
    end: datetime | None
    message: Annotated[str, Text(1, 2000)]


def _offline(given: SchedulingInput) -> SchedulingOutput:
    length, start = timedelta(minutes=given.duration_minutes), given.window.start
    for taken in sorted(given.busy, key=lambda period: period.start):
        if start + length <= taken.start:
            break
        start = max(start, taken.end)
    if start + length > given.window.end:
        return SchedulingOutput(start=None, end=None, message="There is no free time in this window.")
    return SchedulingOutput(start=start, end=start + length, message="This is the first free time.")


def _check(given: SchedulingInput, result: SchedulingOutput) -> None:
    start, end = result.start, result.end
    if start is None and end is None:
        return
    if start is None or end is None or start.tzinfo is None or end.tzinfo is None:
        raise Unfit("start and end: both with an offset, or both null")
    if end - start != timedelta(minutes=given.duration_minutes):
        raise Unfit(f"end: must be {given.duration_minutes} minutes after start")
    if start < given.window.start or end > given.window.end:
        raise Unfit("start: outside of the window")
    if any(start < taken.end and taken.start < end for taken in given.busy):
        raise Unfit("start: this time is taken")


SCHEDULING = Kind(
    name="scheduling",
    instructions=(
        "You find a time for an appointment. It must lie within the window, last exactly duration_minutes, and overlap"
        " nothing in busy; among those choose the one that fits the request best. Write start and end as RFC 3339 with"
        " an offset. Where no time is free, both are null. The message tells whoever asked, in the request's language."
    ),
    input=SchedulingInput,
    output=SchedulingOutput,
    max_output_tokens=1500,
    hours=1,
    offline=_offline,
    check=_check,
)
