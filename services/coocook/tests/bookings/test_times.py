"""What clients may write as `booking_date`, when chefs work, and which starts are free."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coocook_service.bookings.errors import BadDate
from coocook_service.bookings.times import STEP, Period, WorkingHours, free_starts, parse

SEOUL = ZoneInfo("Asia/Seoul")
ZONES = ["Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
DAY = date(2026, 12, 24)
NINE_TO_NINE = WorkingHours(9, 21, SEOUL)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-24",
        " 2026-12-24 ",
        "2026-12-24T00:00",
        "2026-12-24T00:00:00.000Z",
        "2026-12-24T00:00:00+09:00",
    ],
)
def test_a_date_and_midnight_mean_any_time_of_the_day(text: str) -> None:
    wanted = parse(text)
    assert wanted.day == date(2026, 12, 24)
    assert wanted.start(SEOUL) is None


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2026-12-24T19:00", datetime(2026, 12, 24, 10, tzinfo=UTC)),
        ("2026-12-24 19:00:00", datetime(2026, 12, 24, 10, tzinfo=UTC)),
        ("2026-12-24T19:00:59.999999", datetime(2026, 12, 24, 10, tzinfo=UTC)),
        ("2026-12-24T19:00:00Z", datetime(2026, 12, 24, 19, tzinfo=UTC)),
        ("2026-12-24T00:00:00Z", datetime(2026, 12, 24, 0, tzinfo=UTC)),
        ("2026-12-24T00:00:00+00:00", datetime(2026, 12, 24, 0, tzinfo=UTC)),
        ("2026-12-24T19:00:00-05:00", datetime(2026, 12, 25, 0, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_the_chefs_and_one_with_it_is_that_moment(
    text: str, start: datetime
) -> None:
    assert parse(text).start(SEOUL) == start


@pytest.mark.parametrize(
    "text",
    [
        "", "tomorrow", "2026-02-30", "2026-13-01", "2026-12-24T25:00", "2026-12-24T19", "24.12.2026", "20261224",
        "2026-W52-4", "2026-12-24T19:00+99:00", "2026-12-24T19:00:00ZZ", "2026-12-24\x00", "٢٠٢٦-١٢-٢٤", "12026-01-01",
        "0000-01-01", "2026-12-24T19:00:00+09:00:00", "-2026-01-01",
    ],
)  # fmt: skip
def test_anything_else_is_a_bad_date(text: str) -> None:
    with pytest.raises(BadDate):
        parse(text)


@given(st.text(alphabet="0123456789-:TZ+. ", max_size=40) | st.text(max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parse(text)
    except BadDate:
        return


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)))  # noqa: DTZ001 - naive is the point
def test_what_python_writes_is_read(at: datetime) -> None:
    wanted = parse(at.isoformat())
    assert wanted.day == at.date()
    assert (wanted.at is None) == (at.time() == time())


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
        start := next(free_starts(NINE_TO_NINE, DAY, duration=length, busy=busy, now=LONG_AGO), None)
    ) is not None:
        assert not any(Period(start, start + length).overlaps(other) for other in busy)
        busy.append(Period(start, start + length))
    assert len(busy) == 12 // duration


def test_starts_that_have_passed_are_not_offered() -> None:
    noon = datetime(2026, 12, 24, 12, 10, tzinfo=ZoneInfo("Asia/Seoul"))
    first = next(free_starts(NINE_TO_NINE, DAY, duration=timedelta(hours=1), busy=[], now=noon))
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
