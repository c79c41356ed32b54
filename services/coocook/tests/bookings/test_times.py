"""What clients may write as `booking_date`, and what it means."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coocook_service.bookings.errors import BadDate
from coocook_service.bookings.times import parse

SEOUL = ZoneInfo("Asia/Seoul")


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
