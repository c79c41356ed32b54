"""What a booking may be and become."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coocook_service.bookings import rules
from coocook_service.bookings.errors import InvalidTransition, OutsideWorkingHours, PastDate, TooFarAhead
from coocook_service.bookings.rules import Status
from coocook_service.bookings.times import Period, WorkingHours

NOW = datetime(2026, 12, 24, 3, tzinfo=UTC)
TODAY = NOW.date()
SEOUL = WorkingHours(9, 21, ZoneInfo("Asia/Seoul"))
statuses = st.sampled_from(get_args(Status))


@given(st.lists(statuses, max_size=12))
def test_a_status_moves_only_along_its_way(changes: list[Status]) -> None:
    way = {"pending": 0, "confirmed": 1, "completed": 2, "canceled": 2}
    current: Status = "pending"
    for wanted in changes:
        try:
            moved = rules.move(current, wanted)
        except InvalidTransition:
            continue
        assert moved == (wanted != current)
        if moved:
            assert way[wanted] > way[current]
            assert not (current == "pending" and wanted == "completed")
        current = wanted


def test_a_move_that_is_not_possible_says_what_is() -> None:
    with pytest.raises(
        InvalidTransition, match="pending: it can become confirmed or canceled, not completed"
    ):
        rules.move("pending", "completed")
    with pytest.raises(InvalidTransition, match="canceled: that is final"):
        rules.move("canceled", "confirmed")


@given(st.dates())
def test_any_day_is_past_or_bookable_or_too_far_ahead(day: date) -> None:
    try:
        rules.check_written_day(day, now=NOW)
        rules.check_day(day, today=TODAY)
    except PastDate:
        assert day < TODAY
    except TooFarAhead:
        assert day > TODAY + timedelta(days=365)
    else:
        assert TODAY <= day <= TODAY + timedelta(days=365)


@given(st.integers(-48, 48), st.integers(1, 12))
def test_an_exact_time_is_in_the_future_and_in_the_working_hours(offset: int, duration: int) -> None:
    start = NOW + timedelta(hours=offset)
    period = Period(start, start + timedelta(hours=duration))
    local = start.astimezone(SEOUL.zone)
    try:
        rules.check_period(SEOUL, period, now=NOW)
    except PastDate:
        assert offset <= 0
    except OutsideWorkingHours:
        assert local.hour < 9 or local.hour + duration > 21
    else:
        assert offset > 0
        assert local.hour >= 9
        assert local.hour + duration <= 21


def test_who_asks_for_another_time_learns_when_the_chef_works() -> None:
    with pytest.raises(OutsideWorkingHours, match=r"09:00 to 21:00 \(Asia/Seoul\)"):
        rules.check_fits(SEOUL, timedelta(hours=13))


def test_a_price_is_for_each_hour() -> None:
    assert rules.total_price(Decimal("120.50"), 3) == Decimal("361.50")


@pytest.mark.parametrize(
    ("by_chef", "hours_before", "due"),
    [(True, 1, True), (False, 24, True), (False, 23, False), (True, -5, True)],
)
def test_a_refund_is_due_a_day_before_or_when_the_chef_cancels(
    by_chef: bool, hours_before: int, due: bool
) -> None:
    starts_at = NOW + timedelta(hours=hours_before)
    assert rules.refund_due(by_chef=by_chef, starts_at=starts_at, now=NOW) is due
