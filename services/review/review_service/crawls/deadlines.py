"""A deadline as Korean sites write it, and as it is meant at the moment when it is read. No network, no database.

What could mean two things is no deadline: a listing without one stays until its site shows it no more.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final

from shared.schemas.dates import BUSINESS_ZONE, end_of_day

EARLIEST, LATEST = 1900, 2200
MAX_TEXT: Final = 200
LOOK_BACK: Final = timedelta(days=90)
"""A day without a year that passed less than that ago has passed; else it is the next one."""
_WEEKDAYS: Final = "월화수목금토일"
_SPACE: Final = re.compile(r"\s+")
_ISO: Final = re.compile(r"\d{4}-?\d{2}-?\d{2}T\d")
_RANGE: Final = re.compile(r"[~∼〜–—]|\s-\s|부터")
_DATE: Final = re.compile(
    rf"""(?<![\d.]) '? (?:
      (?P<compact>20\d{{6}})
    | (?: (?P<year>\d{{4}}|\d{{2}}) \s*(?:(?P<s>[-./])|년)\s* )?
      (?P<month>\d{{1,2}}) \s*(?:(?(s)(?P=s)|[-./])|월)\s* (?P<day>\d{{1,2}}) (?!\s*[시:]) (?:\s*일)?
    ) (?!\d|[-/.]\d) \.? (?:\s*\(?\s*(?P<weekday>[{_WEEKDAYS}])(?:요일|\)))?""",
    re.VERBOSE | re.ASCII,
)
_TIME: Final = re.compile(
    r"""(?P<noon>정오) | (?P<midnight>자정) | (?:(?P<half>오전|오후|새벽|낮|저녁|밤|[AP]\.?M\.?)\s*)?
    (?<!\d)(?P<hour>\d{1,2})
    (?: :(?P<minute>\d{2})(?::(?P<second>\d{2}))? | \s*시(?!간)(?:\s*(?P<korean>\d{1,2})\s*분)? | (?=\s*[AP]\.?M) )
    (?:\s*(?P<after>[AP]\.?M\b))?""",
    re.VERBOSE | re.IGNORECASE,
)
_ZONE: Final = re.compile(
    r"(?<![A-Za-z])(?:(?P<name>UTC|GMT|KST|JST|[ECMP][SD]T|[CEW]ES?T|[BI]ST|AE[SD]?T|HKT|SGT)(?:\s*(?P<from>[+-]\d{1,2}(?::?\d{2})?))?"
    r"|(?P<iso>[+-]\d{2}:?\d{2})|(?<=\d)(?P<utc>Z))(?![A-Za-z\d])"
)
_COUNTDOWN: Final = re.compile(
    r"(?<![A-Za-z])D\s*(?:(?P<sign>[-+–—−])\s*(?P<days>\d{1,3})|[-–—−]?\s*day)", re.IGNORECASE
)
_LEFT: Final = re.compile(r"(?<!\d)(\d{1,3})\s*일\s*(?:남|후|뒤)|마감\s*(\d{1,3})\s*일\s*전")
_TIME_LEFT: Final = re.compile(
    r"(?:(\d{1,3})일\s*)?(?:(\d{1,3})\s*시간\s*)?(?:(\d{1,3})\s*분\s*)?(?<=[간분\s])(?:남|후|뒤)"
)
_NAMED: Final = re.compile(r"(?<![가-힣])(?:(오늘|금일)|(내일|명일)|(모레))(?!의)")
_WEEKDAY: Final = re.compile(rf"(?:(이번|금)\s?주|(다음|차)\s?주)?\s*([{_WEEKDAYS}])요일")
_NO_SINGLE_DAY: Final = re.compile(r"[매격]주|지난|다다음")
_PM: Final = {"오후", "낮", "저녁", "밤", "pm"}
_EVENING: Final = {"저녁", "밤"}
_AM: Final = {"오전", "새벽", "am"}


def parse_deadline(text: str, *, now: datetime) -> datetime | None:
    """The moment in UTC that `text` meant at `now`; None where it says none, or more than one.

    A day is its last second in Seoul (2026.12.24, 26.12.24, 12월 24일, 12/24(목), 오늘 마감, D-3, 다음 주 수요일), a
    time of day is Seoul's unless a zone stands behind it; of a range the end counts.
    """
    clean = _SPACE.sub(" ", unicodedata.normalize("NFKC", text[:MAX_TEXT])).strip()
    try:
        found = _iso(clean) if _ISO.match(clean) else _written(clean, now.astimezone(BUSINESS_ZONE))
    except (ValueError, OverflowError):
        return None  # the 30th of February, 25 o'clock, a zone that we do not know
    return found.astimezone(UTC) if found and EARLIEST <= found.year < LATEST else None


def _iso(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=BUSINESS_ZONE)


def _written(text: str, now: datetime) -> datetime | None:
    """`now` by Seoul's clock."""
    if not _DATE.search(text) and (countdown := _COUNTDOWN.search(text)):
        days = int(countdown["days"] or 0) * (-1 if countdown["sign"] == "+" else 1)
        return _at(now.date() + timedelta(days=days), text[countdown.end() :])
    *before, last = _RANGE.split(text)
    start = next((match for part in before for match in _DATE.finditer(part)), None)
    dates = list(_DATE.finditer(last))
    if dates:
        chosen = dates[0] if before or len(dates) == 1 else _labelled(last, dates)
        since = _day(start, now.date()) if start and start["year"] else None
        return _at(_day(chosen, now.date(), since=since), _rest(last, chosen, dates)) if chosen else None
    if start:  # from ten to six o'clock of one day
        return _at(_day(start, now.date()), last) if _TIME.search(last) else None
    return _relative(last, now)


