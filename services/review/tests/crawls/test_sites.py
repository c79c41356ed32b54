"""Reading the four sites' pages."""

from __future__ import annotations

from datetime import UTC, datetime
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.partners import Offer, render
from review_service.crawls.sites import SITES, PageContext

SHOWN = PageContext("https://partner.example/list/", datetime(2026, 11, 30, tzinfo=UTC))
OFFERS = [
    Offer("a-1", "떡볶이 <매운맛> & 순대", "food", "쿠폰 2매", "2027-01-31", "메모"),
    Offer("a-2", "둘째", "food", "쿠폰", "2027-02-01"),
    Offer("a-3", "셋째", "food", "쿠폰", "2027-02-01"),
]


@pytest.mark.parametrize("site", SITES)
def test_every_sites_pages_are_read(site: str) -> None:
    parsed = SITES[site].adapter.parse(render(site, OFFERS), SHOWN)
    assert (len(parsed.listings), parsed.skipped) == (2, 0)
    first = parsed.listings[0]
    assert (first.title, first.category, first.reward, first.description) == (
        "떡볶이 <매운맛> & 순대",
        "food",
        "쿠폰 2매",
        "메모",
    )
    assert first.url == "https://partner.example/list/items/a-1"
    assert first.external_id in {"a-1", first.url}
    assert first.deadline is not None
    assert datetime(2027, 1, 31, 14, tzinfo=UTC) < first.deadline <= datetime(2027, 1, 31, 15, tzinfo=UTC)
    assert parsed.next_url == "https://partner.example/list/?page=2"


@pytest.mark.parametrize("site", SITES)
def test_a_page_full_of_combining_marks_is_read_in_no_time(site: str) -> None:
    marks = "\u0301" * 50_000 + "\u0323" * 50_000
    page = render(
        site, [Offer("a-1", f"떡볶이{marks}", "food", f"쿠폰{marks}", "2027-01-31", f"메모{marks}")]
    )
    started = thread_time()
    (listing,) = SITES[site].adapter.parse(page, SHOWN).listings
    assert thread_time() - started < 0.5
    assert listing.title.startswith("떡볶이")


@pytest.mark.parametrize("site", SITES)
@given(html=st.text())
def test_no_page_breaks_an_adapter(site: str, html: str) -> None:
    SITES[site].adapter.parse(html, SHOWN)


@pytest.mark.parametrize(
    "data", ["null", "[]", "{", '{"itemListElement": 5}', '{"itemListElement": [1, {}]}', "[" * 9999]
)
def test_strange_json_is_no_listing(data: str) -> None:
    page = f'<script type="application/ld+json">{data}</script>'
    assert SITES["soomgo"].adapter.parse(page, SHOWN).listings == ()
