"""Deadlines as partner sites write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_service.crawls.deadlines import parse_deadline

NOW = "2026-11-30T14:30+09:00"  # a Monday


def read(text: str, now: str = NOW) -> str | None:
    """The deadline by Seoul's clock, up to the second."""
    found = parse_deadline(text, now=datetime.fromisoformat(now))
    assert found is None or found.tzinfo is UTC
    return (
        datetime.fromtimestamp(found.timestamp(), datetime.fromisoformat(NOW).tzinfo).isoformat()[:19]
        if found
        else None
    )


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-24", "2026.12.24", "2026. 12. 24.", "2026/12/24", "~ 2026년 12월 24일까지", "20261224", "26.12.24",
        "'26.12.24", "26-12-24", "26년 12월 24일", "12.24", "12/24", "12-24", "12월24일", "~12월 24일", "12.24(목)",
        "12.24 (목요일)까지", "２０２６．１２．２４", "2026.12.01 ~ 2026.12.24", "12.01~12.24", "12.01(화)～12.24(목)",
        "12.01-12.24", "2026.12.01 - 12.24", "12월 1일부터 12월 24일까지", "모집 12.01 ~ 12.24 (발표 12.28)",
        "마감 12.24 / 발표 12.28", "12.24까지, 12.28 발표", "D-24", "D - 24", "d-24 12.24", "24일 남음", "마감 24일 전",
        "12.24 6시", "12.24 자정까지", "12.24 KST", "12.24 EVENT", "12.24 Z세대", "12월 24일 23:59:59",
    ],
)  # fmt: skip
def test_a_day_ends_at_its_end_in_seoul(text: str) -> None:
    assert read(text) == "2026-12-24T23:59:59"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("오늘 마감", "2026-11-30T23:59:59"),
        ("오늘마감", "2026-11-30T23:59:59"),
        ("금일 18:00 마감", "2026-11-30T18:00:00"),
        ("D-day", "2026-11-30T23:59:59"),
        ("D-DAY", "2026-11-30T23:59:59"),
        ("D-0", "2026-11-30T23:59:59"),
        ("D\u20133", "2026-12-03T23:59:59"),
        ("D-3", "2026-12-03T23:59:59"),
        ("D+2", "2026-11-28T23:59:59"),
        ("내일 마감", "2026-12-01T23:59:59"),
        ("모레까지", "2026-12-02T23:59:59"),
        ("내일 오후 6시", "2026-12-01T18:00:00"),
        ("3일 남음", "2026-12-03T23:59:59"),
        ("5시간 남음", "2026-11-30T19:30:00"),
        ("1일 2시간 30분 남음", "2026-12-01T17:00:00"),
        ("월요일까지", "2026-11-30T23:59:59"),
        ("수요일 마감", "2026-12-02T23:59:59"),
        ("이번 주 금요일", "2026-12-04T23:59:59"),
        ("다음 주 수요일", "2026-12-09T23:59:59"),
        ("다음주 월요일 18시", "2026-12-07T18:00:00"),
    ],
)
def test_days_may_be_told_from_the_day_of_the_crawl(text: str, moment: str) -> None:
    assert read(text) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12.24(목) 18:00", "18:00:00"),
        ("12.24 18시 30분", "18:30:00"),
        ("12.24 오후 6시", "18:00:00"),
        ("12.24 오전 12시", "00:00:00"),
        ("12.24 PM 6:00", "18:00:00"),
        ("12.24 6pm", "18:00:00"),
        ("12.24 정오", "12:00:00"),
        ("12.24 09시", "09:00:00"),
        ("12.24 10:00 ~ 18:00", "18:00:00"),
        ("12.23 10:00 ~ 12.24 18:00", "18:00:00"),
        ("2026-12-24 18:00 KST", "18:00:00"),
        ("2026-12-24 18:00 (KST)", "18:00:00"),
        ("2026-12-24 09:00 UTC", "18:00:00"),
        ("2026-12-24 18:00 UTC+9", "18:00:00"),
        ("2026-12-24 18:00 GMT+09:00", "18:00:00"),
        ("2026-12-24 18:00:00+09:00", "18:00:00"),
        ("2026-12-24 09:00Z", "18:00:00"),
        ("2026-12-24T18:00:00+09:00", "18:00:00"),
        ("2026-12-24T18:00", "18:00:00"),
        ("2026-12-24T09:00:00Z", "18:00:00"),
    ],
)
def test_a_time_of_day_is_seouls_unless_it_names_a_zone(text: str, moment: str) -> None:
    assert read(text) == f"2026-12-24T{moment}"


def test_twenty_four_o_clock_is_the_next_midnight() -> None:
    assert read("12.31 24:00") == read("12월 31일 밤 12시") == "2027-01-01T00:00:00"


@pytest.mark.parametrize(
    ("text", "now", "day"),
    [
        ("1.5", "2026-12-31T23:59:59+09:00", "2027-01-05"),
        ("12.31", "2026-12-31T23:59:59+09:00", "2026-12-31"),
        ("12.31", "2027-01-01T00:00:00+09:00", "2026-12-31"),  # yesterday, and not in a year
        ("12/31", "2026-12-31T15:00:00+00:00", "2026-12-31"),
        ("11.29", NOW, "2026-11-29"),
        ("8.31", NOW, "2027-08-31"),
        ("12.24(목)", "2027-04-30T12:00+09:00", "2026-12-24"),  # a Thursday in 2026 only
        ("12.20 ~ 1.5", "2026-12-28T12:00+09:00", "2027-01-05"),
        ("2026.12.20 ~ 1.5", "2027-01-02T12:00+09:00", "2027-01-05"),
        ("2.29", "2028-01-10T12:00+09:00", "2028-02-29"),
        ("내일", "2026-12-31T23:59:59+09:00", "2027-01-01"),
        ("오늘 마감", "2026-12-31T15:00:00+00:00", "2027-01-01"),  # by Seoul's clock
        ("D-1", "2026-12-31T14:59:59+00:00", "2027-01-01"),
        ("이번 주 일요일", "2026-12-28T12:00+09:00", "2027-01-03"),
    ],
)
def test_a_day_without_a_year_is_the_one_that_is_meant_when_it_is_read(text: str, now: str, day: str) -> None:
    assert read(text, now) == f"{day}T23:59:59"


@pytest.mark.parametrize(
    "text",
    [
        "", "T", "상시 모집", "마감", "선착순", "2026-02-30", "13.24", "2026.13.24", "2.29", "9999-12-31", "1.2.3.4",
        "12.24.2026", "12.24 ~", "2026.12.24 ~ 상시", "12.24부터", "12.24, 12.28", "매주 수요일", "다다음 주 수요일",
        "주말", "안내일정", "오늘의 딜", "3일 전", "12.24 25:00", "2026-12-24 18:00 PST", "2026-12-24T99:00",
    ],
)  # fmt: skip
def test_what_says_no_single_moment_is_none(text: str) -> None:
    assert read(text) is None


@given(st.text(alphabet="0123456789.-/~:D 월일시년오늘남까지+ZT", max_size=60), st.integers(0, 36_500))
def test_no_text_breaks_it(text: str, day: int) -> None:
    parse_deadline(text, now=datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=day))


@pytest.mark.parametrize("piece", ["1.", "1 ", "12.24~", " ", "1일 ", "D- "])
def test_long_texts_are_read_in_no_time(piece: str) -> None:
    started = thread_time()
    parse_deadline(piece * 100_000, now=datetime.fromisoformat(NOW))
    assert thread_time() - started < 0.1
