from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from shared.schemas.keyset import InvalidCursor, decode_cursor, encode_cursor, next_links, split_page


def test_a_cursor_gives_back_what_was_put_in() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    cursor = encode_cursor(moment, 42, "김")
    assert decode_cursor(cursor, datetime, int, str) == (moment, 42, "김")
    assert cursor.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "values",
    [
        b"not json",
        b"{}",
        b"[1]",
        b'[1, "x", 3]',
        b'["x", "y"]',
        b"[true, 1]",
        b"[9223372036854775808, 1]",
        b"[1.5, 1]",
        b"[null, 1]",
        b"[-1, 1]",
        b"[1,  2]",
    ],
)
def test_what_this_list_did_not_give_out_names_the_cursor(values: bytes) -> None:
    with pytest.raises(InvalidCursor) as caught:
        decode_cursor(base64.urlsafe_b64encode(values).rstrip(b"=").decode(), int, int)
    assert (caught.value.status, caught.value.errors[0].field) == (422, "cursor")


@pytest.mark.parametrize("cursor", ["", "!", "a", "é", "x" * 600, "====", "\x00"])
def test_text_that_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(cursor, int)


@pytest.mark.parametrize("moment", ["yesterday", "2026-01-02T03:04:05", "2026-13-01T00:00:00Z"])
def test_a_moment_must_be_one_and_have_a_zone(moment: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encode_cursor(moment), datetime)


def test_text_in_a_cursor_holds_no_nul() -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encode_cursor("a\x00"), str)


def test_the_next_page_is_named_only_where_there_is_one() -> None:
    assert next_links("/api/x", None, limit=5) == {}
    assert next_links("/api/x", "abc", limit=5)["Link"] == '</api/x?limit=5&cursor=abc>; rel="next"'
    filtered = next_links("/api/x", "abc", limit=5, filters=[("site", "a&b c")])["Link"]
    assert filtered == '</api/x?site=a%26b+c&limit=5&cursor=abc>; rel="next"'
    assert split_page([1, 2, 3], 2) == ([1, 2], 2)
    assert split_page([1, 2], 2) == ([1, 2], None)
