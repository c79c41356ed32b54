"""The partner sites, and how each one's pages are read. Where they are, the setting PARTNER_SITES says.

No network, no database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

from selectolax.lexbor import LexborHTMLParser, LexborNode

from review_service.crawls.deadlines import parse_deadline
from review_service.crawls.pages import MAX_URL, absolute_url, base_of, next_page
from review_service.search_index.terms import composed

LIMITS: Final = {"title": 300, "category": 100, "reward": 200, "description": 2000}
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class FoundListing:
    """A listing as a page shows it."""

    external_id: str
    title: str
    url: str
    deadline: datetime | None
    category: str
    reward: str
    description: str
    image_url: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a page has; `skipped` entries lacked a title or an address. `next_url` is None on the last page."""

    listings: tuple[FoundListing, ...]
    skipped: int
    next_url: str | None


@dataclass(frozen=True, slots=True)
class PageContext:
    """Where a page was read, when, and in which encoding: what its links and its deadlines are relative to."""

    url: str
    at: datetime
    encoding: str = "utf-8"


class Adapter(Protocol):
    """Reads the pages of one site."""

    def parse(self, html: str, shown: PageContext) -> Parsed:
        """The listings of the page."""


Values = dict[str, str]


@dataclass(frozen=True, slots=True)
class CssAdapter:
    """Pages whose listings are elements that `item` selects. `fields` says where in each a field is: a selector,
    and after `@` the attribute, where it is not the text (`a@href`; `@data-id` is the element's own)."""

    item: str
    fields: Mapping[str, str]

    def parse(self, html: str, shown: PageContext) -> Parsed:
        """The listings of the page."""
        tree = LexborHTMLParser(html)
        entries = [
            {name: _value(node, where) for name, where in self.fields.items()} for node in tree.css(self.item)
        ]
        return _parsed(entries, shown, tree)


@dataclass(frozen=True, slots=True)
class JsonLdAdapter:
    """Pages that describe their listings as schema.org Offers in JSON-LD."""

    def parse(self, html: str, shown: PageContext) -> Parsed:
        """The listings of the page."""
        tree = LexborHTMLParser(html)
        entries = [
            entry
            for script in tree.css('script[type^="application/ld+json" i]')
            for entry in _offers(_loaded(script.text()))
        ]
        return _parsed(entries, shown, tree)


def _parsed(entries: list[Values], shown: PageContext, tree: LexborHTMLParser) -> Parsed:
    linked = replace(shown, url=base_of(tree, shown.url))
    listings = [listing for entry in entries if (listing := _listing(entry, linked))]
    following = next_page(tree, shown.url, shown.encoding)
    return Parsed(tuple(listings), len(entries) - len(listings), following)


def _value(node: LexborNode, where: str) -> str:
    selector, _, attribute = where.partition("@")
    found = node.css_first(selector) if selector else node
    if found is None:
        return ""
    return (found.attributes.get(attribute) or "") if attribute else found.text(separator=" ")


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _offers(value: Any) -> Iterator[Values]:
    items = value.get("itemListElement") if isinstance(value, dict) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            yield {
                name: str(item[key])
                for name, key in (
                    ("external_id", "identifier"), ("title", "name"), ("url", "url"), ("deadline", "validThrough"),
                    ("category", "category"), ("reward", "price"), ("description", "description"),
                    ("image_url", "image"),
                )
                if isinstance(item.get(key), str | int | float)
            }  # fmt: skip


def _listing(entry: Values, shown: PageContext) -> FoundListing | None:
    """None where it has no title or no address that a browser could open."""
    texts = {name: _text(entry.get(name, ""), limit) for name, limit in LIMITS.items()}
    url = absolute_url(entry.get("url", ""), shown.url, shown.encoding)
    if not texts["title"] or not url:
        return None
    return FoundListing(
        external_id=_text(entry.get("external_id", ""), MAX_URL) or url,
        url=url,
        deadline=parse_deadline(entry.get("deadline", ""), now=shown.at),
        image_url=absolute_url(entry.get("image_url", ""), shown.url, shown.encoding),
        **texts,
    )


def _text(value: str, limit: int) -> str:
    start = value.strip()[: 10 * limit]  # an element may hold the whole page
    clean = _SPACE.sub(" ", composed(start)).strip()
    return clean.encode("utf-8", "ignore").decode()[:limit].strip()


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
