from __future__ import annotations

from shared.web.paging import PageQuery, page_of


def test_the_envelope_counts_pages_up() -> None:
    page = page_of("chefs", [1, 2], total=25, page=3, per_page=12, note="x")
    assert page == {"chefs": [1, 2], "total": 25, "pages": 3, "current_page": 3, "note": "x"}


def test_an_empty_list_has_no_pages() -> None:
    assert page_of("chefs", [], total=0, page=1, per_page=12)["pages"] == 0


def test_the_first_page_skips_nothing() -> None:
    assert (PageQuery(1, 12).offset, PageQuery(3, 12).offset) == (0, 24)
