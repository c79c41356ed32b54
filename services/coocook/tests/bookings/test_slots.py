"""Which starts of a day are free."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from coocook_service.bookings.slots import STEP, Period, WorkingHours, free_starts

ZONES = ["Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
DAY = date(2026, 12, 24)
SEOUL = WorkingHours(9, 21, ZoneInfo("Asia/Seoul"))

days = st.dates(min_value=date(2026, 1, 1), max_value=date(2028, 12, 31))


@st.composite
def working_hours(draw: st.DrawFn) -> WorkingHours:
    opens = draw(st.integers(0, 23))
    return WorkingHours(opens, draw(st.integers(opens + 1, 24)), ZoneInfo(draw(st.sampled_from(ZONES))))


@st.composite
def periods(draw: st.DrawFn, day: date = DAY) -> Period:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
        minutes=draw(st.integers(-600, 2000))
    )
    return Period(start, start + timedelta(hours=draw(st.integers(1, 12))))


@given(working_hours(), days, st.integers(1, 12), st.lists(periods(), max_size=6))
def test_a_free_start_lies_in_the_working_hours_and_overlaps_nothing(
    hours: WorkingHours, day: date, duration: int, busy: list[Period]
) -> None:
    length = timedelta(hours=duration)
    for start in free_starts(hours, day, duration=length, busy=busy, now=LONG_AGO):
        period = Period(start, start + length)
        assert hours.contain(period)
        assert not any(period.overlaps(other) for other in busy)


@given(working_hours(), st.integers(1, 12), st.lists(periods(), max_size=6))
def test_no_possible_start_of_the_grid_is_left_out(
    hours: WorkingHours, duration: int, busy: list[Period]
) -> None:
    length, working = timedelta(hours=duration), hours.on(DAY)
    grid = [working.start + STEP * step for step in range(48)]
    possible = [
        start
        for start in grid
        if start + length <= working.end and not any(Period(start, start + length).overlaps(p) for p in busy)
    ]
    assert list(free_starts(hours, DAY, duration=length, busy=busy, now=LONG_AGO)) == possible


@given(st.integers(1, 12))
def test_taking_the_first_free_start_again_and_again_fills_the_day_without_overlap(duration: int) -> None:
    length, busy = timedelta(hours=duration), list[Period]()
    while (
        start := next(free_starts(SEOUL, DAY, duration=length, busy=busy, now=LONG_AGO), None)
    ) is not None:
        assert not any(Period(start, start + length).overlaps(other) for other in busy)
        busy.append(Period(start, start + length))
    assert len(busy) == 12 // duration


def test_starts_that_have_passed_are_not_offered() -> None:
    noon = datetime(2026, 12, 24, 12, 10, tzinfo=ZoneInfo("Asia/Seoul"))
    first = next(free_starts(SEOUL, DAY, duration=timedelta(hours=1), busy=[], now=noon))
    assert first == datetime(2026, 12, 24, 3, 30, tzinfo=UTC)


def test_the_day_that_changes_its_clocks_still_opens_at_nine() -> None:
    berlin = WorkingHours(9, 21, ZoneInfo("Europe/Berlin"))
    assert berlin.on(date(2026, 3, 28)).start.hour == 8
    assert berlin.on(date(2026, 3, 29)).start.hour == 7


def test_a_period_that_ends_when_another_starts_does_not_overlap_it() -> None:
    noon = datetime(2026, 12, 24, 12, tzinfo=UTC)
    before, after = Period(noon - timedelta(hours=1), noon), Period(noon, noon + timedelta(hours=1))
    assert not before.overlaps(after)
    assert not after.overlaps(before)
