"""Which language a header asks for."""

from __future__ import annotations

import pytest

from shared.web.language import language_of


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "ko"),
        ("", "ko"),
        ("*", "ko"),
        ("fr", "ko"),
        ("fr, de;q=0.9", "ko"),
        ("ko", "ko"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("en-US,en;q=0.9,ko;q=0.8", "en"),
        ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        ("fr, en;q=0.5", "en"),
        ("fr, en;q=0.5, *;q=0.6", "ko"),
        ("en;q=0", "ko"),
        ("en-GB;q=0.1, ko;q=0.5, en;q=0.9", "en"),
        ("en;q=0.9, ko;q=0.5, en-GB;q=0.1", "en"),
        ("ko;q=0, *", "en"),
        ("en;q=0.5, ko;q=0.5", "ko"),
        ("en; Q=0.9 , ko ; q = 0.1", "en"),
        ("en;q=nan, ko;q=0.1", "ko"),
        ("en;q=-1", "ko"),
        ("en;q=², ko;q=0.1", "ko"),
        (",,;;q=,=", "ko"),
        ("en;q=" + "9" * 5000, "en"),
        ("x," * 600 + "en", "ko"),
    ],
)
def test_the_language_is_the_one_of_highest_quality_and_korean_in_doubt(
    header: str | None, language: str
) -> None:
    assert language_of(header) == language
