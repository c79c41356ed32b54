"""The partner sites, and how each one's pages are read. Where they are, the setting PARTNER_SITES says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from review_service.crawls.adapters import Adapter, CssAdapter, JsonLdAdapter


@dataclass(frozen=True, slots=True)
class Site:
    """A partner: its name for people, and the adapter of its pages."""

    name: str
    adapter: Adapter


SITES: Final[dict[str, Site]] = {
    "coupang_eats": Site(
        "Coupang Eats",
        CssAdapter(
            "article.campaign",
            {
                "external_id": "@data-id",
                "title": ".title",
                "url": "a.campaign-link@href",
                "deadline": "time@datetime",
                "category": ".category",
                "reward": ".reward",
                "description": ".summary",
                "image_url": "img@src",
            },
        ),
    ),
    "danggeun": Site(
        "Danggeun",
        CssAdapter(
            "tr.review-job",
            {
                "external_id": "@data-job-id",
                "title": "td.subject a",
                "url": "td.subject a@href",
                "deadline": "td.until",
                "category": "td.kind",
                "reward": "td.pay",
                "description": "td.note",
                "image_url": "img@src",
            },
        ),
    ),
    "soomgo": Site("Soomgo", JsonLdAdapter()),
    "today_deal": Site(
        "Today Deal",
        CssAdapter(
            "li.deal",
            {
                "title": "strong",
                "url": "a@href",
                "deadline": "@data-until",
                "category": "@data-category",
                "reward": "em",
                "description": "p",
                "image_url": "img@data-src",
            },
        ),
    ),
}
