"""Reading a partner site's pages: what differs from site to site. No network, no database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser, LexborNode

from review_service.search.terms import composed

SEOUL: Final = ZoneInfo("Asia/Seoul")
LIMITS: Final = {"title": 300, "category": 100, "reward": 200, "description": 2000}
MAX_URL: Final = 500
_DATE: Final = re.compile(r"(\d{4})\s*[-./년]\s*(\d{1,2})\s*[-./월]\s*(\d{1,2})")
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


class Adapter(Protocol):
    """Reads the pages of one site."""

    def parse(self, html: str, url: str) -> Parsed:
        """The listings of the page at `url`."""


Values = dict[str, str]


@dataclass(frozen=True, slots=True)
class CssAdapter:
    """Pages whose listings are elements that `item` selects. `fields` says where in each a field is: a selector,
    and after `@` the attribute, where it is not the text (`a@href`; `@data-id` is the element's own)."""

    item: str
    fields: Mapping[str, str]

    def parse(self, html: str, url: str) -> Parsed:
        """The listings of the page at `url`."""
        tree = LexborHTMLParser(html)
        entries = [
            {name: _value(node, where) for name, where in self.fields.items()} for node in tree.css(self.item)
        ]
        return _parsed(entries, url, tree)


@dataclass(frozen=True, slots=True)
class JsonLdAdapter:
    """Pages that describe their listings as schema.org Offers in JSON-LD."""

    def parse(self, html: str, url: str) -> Parsed:
        """The listings of the page at `url`."""
        tree = LexborHTMLParser(html)
        entries = [
            entry
            for script in tree.css('script[type="application/ld+json"]')
            for entry in _offers(_loaded(script.text()))
        ]
        return _parsed(entries, url, tree)


def _parsed(entries: list[Values], url: str, tree: LexborHTMLParser) -> Parsed:
    listings = [listing for entry in entries if (listing := _listing(entry, url))]
    link = tree.css_first('a[rel="next"]')
    following = _address(link.attributes.get("href") or "", url) if link else ""
    return Parsed(tuple(listings), len(entries) - len(listings), following or None)


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


def _listing(entry: Values, page_url: str) -> FoundListing | None:
    """None where it has no title or no address that a browser could open."""
    texts = {name: _text(entry.get(name, ""), limit) for name, limit in LIMITS.items()}
    url = _address(entry.get("url", ""), page_url)
    if not texts["title"] or not url:
        return None
    return FoundListing(
        external_id=_text(entry.get("external_id", ""), MAX_URL) or url,
        url=url,
        deadline=parse_deadline(entry.get("deadline", "")),
        image_url=_address(entry.get("image_url", ""), page_url),
        **texts,
    )


def _text(value: str, limit: int) -> str:
    start = value.strip()[: 10 * limit]  # an element may hold the whole page
    clean = _SPACE.sub(" ", composed(start)).strip()
    return clean.encode("utf-8", "ignore").decode()[:limit].strip()


def _address(value: str, page_url: str) -> str:
    """An absolute http address; empty where there is none."""
    try:
        address = urljoin(page_url, value.strip()) if value.strip() else ""
        parts = urlsplit(address)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return ""
    return address if good and len(address) <= MAX_URL and not _SPACE.search(address) else ""


def parse_deadline(text: str) -> datetime | None:
    """A moment in ISO 8601; or a day, as Korean sites write it (2026.12.24, 2026년 12월 24일), whose end in Seoul is
    meant. None for anything else."""
    text = text.strip()
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=SEOUL)).astimezone(UTC)
        match = _DATE.search(text)
        if match is None:
            return None
        year, month, day = map(int, match.groups())
        return (datetime(year, month, day, tzinfo=SEOUL) + timedelta(days=1)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