def _rest(text: str, chosen: re.Match[str], dates: list[re.Match[str]]) -> str:
    """What stands behind a date, up to the next one."""
    return text[
        chosen.end() : min((d.start() for d in dates if d.start() > chosen.start()), default=len(text))
    ]


def _labelled(text: str, dates: list[re.Match[str]]) -> re.Match[str] | None:
    """The one date of several that is called the deadline."""
    edges = [0, *(match.end() for match in dates)]
    marked = [
        match
        for match, begin in zip(dates, edges, strict=False)
        if "마감" in text[begin : match.start()] or re.search("까지|마감", _rest(text, match, dates))
    ]
    return marked[0] if len(marked) == 1 else None


def _day(match: re.Match[str], today: date, *, since: date | None = None) -> date:
    """The date's day; without a year the one that is meant at `today`, or the first on or after `since`."""
    if compact := match["compact"]:
        return date.fromisoformat(compact)
    month, day = int(match["month"]), int(match["day"])
    if match["year"]:
        return date(int(match["year"]) + (2000 if len(match["year"]) == 2 else 0), month, day)
    earliest = since or today - LOOK_BACK
    years = range(earliest.year - 1, earliest.year + 2)
    days = [date(year, month, day) for year in years if (month, day) != (2, 29) or year % 4 == 0]
    named = [each for each in days if match["weekday"] and _WEEKDAYS[each.weekday()] == match["weekday"]]
    if named and not since:
        return min(named, key=lambda each: abs(each - today))
    return min(each for each in days if each >= earliest)


def _at(day: date, rest: str) -> datetime:
    """The time that stands in `rest` on `day`, or the day's end."""
    zone = _zone(rest)
    if (found := _TIME.search(rest)) is None or found["midnight"]:
        return end_of_day(day) if zone is BUSINESS_ZONE else datetime.combine(day, time(23, 59, 59), zone)
    hour = 12 if found["noon"] else _hour(found)
    if hour is None:
        return end_of_day(day)
    minute = int(found["minute"] or found["korean"] or 0)
    if hour == 24 and minute == 0:
        return datetime.combine(day + timedelta(days=1), time(), zone)
    return datetime.combine(day, time(hour, minute, int(found["second"] or 0)), zone)


def _hour(found: re.Match[str]) -> int | None:
    """0 to 24; None for `6시` alone, which may be in the morning or in the evening."""
    hour, half = int(found["hour"]), (found["half"] or found["after"] or "").replace(".", "").lower()
    if half and hour > 12:
        return hour
    if half in _PM:
        return hour + 12 if hour < 12 else 24 if half in _EVENING else 12
    if half in _AM:
        return hour % 12
    bare = found["minute"] is None and not found["hour"].startswith("0")
    return None if bare and 0 < hour < 10 else hour


def _zone(rest: str) -> tzinfo:
    """Raises ValueError for one that names no single offset, or an offset beyond a day."""
    if (found := _ZONE.search(rest)) is None or found["name"] == "KST":
        return BUSINESS_ZONE
    if found["name"] not in {None, "UTC", "GMT", "JST"}:
        raise ValueError(found["name"])
    offset = found["iso"] or found["from"] or ("+9" if found["name"] == "JST" else "+0")
    sign, digits = (-1 if offset[0] == "-" else 1), offset[1:].replace(":", "")
    hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))


def _relative(text: str, now: datetime) -> datetime | None:
    """Days from now on, by their distance, their name or their weekday."""
    today = now.date()
    if (left := _TIME_LEFT.search(text)) and (left[2] or left[3]):
        days, hours, minutes = (int(number or 0) for number in left.groups())
        return now.replace(second=0, microsecond=0) + timedelta(days=days, hours=hours, minutes=minutes)
    if left := _LEFT.search(text):
        return _at(today + timedelta(days=int(left[1] or left[2])), text[left.end() :])
    if named := _NAMED.search(text):
        return _at(today + timedelta(days=(named.lastindex or 1) - 1), text[named.end() :])
    if (weekday := _WEEKDAY.search(text)) and not _NO_SINGLE_DAY.search(text):
        ahead = _WEEKDAYS.index(weekday[3]) - today.weekday()
        this, following = weekday[1], weekday[2]
        days = ahead + 7 if following else ahead if this else ahead % 7
        return _at(today + timedelta(days=days), text[weekday.end() :])
    return None
