"""What may be a password."""

from __future__ import annotations

import unicodedata

import pytest

from platform_service.auth.rules import password_problem, prepared


@pytest.mark.parametrize(
    "password", ["correct horse", "p" * 128, "나의비밀번호입니다", "  spaces count ", "ÄÖÜäöüßß"]
)
def test_any_characters_will_do_if_there_are_enough(password: str) -> None:
    assert password_problem(password, email="kim@example.com", name="Kim") is None


@pytest.mark.parametrize(
    "password", ["short", "p" * 129, "password", "PASSWORD1", " 12345678 ", "ｐａｓｓｗｏｒｄ"]
)
def test_too_short_too_long_and_too_common_is_refused(password: str) -> None:
    assert password_problem(password, email="kim@example.com", name="Kim")


@pytest.mark.parametrize("password", ["kim.chulsoo", "Kim.Chulsoo@example.com", "KIM CHULSOO"])
def test_the_address_and_the_name_are_refused(password: str) -> None:
    assert password_problem(password, email="kim.chulsoo@example.com", name="Kim Chulsoo")


def test_length_counts_what_is_hashed() -> None:
    decomposed = unicodedata.normalize("NFD", "나의비밀번호")
    assert len(decomposed) > 8
    assert password_problem(decomposed, email="kim@example.com", name="Kim")


def test_a_new_password_has_no_control_character() -> None:
    assert password_problem("correct\thorse", email="kim@example.com", name="Kim")


@pytest.mark.parametrize(
    ("typed", "hashed"),
    [
        ("Correct Horse ", "Correct Horse "),
        (unicodedata.normalize("NFD", "비밀번호 Café"), "비밀번호 Café"),
        ("correct\u00a0horse\u3000battery", "correct horse battery"),
        ("\u03c0\u00df\u00e5", "\u03c0\u00df\u00e5"),  # of RFC 8265's examples
        ("Jack of \u2666s", "Jack of \u2666s"),
        ("foo\u1680bar", "foo bar"),
        ("❤️ forever", "❤️ forever"),
    ],
)
def test_a_password_is_prepared_as_rfc_8265_says(typed: str, hashed: str) -> None:
    assert prepared(typed) == prepared(prepared(typed)) == hashed
