"""What may be a password."""

import pytest

from platform_service.auth.rules import email_key, password_problem


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


def test_addresses_are_compared_whatever_their_case() -> None:
    assert email_key(" Kim@Example.COM ") == email_key("kim@example.com")
