from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.schemas.emails import Email, _fold, fold_address

ADDRESS: TypeAdapter[str] = TypeAdapter(Email)
DEFAULT_IGNORABLE = [
    *(
        (0x00AD, 0x00AD),
        (0x034F, 0x034F),
        (0x061C, 0x061C),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
    ),
    *(
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
    ),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
]
"""Default_Ignorable_Code_Point of DerivedCoreProperties.txt, which Python does not know."""


@pytest.mark.parametrize("address", ["a@example.com", "first.last+tag@sub.example.co.kr", "이름@예시.한국"])
def test_an_email_address_stays_as_it_was_typed(address: str) -> None:
    assert ADDRESS.validate_python(f" {address} ") == address


def test_an_email_address_needs_a_name_and_a_domain() -> None:
    assert refused("a", "@example.com", "a@", "a@b", "a b@example.com", "a@-x.com", "a@x..com", "a@@x.com")
    assert refused("a" * 65 + "@example.com", "a@" + "x" * 250 + ".com", "a\x00@example.com")


def test_an_address_is_kept_composed_and_its_domain_in_letters() -> None:
    assert ADDRESS.validate_python(unicodedata.normalize("NFD", "김@예시.한국")) == "김@예시.한국"
    assert ADDRESS.validate_python("Kim@xn--9n2bp8q.xn--3e0b707e") == "Kim@실례.한국"
    assert refused("kim@xn--a.com", "kim@a。。b.com", "kim@\u0301x.com")


def test_an_address_has_nothing_that_nobody_sees_or_knows() -> None:
    assert refused("ki\u200bm@example.com", "ki\u00adm@example.com", "\u202ekim@example.com")
    assert refused("\ue000@example.com", "\U000e0f00@example.com", "\U00050000@example.com")


def test_an_address_has_no_default_ignorable_character_that_would_make_its_twin() -> None:
    ignorable = [chr(code) for first, last in DEFAULT_IGNORABLE for code in range(first, last + 1)]
    taken = [f"U+{ord(one):04X}" for one in ignorable if is_taken(f"ki{one}m@example.com")]
    assert taken == []
    assert refused("kim@exam\u200dple.com", "kim@exam\ufe0fple.com", "kim\u200d@example.com")
    assert refused("kim@xn--mgba3gch31f060k.com")  # the same in the spelling of DNS: نامه‌ای with its joiner


def test_nobody_has_an_address_of_a_domain_that_never_exists() -> None:
    assert refused("deleted-7@deleted.invalid", "a@x.INVALID")


SAME = [
    ("kim@example.com", " KIM@Example.COM "),
    ("josé@example.com", unicodedata.normalize("NFD", "JOSÉ@example.com")),
    ("김철수@example.com", unicodedata.normalize("NFD", "김철수@example.com")),
    ("ilker@example.com", "İLKER@example.com"),
    ("ilker@example.com", "I\u0307LKER@example.com"),
    ("ilker@example.com", "i\u0307lker@example.com"),
    ("kim@example.com", "\u212aim@example.com"),
    ("kim@example.com", "ｋｉｍ@example.com"),
    ("οδος@example.com", "ΟΔΟΣ@example.com"),
    ("kim@예시.한국", unicodedata.normalize("NFD", "KIM@예시.한국")),
    ("kim@실례.한국", "kim@XN--9N2BP8Q.xn--3e0b707e"),
    ("kim@bücher.de", "kim@xn--bcher-kva.de"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_address_are_equal(one: str, other: str) -> None:
    assert fold_address(one) == fold_address(other)


def test_other_addresses_are_not() -> None:
    others = [
        "kim@example.com",
        "kım@example.com",
        "kim@example.org",
        "k.im@example.com",
        "kim+1@example.com",
    ]
    assert len({fold_address(address) for address in others}) == len(others)


@settings(max_examples=60)
@given(st.text(max_size=30) | st.from_regex(r"[a-z]@xn--[a-z0-9-]{1,20}\.(de|한국)", fullmatch=True))
def test_any_text_can_be_folded_and_what_is_folded_stays(text: str) -> None:
    folded = fold_address(f"a{text}b")  # of a sign that begins with a space, the space would be stripped
    assert fold_address(folded) == folded
    fold_address(text)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4))
def test_a_kept_address_is_found_by_what_was_typed(letters: str) -> None:
    """What is kept is folded by PostgreSQL, which knows nothing of xn--; what is typed, by Python."""
    typed = f"kim@a{letters}b.com"
    try:
        kept = ADDRESS.validate_python(typed)
    except ValidationError:
        return
    assert fold_address(typed) == fold_address(kept) == _fold(kept)


def is_taken(address: str) -> bool:
    """Whether somebody may register with it."""
    try:
        ADDRESS.validate_python(address)
    except ValidationError:
        return False
    return True


def refused(*values: str) -> bool:
    """Whether every one of `values` is refused."""
    for value in values:
        with pytest.raises(ValidationError):
            ADDRESS.validate_python(value)
    return True
