from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.schemas.dates import Day, Deadline, Since, Timestamp, Until
from shared.schemas.money import Amount
from shared.schemas.text import Name, Text, UnnormalizedText, is_visible
from shared.schemas.types import MAX_ID, Id, PlainNumber, Url

SPACES_AND_FORMATS = {"Zs", "Zl", "Zp", "Cf"}
Ten: TypeAdapter[str] = TypeAdapter(Annotated[str, Text(1, 10)])


def refused(kind: Any, *values: object) -> bool:
    """Whether every one of `values` is refused."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    for value in values:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)
    return True


def test_text_is_stripped_before_its_length_is_counted() -> None:
    assert Ten.validate_python("  김치 찌개  ") == "김치 찌개"
    assert refused(Annotated[str, Text(1, 10)], "   ", "x" * 11)


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\r"])
def test_text_refuses_control_characters(character: str) -> None:
    assert refused(Annotated[str, Text(1, 10)], f"a{character}b")


def test_text_is_kept_composed_and_measured_so() -> None:
    decomposed = unicodedata.normalize("NFD", "서울 Café Zürich"[:10])
    assert len(decomposed) > 10
    assert Ten.validate_python(decomposed) == "서울 Café Zü"
    assert Ten.validate_json(f'"{decomposed}"') == "서울 Café Zü"
    assert refused(Annotated[str, Text(1, 10)], "\u0958" * 6)  # becomes twice as long


@pytest.mark.parametrize(
    "nothing",
    [
        *("\u200b", "\u3164", "\u115f \uffa0", "\u2800\u00ad", "\u202e", "\U000e0041", "\ufe0f"),
        *(
            "\u0301",
            "\u0301 \u20dd",
            "\ufffc",
            "\U00013441",
            "\U00013442\u200d",
        ),  # marks of nothing, and blanks
        *("\ue000", "\U000f0000", "\u0378", "\ufdd0", "\U0010ffff"),  # whose look nobody knows
    ],
)
def test_where_text_is_needed_there_is_something_to_see(nothing: str) -> None:
    assert refused(Annotated[str, Text(1, 10)], nothing)
    assert refused(Annotated[str, Name(1, 10)], nothing)
    assert TypeAdapter(Annotated[str, Text(0, 10)]).validate_python(nothing) == nothing


@pytest.mark.parametrize(
    "something",
    [*"é가字अक,+7☎", "e\u0301", "\u0301a", "\ue000a", "1\ufe0f\u20e3", "👩\u200d🍳", "🇰🇷", "\U0001faff"],
)
def test_what_can_be_seen_is_taken_also_beside_what_cannot(something: str) -> None:
    assert is_visible(something)


def test_all_spaces_and_format_characters_are_nothing_to_see_but_signs_before_numbers() -> None:
    characters = [
        chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in SPACES_AND_FORMATS
    ]
    seen = {character for character in characters if is_visible(character)}
    assert {unicodedata.bidirectional(character) for character in seen} <= {"AN", "AL", "L"}
    assert len(seen) < 16


@pytest.mark.parametrize("character", ["\u200b", "\u2060", "\ufeff", "\u00ad", "\u3164", "\u202e", "\u2066"])
def test_a_name_has_no_character_that_nobody_sees(character: str) -> None:
    with pytest.raises(ValidationError, match=f"U\\+{ord(character):04X}"):
        TypeAdapter(Annotated[str, Name(1, 10)]).validate_python(f"Kim{character}A")
    assert Ten.validate_python(f"Kim{character}A") == f"Kim{character}A"


@pytest.mark.parametrize("name", ["می‌خواهم", "👩‍🍳", "❤️ Kim", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "김‏"])
def test_a_name_may_be_in_any_language_and_have_emoji(name: str) -> None:
    assert TypeAdapter(Annotated[str, Name(1, 10)]).validate_python(name) == name


def test_what_somebody_else_compares_is_not_composed() -> None:
    kind: TypeAdapter[str] = TypeAdapter(Annotated[str, UnnormalizedText(1, 10)])
    assert kind.validate_python(" e\u0301 ") == "e\u0301"
    assert TypeAdapter(Url).validate_python("https://x.de/e\u0301") == "https://x.de/e\u0301"


def test_many_emoji_are_no_pile() -> None:
    many = "😀" * 60 + "😀\u0301" * 60
    assert TypeAdapter(Annotated[str, Text(1, 200)]).validate_python(many) == many


def test_piles_of_marks_are_refused_before_they_are_sorted() -> None:
    for pile in ("\u0300\u0316" * 400_000, "\U0001d165\u0301" * 16):
        assert refused(Annotated[str, Text(1, 1_000_000)], f"a{pile}")
    assert Ten.validate_python("Z\u0310\u0321\u0353") == "Z\u0321\u0353\u0310"


def test_text_keeps_newlines_and_tabs_and_takes_a_forms_line_ends() -> None:
    assert Ten.validate_python("a\n\tb") == "a\n\tb"
    assert Ten.validate_python("a\r\nb") == "a\nb"


def test_text_refuses_half_a_surrogate_pair() -> None:
    assert refused(Annotated[str, Text(1, 10)], "\ud800")


def test_an_id_fits_a_bigint_and_is_never_zero_or_a_truth_value() -> None:
    assert TypeAdapter(Id).validate_python(MAX_ID) == MAX_ID
    assert refused(Id, 0, -1, MAX_ID + 1, True, 1.5, "x", None)


@pytest.mark.parametrize("kind", [Id, Amount, Annotated[int, PlainNumber], Annotated[float, PlainNumber]])
def test_a_number_is_written_in_plain_digits(kind: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    assert [adapter.validate_python(text) for text in ("30", " 030 ", "+30", "30.0")] == [30] * 4
    assert adapter.validate_json('"30"') == 30
    for odd in ("1_000", "1__0", "٣٠", "３０", "३०", "1e3", "0x1e", "1,000", "NaN", "Infinity", "", "-"):
        with pytest.raises(ValidationError, match="in plain digits"):
            adapter.validate_python(odd)


def test_a_url_is_absolute_and_of_the_web() -> None:
    assert TypeAdapter(Url).validate_python("https://example.com/a?b=c") == "https://example.com/a?b=c"
    assert refused(
        Url, "javascript:alert(1)", "/path/only", "http://", "http://a b", "http://x:99999/", "ftp://x.com/"
    )


def test_an_amount_is_exact_and_becomes_a_json_number() -> None:
    amounts: TypeAdapter[Decimal] = TypeAdapter(Amount)
    assert amounts.validate_python("19.99") == Decimal("19.99")
    assert amounts.dump_json(Decimal("19.99")) == b"19.99"
    assert amounts.dump_json(Decimal("590000.00")) == b"590000"
    assert refused(Amount, "1.001", "NaN", "Infinity", "1e14", True)


def test_a_timestamp_becomes_utc() -> None:
    moments: TypeAdapter[datetime] = TypeAdapter(Timestamp)
    expected = datetime(2030, 1, 31, 9, 0, tzinfo=UTC)
    assert moments.validate_python("2030-01-31T18:00:00+09:00") == expected
    assert moments.validate_python("2030-01-31T09:00:00").tzinfo is UTC


@pytest.mark.parametrize(
    ("kind", "moment"),
    [
        (Deadline, "2026-12-24T14:59:59+00:00"),
        (Until, "2026-12-24T15:00:00+00:00"),
        (Since, "2026-12-23T15:00:00+00:00"),
        (Timestamp, "2026-12-24T00:00:00+00:00"),
    ],
)
def test_a_day_alone_is_the_moment_that_its_field_means(kind: Any, moment: str) -> None:
    adapter: TypeAdapter[datetime] = TypeAdapter(kind)
    assert adapter.validate_python("2026-12-24").isoformat() == moment
    assert adapter.validate_json('"2026-12-24"').isoformat() == moment
    for written in ("2026-12-24T00:00:00Z", "2026-12-24T09:00:00+09:00"):
        assert adapter.validate_python(written) == datetime(2026, 12, 24, tzinfo=UTC)
    assert refused(kind, "2026-02-30", "2026-12", "1899-12-31", 20261224, "20261224")


def test_absurd_dates_are_refused_also_where_a_zone_would_overflow() -> None:
    assert refused(
        Timestamp,
        "1900-01-01T00:00:00+09:00",
        "2199-12-31T23:00:00-02:00",
        "1893456000",
        " -5.5 ",
        ".5",
        "17.",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        12345,
        "2031-02-30T00:00:00",
    )
    assert TypeAdapter(Day).validate_python("2031-01-31") == date(2031, 1, 31)
    assert refused(Day, "1899-12-31", "2200-01-01", "2031-02-30", "1893456000", 5)
